// SPDX-License-Identifier: GPL-2.0-only
/* What the commands that trace take. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/options_values.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/units.h"
#include "verdict/verdict.h"

#define DETECT_DURATION_NS (5 * 60 * SEEP_NS_PER_S)

/* --- the tables -------------------------------------------------------------------------------- */

/*
 * What the commands that trace have in common: lists of rows, which the formatter takes for blocks.
 */
/* clang-format off */
#define SCOPE_ROWS                                                                                 \
	{'p', "pid", "PID[,PID...]", "trace these processes; may be repeated", "Scope", seep_set_pid},  \
	{'g', "cgroup", "PATH", "all of a cgroup (v2), those below it and those to come", NULL,    \
	 seep_set_cgroup},                                                                              \
	{'c', "comm", "NAME", "all with this command name, those to come too", NULL, seep_set_comm},    \
	{'a', "all", NULL, "all processes of the machine", NULL, seep_set_all},                         \
	{0, "children", NULL, "children too (default for commands and cgroups)", NULL,             \
	 seep_set_children},                                                                            \
	{0, "from-start", NULL,                                                                    \
	 "with -g, -c or -a: probes in every process from its start on;\n"                        \
	 "that ends programs which translate code (valgrind, qemu-user)",                         \
	 NULL, seep_set_from_start}

#define FUNCTION_ROWS                                                                              \
	{0, "alloc", "FUNCTION", "an allocating function of your own, as in the man page", NULL,   \
	 seep_add_alloc},                                                                               \
	{0, "free", "FUNCTION", "a releasing one; both may be repeated", NULL, seep_add_free}

#define LIMIT_ROWS                                                                                 \
	{0, "max-objects", "N", "objects tracked at once (default 1048576)", NULL,                 \
	 seep_set_max_objects},                                                                         \
	{0, "stack-depth", "N", "frames per stack (default and most: 256)", NULL,                  \
	 seep_set_stack_depth},                                                                         \
	{0, "unwind-mem", "SIZE", "kernel memory for unwind tables (default 64M)", NULL,           \
	 seep_set_unwind_mem}

#define OUTPUT_ROWS                                                                                \
	{'o', "output", "FILE", "a capture, for seep report (SQLite)", "Output", seep_set_capture},     \
	{0, "keep", "TIME", "of the capture: only the last hours, days", NULL, seep_set_keep},          \
	{0, "max-file", "SIZE", "of the capture: not larger than this", NULL, seep_set_max_file},       \
	{0, "json", "FILE", "one JSON object per line and report", NULL, seep_set_json}

#define FORMAT_ROWS                                                                                \
	{0, "folded", "FILE", "folded stacks, for flamegraph.pl or speedscope", NULL, seep_set_folded}, \
	{0, "pprof", "FILE", "gzipped profile.proto, for go tool pprof", NULL, seep_set_pprof},         \
	{0, "flamegraph", "FILE", "flame graph, an SVG for a browser", NULL, seep_set_flamegraph},      \
	{0, "html", "FILE", "all of it as one page for a browser", NULL, seep_set_html},                \
	{0, "metric", "NAME",                                                                      \
	 "what folded stacks and flame graph show: live-bytes\n"                                   \
	 "(default), live-objects, alloc-bytes, alloc-objects",                                    \
	 NULL, seep_set_metric}
/* clang-format on */

static const struct option_row trace_rows[] = {
	SCOPE_ROWS,
	{'k', "kinds", "KIND[,KIND...]", "memory (default), mapping, thread, fd", "What",
	 seep_set_kinds},
	FUNCTION_ROWS,
	{0, "min-size", "SIZE", "track only allocations of at least this size", NULL,
	 seep_set_min_size},
	{0, "max-size", "SIZE", "track only allocations of at most this size", NULL,
	 seep_set_max_size},
	{0, "min-age", "TIME", "report only objects older than this", NULL, seep_set_min_age},
	LIMIT_ROWS,
	{0, "verify-stacks", "N", "self-check: walk one in N stacks again, with libdw", NULL,
	 seep_set_verify_stacks},
	{'i', "interval", "TIME", "between reports (default 10s)", "When", seep_set_interval},
	{'d', "duration", "TIME", "end after this time (default: Ctrl-C or the targets' end)", NULL,
	 seep_set_duration},
	OUTPUT_ROWS,
	FORMAT_ROWS,
	{0, "fail-on", "CLASS", "exit 3 if there is one at the end: leak, growth", NULL,
	 seep_set_fail_on},
	{'n', "top", "N", "sites in the text report (default 10)", NULL, seep_set_top},
	{'q', "quiet", NULL, "no text report, no progress: only the files", NULL, seep_set_quiet},
	{'v', "verbose", NULL, "build IDs, offsets, every counter; debug messages", NULL,
	 seep_set_verbose},
	{0, "attach", "VARIANT", NULL, NULL, seep_set_attach},
	{0, "unplaced", NULL, NULL, NULL, seep_set_unplaced},
	{'h', "help", NULL, "this text", NULL, NULL},
};

