/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's table of probes: what BPF has to know of a probe that is hit, by its index (struct
 * seep_probe in seep/abi.h). It only grows; SEEP_MAX_PROBES bounds it.
 */
#ifndef SEEP_PROBE_REGISTRY_H
#define SEEP_PROBE_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/features.h"
#include "kernel/kernel.h"
#include "seep/abi.h"

struct seep_registry;

/* @cost: of a hit on this machine. @kernel must outlive it. 0 or -ENOMEM. */
int seep_registry_new(struct seep_kernel *kernel, const struct seep_probe_cost *cost,
		      struct seep_registry **ret_registry);
void seep_registry_free(struct seep_registry *registry);

/* What a hit of a probe costs depends on this. */
struct seep_registered {
	bool returns;  /* it has a return probe as well */
	bool emulated; /* its instruction is emulated, not single-stepped */
};

/*
 * Adds a probe, with what a hit of it costs filled in, and stores its index. 0; -ENOSPC when the
 * table is full; -errno of the kernel.
 */
int seep_registry_add(struct seep_registry *registry, const struct seep_probe *probe,
		      struct seep_registered what, uint32_t *ret_index);

/* The next id of a file with probes, by which frames name it: SEEP_FILE_USER_BASE and up. */
uint32_t seep_registry_file_id(struct seep_registry *registry);

/* How many probes there are. */
uint32_t seep_registry_count(const struct seep_registry *registry);

/* What a hit of the probe @index, below the count, costs by itself: nanoseconds. */
uint32_t seep_registry_cost(const struct seep_registry *registry, uint32_t index);

#endif
