/* SPDX-License-Identifier: GPL-2.0-only */
/* What the ring buffer brings: events of the BPF programs, in their order. */
#ifndef SEEP_KERNEL_EVENTS_H
#define SEEP_KERNEL_EVENTS_H

#include <stddef.h>

#include "kernel/kernel.h"

/* What the ring buffer brings. The event is valid during the call. */
struct seep_kernel_events {
	void (*stack)(void *context, const struct seep_stack_event *event);
	void (*file)(void *context, const struct seep_file_event *event);
	void (*exec)(void *context, const struct seep_exec_event *event);
	void (*table)(void *context, const struct seep_table_event *event);
	void (*copy)(void *context, const struct seep_copy_event *event);
	void (*process)(void *context, const struct seep_process_event *event);
	void (*cgroup)(void *context, const struct seep_cgroup_event *event);
	void (*library)(void *context, const struct seep_library_event *event);
	void (*hazard)(void *context, const struct seep_hazard_event *event);
	void (*unbound)(void *context, const struct seep_unbound_event *event);
	void (*budget)(void *context, const struct seep_budget_event *event);
	void *context;
};
/* Sets the receivers; once, before the first drain. 0 or -errno. */
int seep_kernel_listen(struct seep_kernel *kernel, const struct seep_kernel_events *events);
/* A descriptor that is readable when there are events; valid after seep_kernel_listen. */
int seep_kernel_events_fd(const struct seep_kernel *kernel);
/*
 * Delivers all waiting events, in their order, each once. May be called by a receiver: then those
 * behind its own event are delivered first. 0 or -errno.
 */
int seep_kernel_drain(struct seep_kernel *kernel);

#endif