static const struct option_row detect_rows[] = {
	SCOPE_ROWS,
	{'k', "kinds", "KIND[,KIND...]", "memory, mapping, thread, fd (default: all)", "What",
	 seep_set_kinds},
	FUNCTION_ROWS,
	LIMIT_ROWS,
	{'i', "interval", "TIME", "between two looks (default 1s)", "When", seep_set_interval},
	{'d', "duration", "TIME", "give up after this time (default 5m)", NULL, seep_set_duration},
	{0, "fail-on", "CLASS", "what to exit with 3 for: leak (default), growth", "Verdict",
	 seep_set_fail_on},
	{0, "suppressions", "FILE", "leaks to pass over: lines leak:PATTERN", NULL,
	 seep_set_suppressions},
	{0, "baseline", "CAPTURE", "only what is new or worse than in this capture counts", NULL,
	 seep_set_baseline},
	OUTPUT_ROWS,
	{0, "junit", "FILE", "the verdict as JUnit XML, for CI systems", NULL, seep_set_junit},
	FORMAT_ROWS,
	{'n', "top", "N", "sites that are listed (default 10)", NULL, seep_set_top},
	{'q', "quiet", NULL, "no text: only the files and the exit status", NULL, seep_set_quiet},
	{'v', "verbose", NULL, "all evidence; build IDs, every counter; debug messages", NULL,
	 seep_set_verbose},
	{0, "attach", "VARIANT", NULL, NULL, seep_set_attach},
	{'h', "help", NULL, "this text", NULL, NULL},
};

static const struct option_row doctor_rows[] = {
	{'p', "pid", "PID", "list the probes that a trace of this process needs", "What",
	 seep_set_probed_pid},
	{0, "unwind", "PID",
	 "trace this process for a while and tell, for each file that it\n"
	 "maps, its unwind table and how stacks ended in it",
	 NULL, seep_set_pid},
	{0, "alloc", "FUNCTION", "an allocating function of your own, as with seep trace", NULL,
	 seep_add_alloc},
	{0, "free", "FUNCTION", "a releasing one", NULL, seep_add_free},
	{'d', "duration", "TIME", "how long (default 5s)", "When", seep_set_duration},
	{'v', "verbose", NULL, "debug messages", NULL, seep_set_verbose},
	{'h', "help", NULL, "this text", NULL, NULL},
};

_Static_assert(NUM_ROWS(detect_rows) <= SEEP_MAX_OPTION_ROWS, "room in options.c");
_Static_assert(NUM_ROWS(trace_rows) <= SEEP_MAX_OPTION_ROWS, "room in options.c");

/* --- options together -------------------------------------------------------------------------- */

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
	return config->command ? "command" : "pid";
}

/* The scope as it stands in reports: the PIDs, the words of the command, a path or a name. */
static int describe_scope(struct seep_config *config)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	config->scope.key = key_of_scope(config);
	seep_buffer_puts(&text, config->scope.value ? config->scope.value : "");
	for (size_t i = 0; i < config->num_pids; i++)
		seep_buffer_printf(&text, "%s%d", i ? "," : "", config->pids[i]);
	for (char *const *word = config->command; word && *word; word++)
		seep_buffer_printf(&text, "%s%s", word == config->command ? "" : " ", *word);
	if (text.error)
		return text.error;
	config->scope_text = strdup(text.data ? text.data : "");
	config->scope.value = config->scope_text;
	return config->scope_text ? 0 : -ENOMEM;
}

static int check(const struct seep_config *config, const char *stray)
{
	int on_stdout = 0;

	bool is_open = seep_scope_is_open(&config->scope);

	if (stray && (config->num_pids || is_open)) {
		seep_error("unexpected word \"%s\"; a scope is one of -p, -g, -c, -a or -- COMMAND",
			   stray);
		return -EINVAL;
	}
	if (config->num_pids && is_open) {
		seep_error("a scope is one of -p, -g, -c, -a or -- COMMAND");
		return -EINVAL;
	}
	if (!config->num_pids && !config->command && !is_open) {
		seep_error("nothing to trace: give -p PID, -g CGROUP, -c NAME, -a, or a command "
			   "behind --");
		return -EINVAL;
	}
	if (config->probing.from_start && !is_open) {
		seep_error("--from-start is for scopes that processes come to: -g, -c or -a");
		return -EINVAL;
	}
	if (seep_allocators_num_user(config->allocators) &&
	    !(config->filter.kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY))) {
		seep_error("--alloc and --free are for the kind memory, which is not traced");
		return -EINVAL;
	}
	if (config->filter.min_size_bytes > config->filter.max_size_bytes) {
		seep_error("--min-size is larger than --max-size: nothing would be tracked");
		return -EINVAL;
	}
	for (int i = 0; i < SEEP_OUTPUT_COUNT; i++) {
		if (config->paths[i] && strcmp(config->paths[i], "-") == 0)
			on_stdout++;
	}
	if (on_stdout > 1) {
		seep_error("only one output can go to standard output");
		return -EINVAL;
	}
	return 0;
}

