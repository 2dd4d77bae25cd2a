// SPDX-License-Identifier: GPL-2.0-only
#include "app/commands.h"
#include "app/config.h"
#include "app/engine.h"
#include "app/options.h"
#include "base/log.h"

static int run(struct seep_config *config)
{
	struct seep_engine *engine;
	int status = SEEP_EXIT_FAILED;

	if (config->scope.type == SEEP_SCOPE_CGROUP &&
	    seep_scope_find_cgroup(&config->scope, config->scope.value))
		return status;
	if (seep_engine_new(config, &engine))
		return status;
	if (!seep_engine_attach(engine) && !seep_engine_run(engine))
		status = seep_engine_exit_status(engine);
	seep_engine_free(engine);
	return status;
}

int seep_command_trace(int argc, char **argv)
{
	struct seep_config config;
	int status = SEEP_EXIT_USAGE;

	if (seep_config_init(&config)) {
		seep_error("out of memory");
		return SEEP_EXIT_FAILED;
	}
	switch (seep_options_parse(&seep_options_trace, argc, argv, &config)) {
	case SEEP_PARSE_HELP:
		seep_options_help(&seep_options_trace, stdout);
		status = SEEP_EXIT_OK;
		break;
	case SEEP_PARSE_USAGE:
		seep_info("see: seep trace --help");
		break;
	case SEEP_PARSE_RUN:
		if (config.quiet)
			seep_log_set_level(SEEP_LOG_WARN);
		if (config.verbose)
			seep_log_set_level(SEEP_LOG_DEBUG);
		status = run(&config);
		break;
	}
	seep_config_done(&config);
	return status;
}
