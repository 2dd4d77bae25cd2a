/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The growth stacks of one process: samples its page faults from time to time, at a pace that its
 * own CPU time allows (watch/pace.h), and keeps which code has touched new memory. No probe, no
 * breakpoint. Everything runs on the thread of the event loop.
 */
#ifndef SEEP_ESCALATE_SAMPLER_H
#define SEEP_ESCALATE_SAMPLER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/loop.h"
#include "watch/touches.h"

struct seep_sampler;

/*
 * Begins; the first samples come after a second. @loop must outlive it. 0; -ESRCH: the process has
 * ended; another -errno where the machine does not allow it. Says nothing.
 */
int seep_sampler_new(struct seep_loop *loop, pid_t pid, struct seep_sampler **ret_sampler);
void seep_sampler_free(struct seep_sampler *sampler);

/* Ends the sampling; what was found stays. */
void seep_sampler_stop(struct seep_sampler *sampler);
bool seep_sampler_is_running(const struct seep_sampler *sampler);
/* Why it has ended by itself: -errno, 0 if it has not. */
int seep_sampler_error(const struct seep_sampler *sampler);

/* What was found so far. Valid until the loop goes on. */
const struct seep_touches *seep_sampler_touches(struct seep_sampler *sampler);

#endif