static int finish_trace(struct seep_config *config, char **stray)
{
	int error;

	if (*stray && !config->num_pids && !seep_scope_is_open(&config->scope)) {
		config->command = stray;
		config->scope.children = true;
	}
	error = check(config, *stray);
	seep_allocators_select(config->allocators, config->filter.kinds);
	return error ? error : describe_scope(config);
}

/* What detect has other defaults for. */
static int finish_detect(struct seep_config *config, char **stray)
{
	if (!config->kinds_given)
		config->filter.kinds = SEEP_ALL_KINDS;
	if (!config->interval_given)
		config->interval_ns = SEEP_NS_PER_S;
	if (!config->duration_ns)
		config->duration_ns = DETECT_DURATION_NS;
	if (config->fail_on == SEEP_CLASS_UNKNOWN)
		config->fail_on = SEEP_CLASS_LEAK;
	return finish_trace(config, stray);
}

static int finish_doctor(struct seep_config *config, char **stray)
{
	if (*stray) {
		seep_error("unexpected word \"%s\"", *stray);
		return -EINVAL;
	}
	seep_allocators_select(config->allocators, config->filter.kinds);
	return describe_scope(config);
}

const struct seep_options seep_options_trace = {
	.usage =
		"Usage: seep trace -p PID[,PID...] | -g CGROUP | -c NAME | -a [options]\n"
		"  or:  seep trace [options] -- COMMAND [ARG...]\n\n"
		"Shows which code paths of running processes hold memory, mappings, threads and\n"
		"descriptors that were made and not released. The processes need no restart, and keep\n"
		"running when the trace ends.\n",
	.rows = trace_rows,
	.num_rows = NUM_ROWS(trace_rows),
	.examples =
		"\nSIZE takes K, M, G; TIME takes ms, s, m, h. FILE may be - for standard output; with\n"
		"%t in its name every report gets its own. SIGUSR1 asks for a report now.\n"
		"\nExamples:\n"
		"  seep trace -p 1234                            every 10 s, until Ctrl-C\n"
		"  seep trace -p 1234 -d 1m --min-age 30s        what lives longer than 30 s\n"
		"  seep trace -p 1234 -d 1m --flamegraph a.svg   and a flame graph of it\n"
		"  seep trace -p 1234 -k fd,thread               descriptors and threads instead\n"
		"  seep trace -g /system.slice/shop.service      a service with all its processes\n"
		"  seep trace --json out.json -- ./server --port 8080\n"
		"  seep trace -p 1234 --alloc pool_get:size=arg2,ret=ptr --free pool_put:ptr=arg2\n",
	.finish = finish_trace,
};

const struct seep_options seep_options_detect = {
	.usage =
		"Usage: seep detect -p PID[,PID...] | -g CGROUP | -c NAME | -a [options]\n"
		"  or:  seep detect [options] -- COMMAND [ARG...]\n\n"
		"Traces until it is clear that something leaks, or the time is over; says what, how fast,\n"
		"why it thinks so and what to do. Exit status 3: there is a leak; 0: none was found.\n",
	.rows = detect_rows,
	.num_rows = NUM_ROWS(detect_rows),
	.examples = "\nExamples:\n"
		    "  seep detect -p 1234\n"
		    "  seep detect -g /system.slice/shop.service -d 30m --fail-on growth\n"
		    "  seep detect -d 1m --suppressions known.txt --junit leaks.xml -- ./server\n"
		    "  seep detect -d 5m --baseline release.seep -p 1234\n",
	.finish = finish_detect,
};

const struct seep_options seep_options_doctor = {
	.usage =
		"Usage: seep doctor [options]\n\n"
		"Tells what this kernel can do for seep and what a probe costs here; with -p, where the\n"
		"probes of a process go; with --unwind, how well its stacks can be walked.\n",
	.rows = doctor_rows,
	.num_rows = NUM_ROWS(doctor_rows),
	.examples = "\nExamples:\n"
		    "  seep doctor\n"
		    "  seep doctor -p 1234\n"
		    "  seep doctor --unwind 1234 -d 10s\n",
	.finish = finish_doctor,
};
