// SPDX-License-Identifier: GPL-2.0-only
/* seep watch: its check of options together; what it does is in watching.c. */
#include <errno.h>

#include "app/commands.h"
#include "app/watching.h"
#include "base/log.h"

/* Without a scope it is the whole machine. */
static int finish_watch(struct seep_config *config, char **stray)
{
	bool is_open = seep_scope_is_open(&config->scope);

	if (*stray) {
		seep_error("unexpected word \"%s\"; a scope is one of -p, -g, -c or -a", *stray);
		return -EINVAL;
	}
	if (config->named.num_pids && is_open) {
		seep_error("a scope is one of -p, -g, -c or -a");
		return -EINVAL;
	}
	if (!config->named.num_pids && !is_open)
		config->scope.type = SEEP_SCOPE_ALL;
	return seep_config_describe_scope(config);
}

static int run(const struct seep_config *config)
{
	struct seep_watching *watching;
	int status = SEEP_EXIT_FAILED;

	if (seep_watching_new(config, &watching))
		return status;
	if (!seep_watching_run(watching))
		status = seep_watching_exit_status(watching);
	seep_watching_free(watching);
	return status;
}

const struct seep_command seep_command_watch = {
	.id = SEEP_COMMAND_WATCH,
	.name = "watch",
	.summary = "watch processes without probes, and trace those that grow",
	.usage =
		"Usage: seep watch [-p PID[,PID...] | -g CGROUP | -c NAME | -a] [options]\n\n"
		"Watches memory, descriptors and threads of processes by what /proc tells, and says\n"
		"which of them grow, how fast, and until when. Of the worst of these it names the code\n"
		"that touches new memory, by samples of page faults, and then traces them for a\n"
		"while, to find the code that leaks; no other process ever gets a probe.\n",
	.examples =
		"\nExit status 3: what --fail-on asks for was found; 4: too short to say; else 0.\n"
		"SIGUSR1 asks for a look now.\n"
		"\nExamples:\n"
		"  seep watch                                    the whole machine, until Ctrl-C\n"
		"  seep watch -g /system.slice --escalations 1   services, one trace at a time\n"
		"  seep watch --escalations 0 -d 1h --json w.json\n"
		"  seep watch -d 10m --fail-on leak -q           in a test of a whole system\n",
	.finish = finish_watch,
	.run = run,
};
