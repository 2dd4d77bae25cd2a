/* SPDX-License-Identifier: GPL-2.0-only */
/* What came of the trace of a watched process, and the list of what came of the last ones. */
#ifndef SEEP_WATCH_RESULT_H
#define SEEP_WATCH_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "verdict/answer.h"

struct seep_result {
	uint64_t number; /* 1 is the first; given when it is added */
	pid_t pid;
	uint64_t start_ticks; /* with the PID the identity of the process */
	char comm[64];
	uint64_t utc_ns; /* when the trace ended */
	double begun_s;	 /* in the time of the watch */
	double traced_s;
	enum seep_outcome outcome;
	uint32_t leaks;	 /* SEEP_KIND_BIT of the kinds of the leaks that were found */
	bool ended;	 /* the process has: what it had then is the last report */
	bool oom_killed; /* by the kernel, because memory was short */
	/* The first sentence of the answer, and the whole of it; clean, "" if memory was short. */
	char *headline;
	char *text;
	char *function; /* of the worst leak; NULL: there is none */
	char *json;	/* the last report, as seep.report; NULL: nobody asked for it */
};

void seep_result_done(struct seep_result *result);

/* So many are kept, leaks and last reports before the others. */
#define SEEP_RESULTS_MAX 64

/* Starts zeroed. In the order in which they came. */
struct seep_results {
	size_t num;
	struct seep_result list[SEEP_RESULTS_MAX];
	uint64_t num_added; /* those that had to go included */
};

/* Takes over what @result points to. */
void seep_results_add(struct seep_results *results, struct seep_result *result);
/* The latest of a process; NULL: it has none. */
const struct seep_result *seep_results_of(const struct seep_results *results, pid_t pid,
					  uint64_t start_ticks);
/* Of those that are kept, the ones that found a leak. */
size_t seep_results_num_leaks(const struct seep_results *results);
void seep_results_done(struct seep_results *results);

#endif
