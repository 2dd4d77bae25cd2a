/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc and the control groups tell of a process for its verdict: memory, numbers, limits. */
#ifndef SEEP_TARGET_PROCESS_STATS_H
#define SEEP_TARGET_PROCESS_STATS_H

#include "growth/process.h"
#include "kernel/kernel.h"
#include "model/snapshot.h"
#include "proc/usage.h"

/* What is the same for all processes of a snapshot. */
struct seep_process_stats_source {
	char *cgroup_mount;		/* NULL: there is no cgroup v2 */
	struct seep_proc_usage machine; /* memory */
	uint64_t shared_bytes;		/* shared memory of the machine */
	uint64_t max_mappings;		/* of a process */
	struct seep_kernel *kernel;
};

/*
 * Looks for what does not change. @kernel must outlive the source. Never fails: what cannot be read
 * is not known.
 */
void seep_process_stats_source_init(struct seep_process_stats_source *source,
				    struct seep_kernel *kernel);
void seep_process_stats_source_done(struct seep_process_stats_source *source);
/* Reads what all processes share; before each snapshot. */
void seep_process_stats_source_read(struct seep_process_stats_source *source);

/*
 * Sets process->pss_bytes, for which the kernel goes over all its pages: 12 ms for each GiB on the
 * machine of the benchmarks. So at most every 10 s, and for at most a hundredth of the time;
 * *due_ns, which is 0 at first, says when again. What cannot be read stays as it is, and so does
 * that of a process of more than 4 GiB, which would stand still for too long.
 */
void seep_process_stats_read_pss(struct seep_process *process, uint64_t *due_ns);

/* Of one process, SEEP_UNKNOWN for what cannot be read; of one that has ended nothing can. */
void seep_process_stats_read(const struct seep_process_stats_source *source,
			     const struct seep_process *process,
			     struct seep_process_stats *ret_process_stats);

#endif
