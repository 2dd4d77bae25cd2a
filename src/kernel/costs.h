/* SPDX-License-Identifier: GPL-2.0-only */
/* What the trace costs: run time of the BPF programs, memory of their maps. */
#ifndef SEEP_KERNEL_COSTS_H
#define SEEP_KERNEL_COSTS_H

#include <stdint.h>

#include "kernel/kernel.h"

/* Programs by where they run. */
enum seep_programs_at {
	SEEP_PROGRAMS_AT_PROBES,
	SEEP_PROGRAMS_AT_CALLS, /* system calls of all processes, and iterators */
};
/*
 * Has the kernel measure how long BPF programs run, seep's and all others, as long as the returned
 * descriptor is open. It costs two readings of the clock for each run. -errno on failure: -EPERM
 * without CAP_SYS_ADMIN.
 */
int seep_kernel_measure_run_time(void);
/* Run time of our programs, counted while it is measured. 0 or -errno. */
int seep_kernel_read_run_time(const struct seep_kernel *kernel, enum seep_programs_at at,
			      uint64_t *ret_ns);
/* Kernel memory of the maps, as the kernel accounts it. */
uint64_t seep_kernel_map_bytes(const struct seep_kernel *kernel);

#endif
