// SPDX-License-Identifier: GPL-2.0-only
/*
 * A lookup in a per-CPU array copies one value for each possible CPU, so the buffer is as large.
 * Programs go on counting meanwhile: a sum is not of one moment, but never goes back.
 */
#include "kernel/counters.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "kernel/kernel_private.h"

/* Sums each of the first @count elements of a per-CPU array over all CPUs. */
static int read_counters(const struct seep_kernel *kernel, const struct bpf_map *map, __u32 count,
			 uint64_t *ret_counters)
{
	SEEP_AUTO_FREE uint64_t *values = calloc((size_t)kernel->num_cpus, sizeof(*values));

	if (!values)
		return -ENOMEM;
	for (__u32 i = 0; i < count; i++) {
		uint64_t sum = 0;
		int error = bpf_map_lookup_elem(bpf_map__fd(map), &i, values);

		if (error)
			return error;
		for (int cpu = 0; cpu < kernel->num_cpus; cpu++)
			sum += values[cpu];
		ret_counters[i] = sum;
	}
	return 0;
}

int seep_kernel_read_hits(const struct seep_kernel *kernel, uint32_t num_probes, uint64_t *ret_hits)
{
	return read_counters(kernel, kernel->skeleton->maps.hits, num_probes, ret_hits);
}

int seep_kernel_read_losses(const struct seep_kernel *kernel, uint64_t ret_losses[SEEP_LOSS_COUNT])
{
	return read_counters(kernel, kernel->skeleton->maps.losses, SEEP_LOSS_COUNT, ret_losses);
}

int seep_kernel_read_ends(const struct seep_kernel *kernel, uint64_t ret_ends[SEEP_END_COUNT])
{
	return read_counters(kernel, kernel->skeleton->maps.ends, SEEP_END_COUNT, ret_ends);
}
