/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exec and exit of the targets. A process that exits is kept for a moment and reaped together with
 * others, because each time takes a pass over the kernel's maps.
 */
#ifndef SEEP_TRACE_LIFECYCLE_H
#define SEEP_TRACE_LIFECYCLE_H

#include <stdbool.h>
#include <stdint.h>

#include "seep/abi.h"
#include "target/processes.h"
#include "target/targets.h"

struct seep_tracer;
struct watch;

/* Begins to wait for the end of a target. 0 or -errno. */
int seep_lifecycle_watch(struct seep_tracer *tracer, struct seep_target *target);
/* Waits for the end of no target any more. */
void seep_lifecycle_unwatch_all(struct seep_tracer *tracer);

/* Lets go of a target that has ended, or that left the scope. */
void seep_lifecycle_lose(struct seep_tracer *tracer, struct watch *watch);

/* The process of @record has exited: it is reaped soon. */
void seep_lifecycle_exited(struct seep_tracer *tracer, struct seep_record *record);

/* Freezes what has exited, and gives its kernel memory and slots back. Before every snapshot. */
void seep_lifecycle_reap(struct seep_tracer *tracer);

/* Receives the exec of a target. @context is the tracer. */
void seep_lifecycle_on_exec(void *context, const struct seep_exec_event *event);

/* Notices execs whose events the full ring buffer lost: the table of processes still shows them. */
void seep_lifecycle_catch_up(struct seep_tracer *tracer);

/*
 * Did a program run without its probes between its exec and now? @added is what the rescan after
 * the exec gave (seep_follow_rescan), @late whether probes were being placed when it happened. Of a
 * program that has ended before its files were looked at (-ESRCH) nobody knows which functions it
 * had, unless its files were @probed_before: those of a launched command are, and with probes in
 * all processes those of any.
 */
bool seep_lifecycle_missed_exec(int added, bool late, uint32_t kinds, bool probed_before);

#endif
