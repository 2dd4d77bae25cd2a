// SPDX-License-Identifier: GPL-2.0-only
#include "app/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* -1 is no descriptor: 0 would be closed as one. */
int seep_config_init(struct seep_config *config)
{
	*config = (struct seep_config){.scope.cgroup_fd = -1};
	return seep_allocators_new(&config->allocators);
}

/* The other texts are words of the command line, which nobody frees. */
void seep_config_done(struct seep_config *config)
{
	seep_allocators_free(config->allocators);
	free(config->named.pids);
	free(config->scope_text);
}

static const char *key_of_scope(const struct seep_config *config)
{
	switch (config->scope.type) {
	case SEEP_SCOPE_ALL:
		return "all";
	case SEEP_SCOPE_COMM:
		return "comm";
	case SEEP_SCOPE_CGROUP:
		return "cgroup";
	case SEEP_SCOPE_NAMED:
		break;
	}
	return config->named.command ? "command" : "pid";
}

int seep_config_describe_scope(struct seep_config *config)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	config->scope.key = key_of_scope(config);
	/* Only one of the three has anything: value, PIDs or command. */
	seep_buffer_puts(&text, config->scope.value ? config->scope.value : "");
	for (size_t i = 0; i < config->named.num_pids; i++)
		seep_buffer_printf(&text, "%s%d", i ? "," : "", config->named.pids[i]);
	for (char *const *word = config->named.command; word && *word; word++)
		seep_buffer_printf(&text, "%s%s", word == config->named.command ? "" : " ", *word);
	if (text.error)
		return text.error;
	config->scope_text = strdup(text.data ? text.data : "");
	/* Owned by the configuration from here on; before, it was a word of the command line. */
	config->scope.value = config->scope_text;
	return config->scope_text ? 0 : -ENOMEM;
}
