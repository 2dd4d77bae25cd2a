// SPDX-License-Identifier: GPL-2.0-only
/* Allocates for plugins.c; built twice, so that one library takes the place of the other. */
#include <stdlib.h>
#include <string.h>

void *plugin_make(size_t size);
void plugin_take(void *block);

__attribute__((noinline)) void *plugin_make(size_t size)
{
	void *block = malloc(size + PLUGIN);

	if (block)
		memset(block, PLUGIN, size);
	return block;
}

void plugin_take(void *block)
{
	free(block);
}
