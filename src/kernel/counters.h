/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters that BPF keeps per CPU, summed over the CPUs. Monotonic. 0 or -errno. */
#ifndef SEEP_KERNEL_COUNTERS_H
#define SEEP_KERNEL_COUNTERS_H

#include <stdint.h>

#include "kernel/kernel.h"
#include "seep/counters.h"
#include "seep/ends.h"

/* Hits of the first @num_probes probes. */
int seep_kernel_read_hits(const struct seep_kernel *kernel, uint32_t num_probes,
			  uint64_t *ret_hits);
int seep_kernel_read_losses(const struct seep_kernel *kernel, uint64_t ret_losses[SEEP_LOSS_COUNT]);
int seep_kernel_read_ends(const struct seep_kernel *kernel, uint64_t ret_ends[SEEP_END_COUNT]);

#endif
