// SPDX-License-Identifier: GPL-2.0-only
/* A plugin with a state of 10 KB, for plugins.c. */
#include <stdlib.h>
#include <string.h>

void plugin_start(void);
void plugin_stop(void);

static char *state;

void plugin_start(void)
{
	state = malloc(10000);
	memset(state, 1, 10000);
}

void plugin_stop(void)
{
	free(state);
}
