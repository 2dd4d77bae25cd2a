/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the trace costs, measured by itself. The run time of the BPF programs comes from the
 * kernel's statistics (BPF_ENABLE_STATS), which make every BPF program of the machine a little
 * slower; so they are switched on for a short window only, and the time per event is taken from
 * that.
 */
#ifndef SEEP_TRACE_OVERHEAD_H
#define SEEP_TRACE_OVERHEAD_H

#include <stdint.h>

#include "kernel/kernel.h"
#include "model/snapshot.h"
#include "probe/files.h"

struct seep_overhead_meter;

/* 0 or -ENOMEM. */
int seep_overhead_new(struct seep_kernel *kernel, struct seep_files *files,
		      const struct seep_probe_cost *cost, struct seep_overhead_meter **ret_meter);
void seep_overhead_free(struct seep_overhead_meter *meter);

/* How long a window should stay open. */
#define SEEP_OVERHEAD_WINDOW_NS (100 * 1000 * 1000ULL)

/* Opens a measuring window, and closes it. Without statistics in the kernel they do nothing. */
void seep_overhead_window_open(struct seep_overhead_meter *meter);
void seep_overhead_window_close(struct seep_overhead_meter *meter);

/* Hits of all probes so far. 0 or -errno. */
int seep_overhead_events(struct seep_overhead_meter *meter, uint64_t *ret_events);

/*
 * Costs since the last call (or the start), at @now_ns of CLOCK_MONOTONIC; if that was a moment
 * ago, since the call before it. 0 or -errno.
 */
int seep_overhead_read(struct seep_overhead_meter *meter, uint64_t now_ns,
		       struct seep_overhead *ret_overhead);

#endif
