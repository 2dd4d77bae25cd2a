/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds snapshots: reads the counters of the live processes from the kernel, adds what was frozen
 * of the exited ones, and joins both with stacks and names.
 */
#ifndef SEEP_TRACE_COLLECT_H
#define SEEP_TRACE_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "inventory/inventory.h"
#include "kernel/kernel.h"
#include "managed/managed.h"
#include "model/filter.h"
#include "model/snapshot.h"
#include "stack/rewalk.h"
#include "stack/stacks.h"
#include "target/processes.h"
#include "target/scope.h"
#include "trace/assessor.h"
#include "trace/overhead.h"
#include "trace/sampled.h"

struct seep_collector;

/* What a snapshot is made of; the tracer has them. */
struct seep_collector_parts {
	struct seep_kernel *kernel;
	struct seep_processes *processes;
	struct seep_stacks *stacks;
	const struct seep_rewalk *rewalk;
	const struct seep_inventory *inventory;
	struct seep_managed *managed;
	struct seep_overhead_meter *overhead;
	struct seep_sampled *sampled;
	struct seep_assessor *assessor; /* NULL: nothing is judged */
	/* Takes what has come of stacks, and walks those that have waited for something. */
	void (*drain_stacks)(void *context);
	void *context;
};

/*
 * The trace of @scope, with this @filter, begins now. What @parts points to, @scope and @filter
 * must outlive the collector. 0 or -ENOMEM.
 */
int seep_collector_new(const struct seep_collector_parts *parts, const struct seep_scope *scope,
		       const struct seep_filter *filter, struct seep_collector **ret_collector);
void seep_collector_free(struct seep_collector *collector);

/*
 * Takes a snapshot, the next in sequence, of what is at @now_ns (CLOCK_MONOTONIC): what is alive is
 * as old as it is then. @user_losses are those that the trace floor counted itself; they are added
 * to the kernel's. It belongs to the collector and is valid until the next one is taken. 0 or
 * -errno.
 */
int seep_collector_take(struct seep_collector *collector, bool final, uint64_t now_ns,
			const uint64_t user_losses[SEEP_LOSS_COUNT],
			const struct seep_snapshot **ret_snapshot);

/*
 * What is live of each kind in all processes now, in bytes, of threads and descriptors in objects:
 * for a status line; cheaper than a snapshot. 0 or -errno.
 */
int seep_collector_live(const struct seep_collector *collector, uint64_t ret_live[SEEP_KIND_COUNT]);

#endif
