// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rows of all options. Each command takes those that have its bit; what the columns mean is in
 * options_table.h, and how to add a row in docs/developers/settings.md.
 */
#include "app/options_table.h"

#include <float.h>
#include <limits.h>

#include "base/units.h"
#include "formats/formats.h"
#include "kernel/features.h"
#include "seep/sampling.h"

#define MAX_PID 4194304 /* PID_MAX_LIMIT on 64 bit */
#define MIB	(1ULL << 20)
#define GIB	(1ULL << 30)

/* The names that an option may take. */

static bool kind_at(size_t index, struct seep_choice *choice)
{
	if (index >= SEEP_KIND_COUNT)
		return false;
	*choice = (struct seep_choice){seep_kind_key(index), (unsigned int)index};
	return true;
}

static bool metric_at(size_t index, struct seep_choice *choice)
{
	if (index >= SEEP_METRIC_COUNT)
		return false;
	*choice = (struct seep_choice){seep_metric_key(index), (unsigned int)index};
	return true;
}

static bool variant_at(size_t index, struct seep_choice *choice)
{
	if (index >= SEEP_ATTACH_VARIANT_COUNT)
		return false;
	*choice = (struct seep_choice){seep_attach_variant_name(index), (unsigned int)index};
	return true;
}

/* From the worst class down, as far as they grow. */
static bool failing_at(size_t index, struct seep_choice *choice)
{
	enum seep_class class = SEEP_CLASS_COUNT - 1 - (enum seep_class)index;

	if (index >= SEEP_CLASS_COUNT || !seep_class_grows(class))
		return false;
	*choice = (struct seep_choice){seep_class_key(class), class};
	return true;
}

static bool report_format_at(size_t index, struct seep_choice *choice)
{
	const struct seep_report_format *format = seep_report_at(index);

	*choice = (struct seep_choice){format ? format->name : NULL, (unsigned int)index};
	return format;
}

static bool diff_format_at(size_t index, struct seep_choice *choice)
{
	const struct seep_diff_format *format = seep_diff_at(index);

	*choice = (struct seep_choice){format ? format->name : NULL, (unsigned int)index};
	return format;
}

/* Short names for the columns of the table. */
#define TRACE	   SEEP_COMMAND_BIT(TRACE)
#define DETECT	   SEEP_COMMAND_BIT(DETECT)
#define WATCH	   SEEP_COMMAND_BIT(WATCH)
#define REPORT	   SEEP_COMMAND_BIT(REPORT)
#define DIFF	   SEEP_COMMAND_BIT(DIFF)
#define DOCTOR	   SEEP_COMMAND_BIT(DOCTOR)
#define SIMULATE   SEEP_COMMAND_BIT(SIMULATE)
#define COMPLETION SEEP_COMMAND_BIT(COMPLETION)
/* Commands that run the engine. */
#define TRACING (TRACE | DETECT)
/* And those that trace some of what they look at. */
#define LOOKING (TRACING | WATCH)

/*
 * A field of struct seep_config, which must have the C type that the type of the option asks for.
 */
#define AT(c_type, member)                                                                         \
	.field = _Generic(((struct seep_config *)NULL)->member,                                    \
		c_type: offsetof(struct seep_config, member))
/* The columns of a row that depend on its type, each with the check of AT. */
#define FLAG(member)		      .type = SEEP_OPTION_FLAG, AT(bool, member)
#define COUNT(member)		      .type = SEEP_OPTION_COUNT, AT(uint64_t, member)
#define SIZE(member)		      .type = SEEP_OPTION_SIZE, AT(uint64_t, member)
#define DURATION(member)	      .type = SEEP_OPTION_DURATION, AT(uint64_t, member)
#define NUMBER(member)		      .type = SEEP_OPTION_NUMBER, AT(double, member)
#define SHARE(member)		      .type = SEEP_OPTION_SHARE, AT(double, member)
#define TEXT(member)		      .type = SEEP_OPTION_TEXT, AT(const char *, member)
#define OUTPUT(name)		      TEXT(output.paths[SEEP_OUTPUT_##name])
#define FILE_FORMAT(NAME, name, help) {#name, 0, TRACING, "Output", "FILE", help, OUTPUT(NAME)},
#define CHOICE(member, choices)                                                                    \
	.type = SEEP_OPTION_CHOICE, .choice_at = choices, AT(unsigned int, member)
