// SPDX-License-Identifier: GPL-2.0-only
/*
 * An index is given once and never taken back: cookies of links, sites and hit counters name it
 * until the trace ends. So is a file id.
 */
#include "probe/registry.h"
#include "kernel/programs.h"

#include <errno.h>
#include <stdlib.h>

/* The kernel has struct seep_probe of each index; here is what the cost of a hit depends on. */
struct seep_registry {
	struct seep_kernel *kernel;
	struct seep_probe_cost cost;
	uint32_t count;
	uint32_t num_files;
	struct seep_registered probes[SEEP_MAX_PROBES];
};

int seep_registry_new(struct seep_kernel *kernel, const struct seep_probe_cost *cost,
		      struct seep_registry **ret_registry)
{
	struct seep_registry *registry = calloc(1, sizeof(*registry));

	if (!registry)
		return -ENOMEM;
	registry->kernel = kernel;
	registry->cost = *cost;
	*ret_registry = registry;
	return 0;
}

void seep_registry_free(struct seep_registry *registry)
{
	free(registry);
}

static uint32_t cost_of(const struct seep_registry *registry, struct seep_registered what)
{
	const struct seep_probe_cost *cost = &registry->cost;
	uint32_t step = 0;

	/* On a busy machine the measured costs may come out the other way round. */
	if (!what.emulated && cost->stepped_ns > cost->entry_ns)
		step = cost->stepped_ns - cost->entry_ns;
	/*
	 * call_ns is entry and return together; a single step adds what it costs more than
	 * emulation.
	 */
	return (what.returns ? cost->call_ns : cost->entry_ns) + step;
}

int seep_registry_add(struct seep_registry *registry, const struct seep_probe *probe,
		      struct seep_registered what, uint32_t *ret_index)
{
	struct seep_probe added = *probe;
	int error;

	if (registry->count == SEEP_MAX_PROBES)
		return -ENOSPC;
	added.trap_ns = cost_of(registry, what);
	/* In the kernel's table before any link can name the index in its cookie. */
	error = seep_kernel_set_probe(registry->kernel, registry->count, &added);
	if (error)
		return error;
	registry->probes[registry->count] = what;
	*ret_index = registry->count++;
	return 0;
}

/* A range of its own: ids that BPF gives to mapped files begin below it. */
uint32_t seep_registry_file_id(struct seep_registry *registry)
{
	return SEEP_FILE_USER_BASE + registry->num_files++;
}

uint32_t seep_registry_count(const struct seep_registry *registry)
{
	return registry->count;
}

uint32_t seep_registry_cost(const struct seep_registry *registry, uint32_t index)
{
	return cost_of(registry, registry->probes[index]);
}
