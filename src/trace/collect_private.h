/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of a collector, for collect.c and collect_processes.c. */
#ifndef SEEP_TRACE_COLLECT_PRIVATE_H
#define SEEP_TRACE_COLLECT_PRIVATE_H

#include <sys/utsname.h>

#include "trace/collect.h"
#include "trace/site_table.h"

/* The snapshot, its processes and its sites are reused: a snapshot is valid until the next one. */
struct seep_collector {
	struct seep_collector_parts parts;
	const struct seep_scope *scope;
	const struct seep_filter *filter;
	uint64_t start_ns; /* CLOCK_MONOTONIC */
	struct utsname system;
	struct seep_snapshot snapshot;
	uint64_t taken_ns;
	struct seep_site_table *sites;
	struct seep_process *processes;
};

/* Copies the records of processes into the snapshot, with what /proc says now. 0 or -ENOMEM. */
int seep_collect_processes(struct seep_collector *collector);

/* How near each process is to the limit of its descriptors, by the totals of the snapshot. */
void seep_collect_limits(struct seep_collector *collector, uint64_t now_ns);

#endif
