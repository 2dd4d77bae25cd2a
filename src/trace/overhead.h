/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the trace costs, measured by itself. The run time of the BPF programs comes from the
 * kernel's statistics (BPF_ENABLE_STATS), which make every BPF program of the machine a little
 * slower; so they are switched on for a short time only, and the time per event is taken from
 * that.
 */
#ifndef SEEP_TRACE_OVERHEAD_H
#define SEEP_TRACE_OVERHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "model/snapshot.h"
#include "probe/files.h"

struct seep_overhead_meter;

/* 0 or -ENOMEM. */
int seep_overhead_new(struct seep_kernel *kernel, struct seep_files *files,
		      struct seep_overhead_meter **ret_meter);
void seep_overhead_free(struct seep_overhead_meter *meter);

/* How long a measurement should take. */
#define SEEP_OVERHEAD_MEASURE_NS (100 * 1000 * 1000ULL)

/* Begins a measurement, and ends it. Without statistics in the kernel they do nothing. */
void seep_overhead_measure(struct seep_overhead_meter *meter);
void seep_overhead_measured(struct seep_overhead_meter *meter);

/*
 * How many times what its trap costs a hit costs as a whole: with the program that runs there, a
 * guess until it has been measured, and with what the kernel takes to ask the links of so many
 * @others, processes that are traced too, whether the hit is theirs.
 */
double seep_overhead_cost_factor(const struct seep_overhead_meter *meter, size_t others);

/* From now on this is the number of @others for all hits, in what seep_overhead_read says. */
void seep_overhead_set_others(struct seep_overhead_meter *meter, size_t others);

/* Hits of all probes so far. 0 or -errno. */
int seep_overhead_events(struct seep_overhead_meter *meter, uint64_t *ret_events);

/*
 * Costs since the last call (or the start), at @now_ns of CLOCK_MONOTONIC; if that was a moment
 * ago, since the call before it. 0 or -errno.
 */
int seep_overhead_read(struct seep_overhead_meter *meter, uint64_t now_ns,
		       struct seep_overhead *ret_overhead);

#endif
