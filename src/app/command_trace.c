// SPDX-License-Identifier: GPL-2.0-only
/*
 * seep trace and seep detect: the same engine, which detect ends when a leak is certain. Their
 * checks of options together are here too.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "app/commands.h"
#include "app/engine.h"
#include "base/log.h"

/* Of the CPU time of a process that somebody else has started and relies on. */
#define DEFAULT_MAX_OVERHEAD 0.03

/* @stray is the first word behind the options, or NULL. */
static int check_scope(const struct seep_config *config, const char *stray)
{
	bool is_open = seep_scope_is_open(&config->scope);

	if (stray && (config->named.num_pids || is_open)) {
		seep_error("unexpected word \"%s\"; a scope is one of -p, -g, -c, -a or -- COMMAND",
			   stray);
		return -EINVAL;
	}
	if (config->named.num_pids && is_open) {
		seep_error("a scope is one of -p, -g, -c, -a or -- COMMAND");
		return -EINVAL;
	}
	if (!config->named.num_pids && !config->named.command && !is_open) {
		seep_error("nothing to trace: give -p PID, -g CGROUP, -c NAME, -a, or a command "
			   "behind --");
		return -EINVAL;
	}
	/* Named processes are there already, and a command is traced from its start anyway. */
	if (config->probing.from_start && !is_open) {
		seep_error("--from-start is for scopes that processes come to: -g, -c or -a");
		return -EINVAL;
	}
	return 0;
}

/* Options that are valid one by one, but trace nothing together. */
static int check_filter(const struct seep_config *config)
{
	if (seep_allocators_num_user(config->allocators) &&
	    !(config->filter.kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY))) {
		seep_error("--alloc and --free are for the kind memory, which is not traced");
		return -EINVAL;
	}
	if (config->filter.sample_bytes &&
	    !(config->filter.kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY))) {
		seep_error("--sample is for the kind memory, which is not traced");
		return -EINVAL;
	}
	if (config->filter.min_size_bytes > config->filter.max_size_bytes) {
		seep_error("--min-size is larger than --max-size: nothing would be tracked");
		return -EINVAL;
	}
	return 0;
}

/*
 * A budget is kept by taking the probes out of a process for a while, which those of --from-start
 * are not for: they are in all processes.
 */
static int choose_overhead(struct seep_config *config)
{
	double *max = &config->limits.max_overhead;
	bool whole = config->named.command || config->probing.from_start;

	if (!config->max_overhead_given)
		*max = whole ? INFINITY : DEFAULT_MAX_OVERHEAD;
	if (!config->probing.from_start || isinf(*max))
		return 0;
	seep_error(
		"--from-start puts probes into all processes, so they cannot be taken out of one "
		"that costs too much: leave --max-overhead out, or give none");
	return -EINVAL;
}

/* Two formats in one stream could not be told apart. */
static int check_outputs(const struct seep_output_settings *settings)
{
	int on_stdout = 0;

	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++) {
		if (settings->paths[i] && strcmp(settings->paths[i], "-") == 0)
			on_stdout++;
	}
	if (on_stdout > 1) {
		seep_error("only one output can go to standard output");
		return -EINVAL;
	}
	return 0;
}

/* The checks of seep trace and seep detect: scope, budget, filter, outputs, in this order. */
static int finish_trace(struct seep_config *config, char **stray)
{
	int error;

	/* Words behind the options are a command, unless another scope makes them a mistake. */
	if (*stray && !config->named.num_pids && !seep_scope_is_open(&config->scope)) {
		config->named.command = stray;
		/* A command is often a shell script, whose children do the work. */
		config->scope.children = true;
	}
	error = check_scope(config, *stray);
	if (!error)
		error = choose_overhead(config);
	if (!error)
		error = check_filter(config);
	if (!error)
		error = check_outputs(&config->output);
	if (error)
		return error;
	seep_allocators_select(config->allocators, config->filter.kinds);
	return seep_config_describe_scope(config);
}

static int finish_detect(struct seep_config *config, char **stray)
{
	config->verdict.detect = true;
	return finish_trace(config, stray);
}

/*
 * The steps of the engine (engine.h); the exit status is that of the trace if all of them succeed.
 */
static int run(const struct seep_config *config)
{
	struct seep_engine *engine;
	int status = SEEP_EXIT_FAILED;

	if (seep_engine_new(config, &engine))
		return status;
	/* A failure of a step has been told by the step. */
	if (!seep_engine_attach(engine) && !seep_engine_run(engine))
		status = seep_engine_exit_status(engine);
	seep_engine_free(engine);
	return status;
}

const struct seep_command seep_command_trace = {
	.id = SEEP_COMMAND_TRACE,
	.name = "trace",
	.summary = "trace, report every interval, end with a final report",
	.usage =
		"Usage: seep trace -p PID[,PID...] | -g CGROUP | -c NAME | -a [options]\n"
		"  or:  seep trace [options] -- COMMAND [ARG...]\n\n"
		"Shows which code paths of running processes hold memory, mappings, threads and\n"
		"descriptors that were made and not released. They need no restart, and run on afterwards.\n",
	.examples =
		"\nSIZE takes K, M, G, and N too (thousands); TIME takes ms, s, m, h. FILE may be -; with %t\n"
		"in its name every report gets its own. SIGUSR1 asks for a report now.\n"
		"\nExamples:\n"
		"  seep trace -p 1234                            every 10 s, until Ctrl-C\n"
		"  seep trace -p 1234 -d 1m --min-age 30s        what lives longer than 30 s\n"
		"  seep trace -p 1234 -d 1m --flamegraph a.svg   and a flame graph of it\n"
		"  seep trace -g /system.slice/shop.service      a service with all its processes\n"
		"  seep trace --json out.json -- ./server --port 8080\n"
		"  seep trace -p 1234 --alloc pool_get:size=arg2,ret=ptr --free pool_put:ptr=arg2\n",
	.finish = finish_trace,
	.run = run,
};

const struct seep_command seep_command_detect = {
	.id = SEEP_COMMAND_DETECT,
	.name = "detect",
	.summary = "trace until it is clear what leaks; exit status 3 if something does",
	.usage =
		"Usage: seep detect -p PID[,PID...] | -g CGROUP | -c NAME | -a [options]\n"
		"  or:  seep detect [options] -- COMMAND [ARG...]\n\n"
		"Traces until it is clear that something leaks, or the time is over; says what, how fast,\n"
		"why it thinks so and what to do. Exit status 3: there is a leak; 0: there is none, or only\n"
		"growth; 4: undecided, because there was too little to judge by.\n",
	.examples =
		"\nHow bad it is:\n"
		"  critical   a limit is met within an hour\n"
		"  high       within a day, or it grows by 1 MiB a second, or one descriptor or thread\n"
		"  medium     within a week, or it grows by 10 KiB a second, or one of them a minute\n"
		"  low        everything else\n"
		"\nExamples:\n"
		"  seep detect -p 1234\n"
		"  seep detect -g /system.slice/shop.service -d 30m --fail-on growth\n"
		"  seep detect -d 1m --suppressions known.txt --junit leaks.xml -- ./server\n"
		"  seep detect -d 5m --baseline release.seep -p 1234\n",
	.finish = finish_detect,
	.run = run,
};
