/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Joins watching and tracing: after each look of a watcher it has the policy decide who is traced,
 * and begins and ends the traces. The processes it has not traced have never had a probe.
 */
#ifndef SEEP_ESCALATE_ESCALATOR_H
#define SEEP_ESCALATE_ESCALATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "escalate/escalation.h"
#include "watch/result.h"
#include "watch/watcher.h"

struct seep_escalator;

struct seep_escalator_config {
	struct seep_watch_rules rules;
	struct seep_escalation_settings settings; /* but for on_over and its context */
	struct seep_watcher *watcher;		  /* must outlive it */
	/* The time of the watch, as that of its looks. */
	double (*now_s)(void *owner);
	/* Tells now of all kills that the kernel has announced: before each result. */
	void (*tell_kills)(void *owner);
	void *owner;
	/* A trace has ended, with this result, which is kept. NULL: nobody asks. */
	void (*on_result)(void *context, const struct seep_result *result);
	void *context;
};

/* 0 or -ENOMEM. @loop must outlive it. */
int seep_escalator_new(const struct seep_escalator_config *config, struct seep_loop *loop,
		       struct seep_escalator **ret_escalator);
/* Ends what is traced, without a result. */
void seep_escalator_free(struct seep_escalator *escalator);

/*
 * After each look of the watcher: who grows, who is let go, and unless it is the @last one who is
 * traced. 0 or -ENOMEM.
 */
int seep_escalator_look(struct seep_escalator *escalator, bool last);
/* The watcher says that a process has ended: what is traced of it ends with a last report. */
void seep_escalator_ended(struct seep_escalator *escalator, struct seep_watch_process *process);
/*
 * The kernel kills the process of this thread because memory is short: what it has then is kept as
 * its last report.
 */
void seep_escalator_oom_killed(struct seep_escalator *escalator, pid_t tid);
/* Ends what is traced, with its results so far. */
void seep_escalator_finish(struct seep_escalator *escalator);

/*
 * The processes in which something grows, or did when they were traced, the worst first; how many
 * there are. Valid until the next look.
 */
size_t seep_escalator_growing(const struct seep_escalator *escalator,
			      struct seep_watch_process *const **ret_growing);

struct seep_results *seep_escalator_results(struct seep_escalator *escalator);
/* How many processes are traced now, and how many have been, now or before. */
unsigned int seep_escalator_num_traced(const struct seep_escalator *escalator);
uint64_t seep_escalator_num_probed(const struct seep_escalator *escalator);

#endif
