// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opening order: descriptors, kernel features, BPF programs and maps, then the tables of user space
 * from those that know nothing of the others (symbolizer, files, unwind tables) up to targets,
 * judge and meter. Closing is the reverse, so a part never outlives what it points to. At most some
 * 60 descriptors before the first target.
 */
#include "trace/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/errors.h"
#include "base/log.h"
#include "trace/follow.h"
#include "trace/governor.h"
#include "trace/tracer_private.h"

/* The BPF maps and programs alone take 60; libbpf says nothing useful when it has too few. */
#define DESCRIPTORS_MIN 96

/* Each mapped file costs two descriptors, each link one: take what we may have. */
static int raise_descriptor_limit(struct seep_tracer *tracer)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	/* A launched command gets this one, not the raised one. */
	tracer->descriptor_limit = limit;
	limit.rlim_cur = limit.rlim_max;
	/* If it is refused the old limit stays, and the check below is of what we may have. */
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max >= DESCRIPTORS_MIN)
		return 0;
	seep_error("cannot trace with %llu descriptors: %s", (unsigned long long)limit.rlim_max,
		   seep_error_text(EMFILE));
	return -EMFILE;
}

/* Features first: they decide which programs are loaded and how. */
static int open_kernel(struct seep_tracer *tracer)
{
	const struct seep_tracer_config *config = &tracer->config;
	struct seep_kernel_config kernel_config = {
		.filter = config->filter,
		.limits = config->limits,
		.user_heap = seep_allocators_num_user(config->allocators) > 0,
		.scope = config->scope->type,
		.comm = config->scope->comm,
		.cgroup_fd = config->scope->cgroup_fd,
		.children = config->scope->children,
	};
	struct seep_kernel_events events = seep_follow_events(tracer);
	int error = seep_features_probe(config->probing->variant, &tracer->features);

	if (error)
		return error;
	seep_debug("attaching by \"%s\"; a hit costs %u ns (single-stepped %u), a call %u ns",
		   seep_attach_variant_name(tracer->features.variant),
		   tracer->features.cost.entry_ns, tracer->features.cost.stepped_ns,
		   tracer->features.cost.call_ns);
	/*
	 * What the trials have found decides which programs are loaded, and what they watch threads
	 * for.
	 */
	kernel_config.variant = tracer->features.variant;
	kernel_config.hazards = tracer->features.hazards;
	kernel_config.windows = seep_governor_is_wanted(tracer);
	error = seep_kernel_open(&kernel_config, &tracer->kernel);
	if (!error) {
		error = seep_kernel_listen(tracer->kernel, &events);
		if (error)
			seep_error("cannot map the ring buffer: %s", seep_error_text(-error));
	}
	return error;
}

static int new_jit(struct seep_tracer *tracer)
{
	struct seep_jit_config config = {
		.symbolizer = tracer->symbolizer,
		.stacks = tracer->stacks,
		.targets = tracer->targets,
	};

	return seep_jit_new(&config, &tracer->jit);
}

/*
 * Files register their probes with the kernel and name functions with the symbolizer: both come
 * first.
 */
static int new_files(struct seep_tracer *tracer)
{
	struct seep_files_config config = {
		.kernel = tracer->kernel,
		.symbolizer = tracer->symbolizer,
		.allocators = tracer->config.allocators,
		.cost = &tracer->features.cost,
		.unplaced = tracer->config.probing->unplaced,
	};

	return seep_files_new(&config, &tracer->files);
}

static int new_managed(struct seep_tracer *tracer)
{
	const struct seep_managed_config config = {
		.files = tracer->files,
		.stacks = tracer->stacks,
		.kinds = tracer->config.filter->kinds,
		.min_age_ns = tracer->config.filter->min_age_ns,
	};

	return seep_managed_new(&config, &tracer->managed);
}

/* Each part gets pointers to the ones before it, and seep_parts_close goes the other way. */
static int open_tables(struct seep_tracer *tracer)
{
	struct seep_targets_config targets_config;
	int error = seep_symbolizer_new(&tracer->symbolizer);

	if (!error)
		error = new_files(tracer);
	if (!error)
		error = seep_tables_new(tracer->kernel, tracer->config.limits->unwind_bytes,
					&tracer->tables);
	if (!error)
		error = seep_stacks_new(tracer->symbolizer, &tracer->stacks);
	if (!error)
		error = seep_rewalk_new(tracer->kernel, tracer->stacks, tracer->files,
					&tracer->rewalk);
	if (!error)
		error = seep_processes_new(&tracer->processes);
	if (error)
		return error;
	error = seep_inventory_new(tracer->kernel, tracer->symbolizer, tracer->config.filter->kinds,
				   &tracer->inventory);
	if (!error)
		error = new_managed(tracer);
	if (error)
		return error;
	targets_config = (struct seep_targets_config){
		.kernel = tracer->kernel,
		.inventory = tracer->inventory,
		.managed = tracer->managed,
		.files = tracer->files,
		.allocators = tracer->config.allocators,
		.tables = tracer->tables,
		.processes = tracer->processes,
		.variant = tracer->features.variant,
		.hazards = tracer->features.hazards,
		.shared_probes = tracer->config.probing->from_start,
		/* Counted by the targets, reported with the other losses of user space. */
		.missed_attach = &tracer->losses[SEEP_LOSS_MISSED_ATTACH],
		.lost_probes = &tracer->losses[SEEP_LOSS_LOST_PROBES],
	};
	error = seep_targets_new(&targets_config, &tracer->targets);
	if (!error)
		error = new_jit(tracer);
	if (!error && tracer->config.judge)
		error = seep_assessor_new(tracer->kernel, tracer->symbolizer, tracer->stacks,
					  !tracer->config.scope->children &&
						  !seep_scope_is_open(tracer->config.scope),
					  &tracer->assessor);
	/* Only on demand: it takes time for every stack that BPF copies for it. */
	if (!error && tracer->config.limits->verify_every)
		error = seep_verifier_new(&tracer->verifier);
	if (error)
		return error;
	error = seep_sampled_new(tracer->kernel, tracer->config.filter->sample_bytes,
				 &tracer->sampled);
	if (error)
		return error;
	return seep_overhead_new(tracer->kernel, tracer->files, &tracer->overhead);
}

int seep_parts_open(struct seep_tracer *tracer)
{
	int error = raise_descriptor_limit(tracer);

	/* For the gaps between windows, which must not be the same in every trace. */
	srand48((long)seep_clock_monotonic_ns());
	if (!error)
		error = open_kernel(tracer);
	if (error)
		return error;
	error = open_tables(tracer);
	if (error)
		seep_error("cannot set up the trace: %s", seep_error_text(-error));
	return error;
}

/* Also after a failure halfway: freeing NULL does nothing. */
void seep_parts_close(struct seep_tracer *tracer)
{
	seep_collector_free(tracer->collector);
	seep_overhead_free(tracer->overhead);
	seep_sampled_free(tracer->sampled);
	seep_verifier_free(tracer->verifier);
	seep_jit_free(tracer->jit);
	seep_targets_free(tracer->targets);
	seep_assessor_free(tracer->assessor);
	seep_managed_free(tracer->managed);
	seep_inventory_free(tracer->inventory);
	seep_processes_free(tracer->processes);
	seep_rewalk_free(tracer->rewalk);
	seep_stacks_free(tracer->stacks);
	seep_tables_free(tracer->tables);
	seep_files_free(tracer->files);
	seep_symbolizer_free(tracer->symbolizer);
	seep_kernel_free(tracer->kernel);
}
