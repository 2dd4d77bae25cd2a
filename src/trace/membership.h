/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which processes the trace has: those that are named, those that are in the scope when the trace
 * begins, and those that come into it or leave it while the trace runs.
 */
#ifndef SEEP_TRACE_MEMBERSHIP_H
#define SEEP_TRACE_MEMBERSHIP_H

#include <sys/types.h>

#include "seep/abi.h"

struct seep_tracer;

/* Attaches to a running process. 0, or -errno after saying what is wrong. */
int seep_membership_add_pid(struct seep_tracer *tracer, pid_t pid);

/* Attaches to all processes that the scope has now. 0, or -errno after saying what is wrong. */
int seep_membership_add_scope(struct seep_tracer *tracer);

/* Receives a process that BPF took into the scope. @context is the tracer. */
void seep_membership_on_process(void *context, const struct seep_process_event *event);

/* Receives a process that was moved to another cgroup. @context is the tracer. */
void seep_membership_on_cgroup(void *context, const struct seep_cgroup_event *event);

#endif
