// SPDX-License-Identifier: GPL-2.0-only
/* The processes of a snapshot: one reading of /proc for each that lives. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "proc/process.h"
#include "target/fd_limit.h"
#include "target/process_stats.h"
#include "trace/collect_private.h"

/* What /proc tells of the memory of a process that lives; of others the last values stay. */
static void collect_memory(const struct seep_collector *collector, struct seep_record *record)
{
	struct seep_process *process = &record->process;
	struct seep_proc_memory memory;

	if (process->exited || seep_proc_memory_read(process->pid, &memory))
		return;
	process->rss_bytes = memory.rss_bytes;
	process->anon_bytes = memory.anon_bytes;
	process->file_bytes = memory.file_bytes;
	process->shared_bytes = memory.shared_bytes;
	process->address_space_bytes = memory.address_space_bytes;
	/* PSS is costly to read, and only the verdicts use it. */
	if (collector->parts.assessor)
		seep_process_stats_read_pss(process, &record->pss_due_ns);
}

/* How the memory of a process is traced. Once that is in windows, it is not sampled by bytes. */
static void describe_tracing(const struct seep_collector *collector, struct seep_process *process)
{
	const struct seep_filter *filter = collector->filter;
	bool in_windows = seep_sampled_has(collector->parts.sampled, process->id);

	process->seen_share = seep_sampled_share(collector->parts.sampled, process->id);
	process->sampled = in_windows || filter->sample_bytes;
	if (!filter->sample_bytes)
		return;
	if (!in_windows) {
		process->mode = SEEP_TRACING_BYTES;
		process->seen_share = NAN;
	} else if (process->mode == SEEP_TRACING_BYTES) {
		process->mode = SEEP_TRACING_EXACT;
	}
	/* A release of a block that is not known is one of a block that is not in the sample. */
	process->unmatched_frees = SEEP_UNKNOWN;
	process->unmatched_free_bytes = SEEP_UNKNOWN;
	process->unmatched_frees_unsized = SEEP_UNKNOWN;
}

/* Readers and writers of the snapshot leave the records alone. */
int seep_collect_processes(struct seep_collector *collector)
{
	size_t count = seep_processes_count(collector->parts.processes), shown = 0;
	struct seep_process *processes =
		realloc(collector->processes, (count + 1) * sizeof(*processes));

	if (!processes)
		return -ENOMEM;
	collector->processes = processes;
	for (size_t i = 0; i < count; i++) {
		struct seep_record *record = seep_processes_at(collector->parts.processes, i);

		/* A launched command before its exec is a copy of seep, with no sites. */
		if (record->before_exec)
			continue;
		/*
		 * Records and the array have different indexes: those before their exec are left
		 * out.
		 */
		record->index = shown;
		collect_memory(collector, record);
		if (!record->process.exited)
			seep_processes_read_unmatched(collector->parts.kernel, &record->process);
		describe_tracing(collector, &record->process);
		record->process.go = seep_managed_go(collector->parts.managed, record->process.id);
		processes[shown++] = record->process;
	}
	collector->snapshot.processes = processes;
	collector->snapshot.num_processes = shown;
	return 0;
}

void seep_collect_limits(struct seep_collector *collector, uint64_t now_ns)
{
	for (size_t i = 0; i < seep_processes_count(collector->parts.processes); i++) {
		struct seep_record *record = seep_processes_at(collector->parts.processes, i);
		struct seep_process *process = &collector->processes[record->index];

		if (!record->before_exec && !process->exited)
			seep_fd_limit_fill(&record->fd_growth, process, now_ns);
	}
}
