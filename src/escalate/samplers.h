/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose growth stacks are sampled: of the processes whose memory grows those that are traced, and
 * the worst of those that may be next. One thread.
 */
#ifndef SEEP_ESCALATE_SAMPLERS_H
#define SEEP_ESCALATE_SAMPLERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "watch/process.h"

/* What was found is kept for so many processes. */
#define SEEP_SAMPLERS_MAX 32

struct seep_samplers;

/* At most @most that are not traced are sampled at once; 0: nobody is. 0 or -ENOMEM. */
int seep_samplers_new(struct seep_loop *loop, unsigned int most,
		      struct seep_samplers **ret_samplers);
void seep_samplers_free(struct seep_samplers *samplers);

/*
 * After each look: begins and ends samplings, and has the processes lead to what was found
 * (touches). @growing: the worst first. After the @last one nobody is sampled. A machine that does
 * not allow it is told of once.
 */
void seep_samplers_look(struct seep_samplers *samplers, struct seep_watch_process *const *growing,
			size_t num_growing, bool last);
/* The process has ended, and with it what was found. */
void seep_samplers_forget(struct seep_samplers *samplers, const struct seep_watch_process *process);

#endif
