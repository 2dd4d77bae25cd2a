/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watching and escalation as one object, for whoever has an event loop: looks at the processes of a
 * scope when it is told to, has the worst of them traced, and gives a view of all that.
 */
#ifndef SEEP_ESCALATE_SUPERVISOR_H
#define SEEP_ESCALATE_SUPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/loop.h"
#include "escalate/escalation.h"
#include "target/scope.h"
#include "watch/policy.h"
#include "watch/view.h"

struct seep_supervisor;

struct seep_supervisor_config {
	const struct seep_scope *scope; /* with its cgroup open */
	const pid_t *pids;		/* of a scope that is not open, all of them */
	size_t num_pids;
	unsigned int most;			  /* traced at once; 0: only watch */
	double trace_s;				  /* each of them, at most */
	struct seep_escalation_settings settings; /* but for on_over and its context */
	/* A trace has ended, with this result, which is kept. NULL: nobody asks. */
	void (*on_result)(void *context, const struct seep_result *result);
	void *context;
};

/* 0 or -errno. What @config points to and @loop must outlive it. */
int seep_supervisor_new(const struct seep_supervisor_config *config, struct seep_loop *loop,
			struct seep_supervisor **ret_supervisor);
void seep_supervisor_free(struct seep_supervisor *supervisor);

/*
 * Reads and judges everything, ends traces that are over, and begins others unless @last. 0 or
 * -errno.
 */
int seep_supervisor_look(struct seep_supervisor *supervisor, bool last);
/* Ends all traces, with their results so far. */
void seep_supervisor_finish(struct seep_supervisor *supervisor);

/* How many processes are watched now. */
size_t seep_supervisor_num_watched(const struct seep_supervisor *supervisor);
/* Is there nothing left to watch, nor to be expected? */
bool seep_supervisor_is_done(const struct seep_supervisor *supervisor);

/*
 * The state after the last look. Results that came since the view before are new. Valid until the
 * next look or result.
 */
const struct seep_watch_view *seep_supervisor_view(struct seep_supervisor *supervisor, bool final);

#endif
