/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds snapshots: reads the counters of the live processes from the kernel, adds what was frozen of
 * the exited ones, and joins both with stacks and names.
 */
#ifndef SEEP_TRACE_COLLECT_H
#define SEEP_TRACE_COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "inventory/inventory.h"
#include "kernel/kernel.h"
#include "model/filter.h"
#include "model/snapshot.h"
#include "stack/rewalk.h"
#include "stack/stacks.h"
#include "target/processes.h"
#include "trace/assessor.h"
#include "trace/overhead.h"

struct seep_collector;

struct seep_collector_config {
	struct seep_kernel *kernel;
	struct seep_processes *processes;
	struct seep_stacks *stacks;
	struct seep_rewalk *rewalk;
	struct seep_overhead_meter *overhead;
	const struct seep_inventory *inventory;
	struct seep_assessor *assessor; /* NULL: nothing is judged */
	const struct seep_filter *filter;
	const char *scope_type;
	const char *scope_value;
	uint64_t start_ns; /* CLOCK_MONOTONIC at which the trace began */
};

/* What @config points to must outlive the collector. 0 or -ENOMEM. */
int seep_collector_new(const struct seep_collector_config *config,
		       struct seep_collector **ret_collector);
void seep_collector_free(struct seep_collector *collector);

/*
 * Takes a snapshot, the next in sequence, of what is at @now_ns (CLOCK_MONOTONIC): what is alive is as old
 * as it is then. @user_losses are those that the trace floor counted itself;
 * they are added to the kernel's. It belongs to the collector and is valid until the next one is
 * taken. 0 or -errno.
 */
int seep_collector_take(struct seep_collector *collector, bool final, uint64_t now_ns,
			const uint64_t user_losses[SEEP_LOSS_COUNT],
			const struct seep_snapshot **ret_snapshot);

/* Live bytes of all processes now, for a status line; cheaper than a snapshot. 0 or -errno. */
int seep_collector_live_bytes(const struct seep_collector *collector, uint64_t *ret_bytes);

#endif
