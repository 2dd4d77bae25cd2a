// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read in two steps: the collector reads PSS while it gathers the processes, the assessor reads the
 * rest when the totals of the snapshot are there, because the numbers of descriptors and threads
 * come from them. Both only when verdicts are asked for.
 */
#include "target/process_stats.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/units.h"
#include "kernel/processes.h"
#include "proc/cgroup.h"
#include "proc/limits.h"

/* See seep_process_stats_read_pss in the header: reading PSS walks all pages of the process. */
#define PSS_INTERVAL_NS (10 * SEEP_NS_PER_S)
#define PSS_TIME_SHARE	100 /* one part of so many */

/*
 * Meanwhile the process cannot map or unmap memory: 50 ms for so much of it. It is a number that
 * nothing is decided by, so of a larger process it stays unknown.
 */
#define PSS_RESIDENT_MAX (4UL << 30)

static const struct seep_proc_usage unknown = {SEEP_UNKNOWN, SEEP_UNKNOWN};

void seep_process_stats_source_init(struct seep_process_stats_source *source,
				    struct seep_kernel *kernel)
{
	*source = (struct seep_process_stats_source){
		.machine = unknown,
		.shared_bytes = SEEP_UNKNOWN,
		.max_mappings = SEEP_UNKNOWN,
		.kernel = kernel,
	};
	if (seep_cgroup_mount_point(&source->cgroup_mount))
		source->cgroup_mount = NULL;
}

void seep_process_stats_source_done(struct seep_process_stats_source *source)
{
	free(source->cgroup_mount);
	source->cgroup_mount = NULL;
}

void seep_process_stats_source_read(struct seep_process_stats_source *source)
{
	if (seep_machine_memory_read(&source->machine))
		source->machine = unknown;
	if (seep_machine_shared_read(&source->shared_bytes))
		source->shared_bytes = SEEP_UNKNOWN;
	if (seep_max_map_count_read(&source->max_mappings))
		source->max_mappings = SEEP_UNKNOWN;
}

static struct seep_usage usage_of(const struct seep_proc_usage *usage)
{
	return (struct seep_usage){.used = usage->used, .max = usage->max};
}

/* The limits of its cgroup and those above it. */
static void read_cgroup(const struct seep_process_stats_source *source,
			const struct seep_process *process, struct seep_process_stats *stats)
{
	static const struct {
		const char *controller;
		enum seep_limit limit;
	} limits[] = {
		{"memory", SEEP_LIMIT_CGROUP_MEMORY},
		{"pids", SEEP_LIMIT_CGROUP_PIDS},
	};
	SEEP_AUTO_FREE char *directory = NULL;
	uint64_t shared_bytes;

	if (!source->cgroup_mount || !process->cgroup)
		return;
	/*
	 * The contents of directory are undefined after a failure (asprintf(3)), and it is freed on
	 * return.
	 */
	if (asprintf(&directory, "%s%s", source->cgroup_mount, process->cgroup) < 0) {
		directory = NULL;
		return;
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct seep_proc_usage usage;

		if (!seep_cgroup_usage_read(directory, source->cgroup_mount, limits[i].controller,
					    &usage))
			stats->usage[limits[i].limit] = usage_of(&usage);
	}
	/* The root group stands for the machine, and has no such file on old kernels. */
	if (process->cgroup[1] && !seep_cgroup_shared_read(directory, &shared_bytes))
		stats->system_shared_bytes = shared_bytes;
}

/* Limits of the process itself (RLIMIT_AS, RLIMIT_NOFILE), and what it uses of each. */
static void read_limits(const struct seep_process *process, struct seep_process_stats *stats)
{
	struct seep_proc_limits limits;

	if (seep_proc_limits_read(process->pid, &limits))
		return;
	stats->usage[SEEP_LIMIT_ADDRESS_SPACE] = (struct seep_usage){
		.used = process->address_space_bytes,
		.max = limits.address_space_bytes,
	};
	stats->usage[SEEP_LIMIT_NOFILE] = (struct seep_usage){
		.used = stats->num_fds,
		.max = limits.open_files,
	};
}

/* Those that the kernel counts, whoever has made them: also by mprotect, which divides one. */
static void read_mappings(const struct seep_process_stats_source *source,
			  const struct seep_process *process, struct seep_process_stats *stats)
{
	if (seep_kernel_map_count(source->kernel, process->pid, &stats->num_mappings))
		return;
	stats->usage[SEEP_LIMIT_MAP_COUNT] = (struct seep_usage){
		.used = stats->num_mappings,
		.max = source->max_mappings,
	};
}

/* Counts of kinds that are not traced are not zero but unknown. */
static uint64_t live_of(const struct seep_process *process, enum seep_kind kind)
{
	const struct seep_totals *totals = &process->totals[kind];

	return totals->traced ? totals->live_objects : SEEP_UNKNOWN;
}

void seep_process_stats_read_pss(struct seep_process *process, uint64_t *due_ns)
{
	uint64_t start_ns = seep_clock_monotonic_ns(), pss_bytes, wait_ns;

	if (start_ns < *due_ns ||
	    (process->rss_bytes != SEEP_UNKNOWN && process->rss_bytes > PSS_RESIDENT_MAX))
		return;
	if (!seep_proc_pss_read(process->pid, &pss_bytes))
		process->pss_bytes = pss_bytes;
	/* Measured, not assumed: a process of twice the size is read half as often. */
	wait_ns = PSS_TIME_SHARE * (seep_clock_monotonic_ns() - start_ns);
	*due_ns = start_ns + (wait_ns > PSS_INTERVAL_NS ? wait_ns : PSS_INTERVAL_NS);
}

void seep_process_stats_read(const struct seep_process_stats_source *source,
			     const struct seep_process *process,
			     struct seep_process_stats *ret_process_stats)
{
	struct seep_process_stats stats = {
		.rss_bytes = SEEP_UNKNOWN,
		.anon_bytes = SEEP_UNKNOWN,
		.file_bytes = SEEP_UNKNOWN,
		.shared_bytes = SEEP_UNKNOWN,
		.system_shared_bytes = SEEP_UNKNOWN,
		.descendants_bytes = SEEP_UNKNOWN,
		.num_fds = live_of(process, SEEP_KIND_FD),
		.num_threads = live_of(process, SEEP_KIND_THREAD),
		.num_mappings = SEEP_UNKNOWN,
	};

	for (int i = 0; i < SEEP_LIMIT_COUNT; i++)
		stats.usage[i] = usage_of(&unknown);
	/*
	 * rss_bytes is unknown as long as /proc has told nothing of the process: then the rest is,
	 * too.
	 */
	if (!process->exited && process->rss_bytes != SEEP_UNKNOWN) {
		stats.rss_bytes = process->rss_bytes;
		stats.anon_bytes = process->anon_bytes;
		stats.file_bytes = process->file_bytes;
		stats.shared_bytes = process->shared_bytes;
		stats.system_shared_bytes = source->shared_bytes;
		stats.usage[SEEP_LIMIT_MACHINE_MEMORY] = usage_of(&source->machine);
		read_limits(process, &stats);
		read_mappings(source, process, &stats);
		read_cgroup(source, process, &stats);
	}
	*ret_process_stats = stats;
}
