/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a command was asked to do, divided by noun. options.c fills it in from the command line,
 * after which it does not change; modules below take a pointer to the part that they need. The
 * parts that lower floors need are defined there: scope, filter, limits, probing.
 *
 * The comment of a field says what the field means; its option, default and limits are in its row
 * of options_table.c.
 */
#ifndef SEEP_APP_CONFIG_H
#define SEEP_APP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "formats/formats.h"
#include "model/allocators.h"
#include "model/filter.h"
#include "model/limits.h"
#include "model/snapshot.h"
#include "probe/probing.h"
#include "simulate/simulation.h"
#include "target/scope.h"
#include "verdict/verdict.h"

/* Processes that are named one by one; the scope is then SEEP_SCOPE_NAMED. */
struct seep_named {
	size_t num_pids;
	pid_t *pids;
	char *const *command; /* NULL-terminated; NULL if there is none */
	bool list_probes;     /* doctor: list the probes instead of walking stacks */
};

struct seep_timing {
	uint64_t interval_ns; /* between reports */
	uint64_t duration_ns; /* 0: until interrupted, or the targets end */
};

struct seep_verdict_settings {
	/* Exit status 3 for sites of this class or worse; SEEP_CLASS_UNKNOWN: not asked for. */
	enum seep_class fail_on;
	const char *suppressions; /* file, NULL: none */
	const char *baseline;	  /* capture with what is known already, NULL: none */
	bool at_exit;		  /* what a process has left at its end is a finding */
	bool detect;		  /* end as soon as it is clear that something leaks */
};

/* What is done with processes that are watched and grow. */
struct seep_watch_settings {
	uint64_t escalations; /* traced at once; 0: only watch */
	uint64_t trace_ns;    /* for how long, at most */
};

/* The capture that a trace writes. */
struct seep_capture_settings {
	const char *path;   /* NULL: none */
	uint64_t keep_ns;   /* how far back it reaches; 0: no limit */
	uint64_t max_bytes; /* 0: no limit */
};

/*
 * Files that a trace writes, each in one format: junit the verdict at its end, the others every
 * report. X(NAME, name, help), as SEEP_FILE_FORMATS
 */
#define SEEP_OUTPUTS(X)                                                                            \
	SEEP_FILE_FORMATS(X)                                                                       \
	X(JUNIT, junit, "the verdict as JUnit XML, for CI systems")

enum seep_output {
#define SEEP_OUTPUT_ENUM(NAME, name, help) SEEP_OUTPUT_##NAME,
	SEEP_OUTPUTS(SEEP_OUTPUT_ENUM)
#undef SEEP_OUTPUT_ENUM
	SEEP_OUTPUT_COUNT
};

struct seep_output_settings {
	const char *paths[SEEP_OUTPUT_COUNT]; /* NULL: not asked for; "-": standard output */
	enum seep_metric metric;
	uint64_t top;
	bool top_given; /* then it also bounds the JSON report */
	bool quiet;
	bool verbose;
};

/* Captures that are read. Moments are ns since the capture began, SEEP_ARCHIVE_END: its end. */
struct seep_reading {
	const char *capture;
	const char *old_capture; /* diff: the other one */
	uint64_t at_ns;		 /* of capture */
	uint64_t from_ns;	 /* of old_capture */
	uint64_t since_ns;	 /* report: what happened since then; SEEP_ARCHIVE_END: all of it */
	unsigned int format;	 /* report: see seep_report_at */
	unsigned int diff_format; /* diff: see seep_diff_at */
};

struct seep_simulate_options {
	/* Parameters that are not given are 0 until the command takes those of the pattern. */
	struct seep_simulation_config simulation;
	uint64_t duration_ns; /* 0: until a signal */
	bool json;
	bool wait;
	char **words;	   /* of the command line, for a pattern that restarts ... */
	uint64_t life;	   /* ... so many times so far ... */
	uint64_t until_ns; /* ... and ends then, by CLOCK_MONOTONIC; 0: it is the first life */
};

struct seep_config {
	struct seep_named named;
	struct seep_scope scope;
	char *scope_text; /* scope.value, if it had to be put together */
	struct seep_filter filter;
	struct seep_limits limits;
	bool max_overhead_given; /* else the scope decides what limits.max_overhead is */
	struct seep_probing probing;
	struct seep_allocators *allocators; /* the functions to be traced */
	struct seep_timing timing;
	struct seep_verdict_settings verdict;
	struct seep_watch_settings watch;
	struct seep_capture_settings capture;
	struct seep_output_settings output;
	struct seep_reading reading;
	struct seep_simulate_options simulate;
	const char *shell; /* completion: for which */
};

/* Everything empty; the defaults of options come later, from their table. 0 or -ENOMEM. */
int seep_config_init(struct seep_config *config);
void seep_config_done(struct seep_config *config);

/*
 * Puts the scope into words for reports (scope.key, scope.value): the PIDs, the words of the
 * command, a path or a name. Once all options are known. 0 or -ENOMEM.
 */
int seep_config_describe_scope(struct seep_config *config);

#endif