#define KINDS .type = SEEP_OPTION_CHOICES, .choice_at = kind_at, AT(uint32_t, filter.kinds)
#define PIDS  .type = SEEP_OPTION_PIDS, AT(struct seep_named, named), .min = 1, .max = MAX_PID
#define SCOPE(scope_type)                                                                          \
	.type = SEEP_OPTION_SCOPE, .tag = SEEP_SCOPE_##scope_type, AT(struct seep_scope, scope)
#define FUNCTION(role)                                                                             \
	.type = SEEP_OPTION_FUNCTION, .tag = SEEP_ROLE_##role,                                     \
	AT(struct seep_allocators *, allocators)
#define PARAMETER(value_type, parameter)                                                           \
	.type = SEEP_OPTION_##value_type, .real = true,                                            \
	AT(double, simulate.simulation.parameters[SEEP_SIMULATE_##parameter])
#define GIVEN(member) .given = offsetof(struct seep_config, member)

/* A constant as text, for the column of defaults. */
#define NUMERAL_OF(number) #number
#define NUMERAL(number)	   NUMERAL_OF(number)

/* Name, letter, commands, group, unit, help; then type, field, limits and default. */
/* clang-format off */
const struct seep_option seep_option_table[] = {
	/* Scope */
	{"pid", 'p', TRACING, "Scope", "PID[,PID...]",
	 "trace these processes; may be repeated", PIDS},
	{"pid", 'p', WATCH, "Scope", "PID[,PID...]", "watch these processes; may be repeated", PIDS},
	{"cgroup", 'g', LOOKING, "Scope", "PATH",
	 "all of a cgroup (v2), those below it and those to come",
	 SCOPE(CGROUP), GIVEN(scope.children)}, /* they are born into it */
	{"comm", 'c', LOOKING, "Scope", "NAME", "all with this command name, those to come too",
	 SCOPE(COMM)},
	{"all", 'a', TRACING, "Scope", NULL, "all processes of the machine", SCOPE(ALL)},
	{"all", 'a', WATCH, "Scope", NULL, "all processes of the machine (default)", SCOPE(ALL)},
	{"children", 0, WATCH, "Scope", NULL, "with -p or -c: children too", FLAG(scope.children)},
	{"children", 0, TRACING, "Scope", NULL, "children too (default for commands and cgroups)",
	 FLAG(scope.children)},
	{"from-start", 0, TRACING, "Scope", NULL,
	 "with -g, -c or -a: probes in every process from its start on;\n"
	 "that ends programs which translate code (valgrind, qemu-user)",
	 FLAG(probing.from_start)},

	/* Moments: UINT64_MAX is SEEP_ARCHIVE_END here and below. */
	{"from", 0, DIFF, "Moments", "TIME", "of OLD, so long after it began",
	 DURATION(reading.from_ns), .unset = UINT64_MAX, .otherwise = "its end"},
	{"to", 0, DIFF, "Moments", "TIME",
	 "the same of NEW; of one CAPTURE: from its beginning to its end",
	 DURATION(reading.at_ns), .unset = UINT64_MAX},

	/* What: by default, trace follows memory alone; detect and diff look at all kinds. */
	{"kinds", 'k', TRACE, "What", "KIND[,KIND...]", "{values}", KINDS, .initial = "memory"},
	{"kinds", 'k', DETECT | DIFF, "What", "KIND[,KIND...]", "{values}",
	 KINDS, .unset = SEEP_ALL_KINDS, .otherwise = "all"},
	{"metric", 0, DIFF, "What", "METRIC",
	 "what grew: {values}; threads and descriptors count as objects",
	 CHOICE(output.metric, metric_at), .initial = "live-bytes"},
	/* Both options of the doctor take PIDs; list_probes tells which of them was given. */
	{"pid", 'p', DOCTOR, "What", "PID", "list the probes that a trace of this process needs",
	 PIDS, GIVEN(named.list_probes)},
	{"unwind", 0, DOCTOR, "What", "PID",
	 "trace this process for a while and tell, for each file that it\n"
	 "maps, its unwind table and how stacks ended in it", PIDS},
	{"alloc", 0, TRACING, "What", "FUNCTION",
	 "an allocating function of your own, as in the man page", FUNCTION(ALLOC)},
	{"free", 0, TRACING, "What", "FUNCTION", "a releasing one; both may be repeated",
	 FUNCTION(FREE)},
	{"alloc", 0, DOCTOR, "What", "FUNCTION",
	 "an allocating function of your own, as with seep trace", FUNCTION(ALLOC)},
	{"free", 0, DOCTOR, "What", "FUNCTION", "a releasing one", FUNCTION(FREE)},
	{"min-size", 0, TRACE, "What", "SIZE", "track only allocations of at least this size",
	 SIZE(filter.min_size_bytes)},
	{"max-size", 0, TRACE, "What", "SIZE", "track only allocations of at most this size",
	 SIZE(filter.max_size_bytes), .unset = UINT64_MAX},
	{"sample", 0, TRACING, "What", "SIZE",
	 "one memory block in so many bytes; saves work, no traps",
	 SIZE(filter.sample_bytes), .max = SEEP_MAX_SAMPLE_BYTES},
	{"min-age", 0, TRACE, "What", "TIME", "report only objects older than this",
	 DURATION(filter.min_age_ns)},
	{"max-overhead", 0, TRACING, "What", "PCT", "probes take no more CPU time",
	 SHARE(limits.max_overhead), GIVEN(max_overhead_given), .min_number = DBL_MIN,
	 .max_number = 100, .otherwise = "3; none for commands"},
	{"escalations", 0, WATCH, "What", "N",
	 "of what grows, so many processes are traced at once; 0: none",
	 COUNT(watch.escalations), .max = 16, .initial = "2"},
	{"trace-time", 0, WATCH, "What", "TIME", "each of them at most for so long",
	 DURATION(watch.trace_ns), .min = 20 * SEEP_NS_PER_S, .initial = "5m"},
	{"max-overhead", 0, WATCH, "What", "PCT", "of its CPU time, for the probes in one",
	 SHARE(limits.max_overhead), .min_number = DBL_MIN, .max_number = 100, .initial = "3"},
	{"max-objects", 0, LOOKING, "What", "N", "memory blocks tracked at once",
	 COUNT(limits.max_objects), .min = 16, .max = 1 << 28, .initial = "1048576"},
	{"stack-depth", 0, LOOKING, "What", "N", "frames per stack (default and most: {default})",
	 COUNT(limits.stack_depth), .min = 1, .max = SEEP_MAX_FRAMES,
	 .initial = NUMERAL(SEEP_MAX_FRAMES)},
	{"unwind-mem", 0, LOOKING, "What", "SIZE", "kernel memory for unwind tables",
	 SIZE(limits.unwind_bytes), .min = MIB, .initial = "64M"},
	{"verify-stacks", 0, TRACE, "What", "N",
	 "self-check: walk one in N stacks again, with libdw",
	 COUNT(limits.verify_every), .min = 1, .max = UINT32_MAX},
	/*
	 * Parameters of a pattern have no default here: it is that of the pattern, and 0 stands for
	 * not given. So the least value is above 0 (DBL_MIN for decimal numbers).
	 */
	{"growth", 0, SIMULATE, "What", "SIZE/s", "what is leaked, or grows, per second",
	 PARAMETER(SIZE_RATE, GROWTH), .min = 1},
	{"rate", 0, SIMULATE, "What", "N/s",
	 "operations; where --growth sets the pace, those beside",
	 PARAMETER(RATE, RATE), .min_number = DBL_MIN, .max_number = 100000000},
	{"size", 0, SIMULATE, "What", "SIZE", "of one object",
	 PARAMETER(SIZE, SIZE), .min = 1, .max = GIB},
	{"objects", 0, SIMULATE, "What", "N", "so many objects, and then no more",
	 PARAMETER(COUNT, OBJECTS), .min = 1, .max = 100000000},
	{"period", 0, SIMULATE, "What", "TIME", "of what repeats, doubles or saturates",
	 PARAMETER(DURATION, PERIOD), .min = SEEP_NS_PER_MS},
	{"leak-fraction", 0, SIMULATE, "What", "F",
	 "of the objects that come and go, those that stay",
	 PARAMETER(NUMBER, LEAK_FRACTION), .min_number = DBL_MIN, .max_number = 1},
	{"limit", 0, SIMULATE, "What", "SIZE", "end when so much is live (default 1G; vector 256M)",
	 PARAMETER(SIZE, LIMIT), .min = 1},
	{"threads", 0, SIMULATE, "What", "N", "share the work among so many threads",
	 COUNT(simulate.simulation.num_workers), .min = 1, .max = SEEP_SIMULATE_MAX_WORKERS,
	 .initial = "1"},
	{"seed", 0, SIMULATE, "What", "N", "of what is random",
	 COUNT(simulate.simulation.seed), .initial = "1"},

	/* When */
	{"interval", 'i', TRACE, "When", "TIME", "between reports",
	 DURATION(timing.interval_ns), .min = 10 * SEEP_NS_PER_MS, .initial = "10s"},
	{"interval", 'i', DETECT, "When", "TIME", "between two looks",
	 DURATION(timing.interval_ns), .min = 10 * SEEP_NS_PER_MS, .initial = "1s"},
	{"interval", 'i', WATCH, "When", "TIME", "between two looks",
	 DURATION(timing.interval_ns), .min = 10 * SEEP_NS_PER_MS, .initial = "10s"},
	{"duration", 'd', WATCH, "When", "TIME", "end after this time",
	 DURATION(timing.duration_ns), .min = 1,
	 .otherwise = "Ctrl-C or the processes' end"},
	{"duration", 'd', TRACE, "When", "TIME", "end after this time",
	 DURATION(timing.duration_ns), .min = 1,
	 .otherwise = "Ctrl-C or the targets' end"},
	{"duration", 'd', DETECT, "When", "TIME", "give up after this time",
	 DURATION(timing.duration_ns), .min = 1, .initial = "5m"},
	{"duration", 'd', DOCTOR, "When", "TIME", "how long",
	 DURATION(timing.duration_ns), .min = 1, .initial = "5s"},
	{"scale", 0, SIMULATE, "When", "F",
	 "of time: 0.1 is ten times faster; not of churn, nor of -d",
	 NUMBER(simulate.simulation.scale), .min_number = 0.001, .max_number = 1000,
	 .initial = "1"},
	{"duration", 'd', SIMULATE, "When", "TIME", "end after this time",
	 DURATION(simulate.duration_ns), .min = SEEP_NS_PER_MS, .otherwise = "Ctrl-C"},
	{"wait", 0, SIMULATE, "When", NULL, "begin, end and exit each at a line on standard input",
	 FLAG(simulate.wait)},

	/* Verdict */
	{"fail-on", 0, DETECT, "Verdict", "CLASS", "what to exit with 3 for: {values}",
	 CHOICE(verdict.fail_on, failing_at), .initial = "leak"},
	{"at-exit", 0, DETECT, "Verdict", NULL, "so is each block that a program ends with",
	 FLAG(verdict.at_exit)},
	{"suppressions", 0, DETECT, "Verdict", "FILE", "leaks to pass over: lines leak:PATTERN",
	 TEXT(verdict.suppressions)},
	{"baseline", 0, DETECT, "Verdict", "CAPTURE",
	 "only what is new or worse than in this capture counts", TEXT(verdict.baseline)},

	/* Output */
	{"format", 0, REPORT, "Output", "FORMAT", "{values}",
	 CHOICE(reading.format, report_format_at), .initial = "text"},
	{"format", 0, DIFF, "Output", "FORMAT",
	 "text (default), json, folded (STACK OLD NEW), flamegraph",
	 CHOICE(reading.diff_format, diff_format_at), .initial = "text"},
	{"output", 'o', TRACING, "Output", "FILE", "a capture, for seep report (SQLite)",
	 TEXT(capture.path)},
	{"keep", 0, TRACING, "Output", "TIME", "of the capture: only the last hours, days",
	 DURATION(capture.keep_ns), .min = 1},
	{"max-file", 0, TRACING, "Output", "SIZE", "of the capture: not larger than this",
	 SIZE(capture.max_bytes), .min = 1},
	{"junit", 0, DETECT, "Output", "FILE", "the verdict as JUnit XML, for CI systems",
	 OUTPUT(JUNIT)},
	SEEP_FILE_FORMATS(FILE_FORMAT)
	{"json", 0, WATCH, "Output", "FILE", "each look as JSON, one object per line", OUTPUT(JSON)},
	{"metric", 0, TRACING, "Output", "METRIC",
	 "what folded stacks and flame graph show: {values}",
	 CHOICE(output.metric, metric_at), .initial = "live-bytes"},
	{"metric", 0, REPORT, "Output", "METRIC", "of folded stacks and flame graph: {values}",
	 CHOICE(output.metric, metric_at), .initial = "live-bytes"},
	{"fail-on", 0, TRACE, "Output", "CLASS", "exit 3 if there is one at the end: {values}",
	 CHOICE(verdict.fail_on, failing_at), .unset = SEEP_CLASS_UNKNOWN},
	{"fail-on", 0, WATCH, "Output", "CLASS", "exit 3 if one was found: {values}",
	 CHOICE(verdict.fail_on, failing_at), .unset = SEEP_CLASS_UNKNOWN},
	{"at", 0, REPORT, "Output", "TIME", "so long after the capture began",
	 DURATION(reading.at_ns), .unset = UINT64_MAX, .otherwise = "at its end"},
	{"since", 0, REPORT, "Output", "TIME", "only what was made, released and grew since then",
	 DURATION(reading.since_ns), .unset = UINT64_MAX},
	{"json", 0, SIMULATE, "Output", NULL, "truth and numbers as JSON, one object per line",
	 FLAG(simulate.json)},
	/* JSON takes all sites unless top was given, which is why that is recorded. */
	{"top", 'n', TRACE | REPORT, "Output", "N", "sites in the text report",
	 COUNT(output.top), .max = INT_MAX, .initial = "10", GIVEN(output.top_given)},
	{"top", 'n', DETECT, "Output", "N", "sites that are listed",
	 COUNT(output.top), .max = INT_MAX, .initial = "10", GIVEN(output.top_given)},
	{"top", 'n', WATCH, "Output", "N", "processes that are listed",
	 COUNT(output.top), .max = INT_MAX, .initial = "10", GIVEN(output.top_given)},
	{"top", 'n', DIFF, "Output", "N", "new, grown, shrunk and gone sites, of each",
	 COUNT(output.top), .max = INT_MAX, .initial = "10", GIVEN(output.top_given)},
	{"quiet", 'q', TRACE, "Output", NULL, "no text report, no progress: only the files",
	 FLAG(output.quiet)},
	{"quiet", 'q', WATCH, "Output", NULL, "no text: only JSON and the exit status",
	 FLAG(output.quiet)},
	{"quiet", 'q', DETECT, "Output", NULL, "no text: only the files and the exit status",
	 FLAG(output.quiet)},
	{"verbose", 'v', TRACE, "Output", NULL,
	 "build IDs, offsets, every counter; debug messages", FLAG(output.verbose)},
	{"verbose", 'v', DETECT, "Output", NULL,
	 "all evidence; build IDs, every counter; debug messages", FLAG(output.verbose)},
	{"verbose", 'v', WATCH, "Output", NULL, "debug messages", FLAG(output.verbose)},
	{"verbose", 'v', REPORT, "Output", NULL, "build IDs, offsets, every counter",
	 FLAG(output.verbose)},
	{"verbose", 'v', DIFF, "Output", NULL, "build IDs, offsets, ids of sites",
	 FLAG(output.verbose)},
	{"verbose", 'v', DOCTOR, "When", NULL, "debug messages", FLAG(output.verbose)},

	/* For tests: not in the help */
	{"attach", 0, LOOKING, NULL, "VARIANT", "attach probes by this means or not at all",
	 CHOICE(probing.variant, variant_at), .unset = SEEP_ATTACH_VARIANT_COUNT},
	{"unplaced", 0, TRACE, NULL, NULL, "put probes at first instructions",
	 FLAG(probing.unplaced)},
	/* Words that a restarted pattern passes on to its next life. */
	{"life", 0, SIMULATE, NULL, "N", "how often the pattern has restarted so far",
	 COUNT(simulate.life), .min = 1},
	{"until", 0, SIMULATE, NULL, "TIME", "when it ends, by CLOCK_MONOTONIC",
	 DURATION(simulate.until_ns)},

	/* Last in the last group of each command. */
	{"help", 'h', LOOKING | REPORT | DIFF | SIMULATE | COMPLETION, "Output", NULL, "this text",
	 .type = SEEP_OPTION_HELP},
	{"help", 'h', DOCTOR, "When", NULL, "this text", .type = SEEP_OPTION_HELP},
};
/* clang-format on */

const size_t seep_num_options = sizeof(seep_option_table) / sizeof(seep_option_table[0]);
_Static_assert(sizeof(seep_option_table) / sizeof(seep_option_table[0]) <= SEEP_MAX_OPTIONS,
	       "room for what getopt_long returns");
