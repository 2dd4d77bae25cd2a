/* SPDX-License-Identifier: GPL-2.0-only */
/* What a command was asked to do: filled from the command line, then never changed. */
#ifndef SEEP_APP_CONFIG_H
#define SEEP_APP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/allocators.h"
#include "model/filter.h"
#include "model/limits.h"
#include "model/snapshot.h"
#include "probe/probing.h"
#include "report/diff.h"
#include "report/report.h"
#include "simulate/simulation.h"
#include "target/scope.h"
#include "verdict/verdict.h"

/*
 * Files that a trace writes, each in one format: junit the verdict at its end, the others every report.
 * X(enum suffix, option and format name)
 */
#define SEEP_OUTPUTS(X)                                                                            \
	X(JSON, json)                                                                              \
	X(FOLDED, folded)                                                                          \
	X(PPROF, pprof)                                                                            \
	X(FLAMEGRAPH, flamegraph)                                                                  \
	X(HTML, html)                                                                              \
	X(JUNIT, junit)

enum seep_output {
#define SEEP_OUTPUT_ENUM(name, key) SEEP_OUTPUT_##name,
	SEEP_OUTPUTS(SEEP_OUTPUT_ENUM)
#undef SEEP_OUTPUT_ENUM
	SEEP_OUTPUT_COUNT
};

/* What seep simulate was asked for. */
struct seep_simulate_options {
	struct seep_simulation_config simulation;
	uint32_t given;	      /* parameters, 1 << seep_simulate_parameter each */
	uint64_t duration_ns; /* 0: until a signal */
	bool json;
	bool wait;
	char **words;	   /* of the command line, for a pattern that restarts ... */
	uint64_t life;	   /* ... so many times so far ... */
	uint64_t until_ns; /* ... and ends then, by CLOCK_MONOTONIC; 0: it is the first life */
};

struct seep_config {
	/* scope: what is named here ... */
	size_t num_pids;
	pid_t *pids;
	char *const *command; /* NULL-terminated; NULL if there is none */
	/* ... or what is open to whoever comes */
	struct seep_scope scope;
	char *scope_text; /* the scope as it was given, for reports */
	bool list_probes; /* doctor: of these processes */
	/* what */
	struct seep_filter filter;
	bool kinds_given;
	struct seep_limits limits;
	struct seep_probing probing;
	struct seep_allocators *allocators; /* the functions to be traced */
	/* when */
	uint64_t interval_ns;
	bool interval_given;
	uint64_t duration_ns; /* 0: until interrupted, or the targets end */
	/* verdict */
	enum seep_class
		fail_on; /* exit 3 for sites of this class or worse; UNKNOWN: not asked for */
	const char *suppressions; /* file, NULL: none */
	const char *baseline;	  /* capture with what is known already, NULL: none */
	bool detect;		  /* end as soon as it is clear that something leaks */
	/* output */
	const char *capture;	 /* file, to write or (seep report) to read; NULL: none */
	uint64_t keep_ns;	 /* how far back it reaches; 0: as far as it goes */
	uint64_t max_file_bytes; /* 0: no limit */
	const char *old_capture; /* diff: that is compared with */
	uint64_t at_ns;		 /* report, diff: since the capture began */
	uint64_t from_ns;	 /* diff: the same of the old one */
	bool from_given;
	uint64_t since_ns; /* report: what happened since then */
	bool since_given;
	const struct seep_report_format *format;    /* report */
	const struct seep_diff_format *diff_format; /* diff */
	const char *paths[SEEP_OUTPUT_COUNT];	    /* NULL: not asked for; "-": standard output */
	enum seep_metric metric;
	uint64_t top;
	bool top_given; /* then it also bounds the JSON report */
	bool quiet;
	bool verbose;
	struct seep_simulate_options simulate;
};

/* The defaults. 0 or -ENOMEM. */
int seep_config_init(struct seep_config *config);
void seep_config_done(struct seep_config *config);

#endif
