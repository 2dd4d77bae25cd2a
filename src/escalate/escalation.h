/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The trace of one process that was only watched so far: a tracer of its own, within the budget
 * that any trace has, which looks every interval whether enough is known. Everything runs on the
 * thread of the event loop.
 */
#ifndef SEEP_ESCALATE_ESCALATION_H
#define SEEP_ESCALATE_ESCALATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "model/limits.h"
#include "probe/probing.h"
#include "watch/result.h"

struct seep_escalation;

/* What all traces have in common. Limits and probing must outlive them. */
struct seep_escalation_settings {
	const struct seep_limits *limits;
	const struct seep_probing *probing;
	uint64_t interval_ns; /* between two looks */
	size_t columns;	      /* of the text of the result; 0: 100 */
	size_t top;	      /* leaks in it */
	bool json;	      /* the last report is wanted as JSON, too */
	/* There is no more to learn: the escalation is to be finished. Called from the loop. */
	void (*on_over)(void *context, struct seep_escalation *escalation);
	void *context;
};

/*
 * Begins to trace objects of @kinds (SEEP_KIND_BIT) in the process @pid. @settings and @loop must
 * outlive it. 0, or -errno after saying what is wrong.
 */
int seep_escalation_new(const struct seep_escalation_settings *settings, struct seep_loop *loop,
			pid_t pid, uint32_t kinds, struct seep_escalation **ret_escalation);

/* Has the process ended? */
bool seep_escalation_has_ended(const struct seep_escalation *escalation);

/*
 * Removes all probes and says what was found: outcome, leaks, ended and the texts of *result, which
 * are the caller's to free; the rest is left alone. 0, or -errno after saying what is wrong: then
 * the outcome is undecided and there is no text.
 */
int seep_escalation_finish(struct seep_escalation *escalation, struct seep_result *result);

void seep_escalation_free(struct seep_escalation *escalation);

#endif
