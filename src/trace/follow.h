/* SPDX-License-Identifier: GPL-2.0-only */
/* Receives the kernel's events of the targets, in the order in which they came through the ring
 * buffer. */
#ifndef SEEP_TRACE_FOLLOW_H
#define SEEP_TRACE_FOLLOW_H

#include <stdint.h>

#include "kernel/kernel.h"
#include "target/targets.h"

struct seep_tracer;

/* The receivers of the events. */
struct seep_kernel_events seep_follow_events(struct seep_tracer *tracer);

/* Takes what the ring buffer holds; then BPF may see the unwind tables that this made. */
void seep_follow_drain(struct seep_tracer *tracer);

/*
 * The same for stacks alone, as the last step of a snapshot: nothing is probed. @context is the
 * tracer.
 */
void seep_follow_drain_stacks(void *context);

/* Drains whenever there are events. The function of a loop source; @context is the tracer. */
int seep_follow_on_events(void *context, uint64_t value);

/*
 * Looks for new files of a live target: plugins that were loaded, or all of them after an exec.
 * Number of functions that were added, or -errno; see seep_targets_rescan.
 */
int seep_follow_rescan(struct seep_tracer *tracer, struct seep_target *target);

#endif
