// SPDX-License-Identifier: GPL-2.0-only
#include "app/commands.h"
#include "app/engine.h"
#include "app/options.h"

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
	return seep_options_run(&seep_options_trace, argc, argv, run);
}

static int run_detect(struct seep_config *config)
{
	config->detect = true;
	return run(config);
}

int seep_command_detect(int argc, char **argv)
{
	return seep_options_run(&seep_options_detect, argc, argv, run_detect);
}
