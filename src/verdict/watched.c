// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three passes for each snapshot: the processes are met, which resets sums; sites are added to
 * these sums and to the heaps of runtimes; processes and heaps are judged by them. What the
 * snapshot does not have any more is forgotten.
 */
#include "verdict/watched.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/units.h"

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* A slope of fewer samples says nothing. */
#define GROWTH_SAMPLES 4

struct entry {
	uint32_t id;
	uint64_t seen;	      /* seq of the snapshot */
	uint64_t operations;  /* of all its sites so far */
	uint64_t collections; /* as it counts them */
	double mapped_bytes;  /* since the trace began; but for heaps of runtimes */
	double heap_memory;   /* of its blocks of memory, what is part of such a heap */
	struct seep_watched watched;
	UT_hash_handle hh;
};

struct seep_watched_processes {
	struct entry *entries;
	struct seep_heaps *heaps;
};

int seep_watched_new(struct seep_watched_processes **ret_processes)
{
	struct seep_watched_processes *processes = calloc(1, sizeof(*processes));

	if (!processes || seep_heaps_new(&processes->heaps)) {
		free(processes);
		return -ENOMEM;
	}
	*ret_processes = processes;
	return 0;
}

/* Drops what was not seen in this snapshot; 0: everything. */
static void forget(struct seep_watched_processes *processes, uint64_t seq)
{
	struct entry *entry, *next;

	HASH_ITER(hh, processes->entries, entry, next) {
		if (entry->seen == seq)
			continue;
		HASH_DEL(processes->entries, entry);
		free(entry);
	}
}

void seep_watched_free(struct seep_watched_processes *processes)
{
	if (!processes)
		return;
	forget(processes, 0);
	seep_heaps_free(processes->heaps);
	free(processes);
}

/* Allocations and releases of all kinds: if the sum stands still, the process did nothing. */
static uint64_t operations_of(const struct seep_process *process)
{
	uint64_t sum = 0;

	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++)
		sum += process->totals[kind].counts.allocs + process->totals[kind].counts.frees;
	return sum;
}

static struct entry *find(const struct seep_watched_processes *processes,
			  const struct seep_process *process)
{
	struct entry *found;

	HASH_FIND(hh, processes->entries, &process->id, sizeof(process->id), found);
	return found;
}

static int add(struct seep_watched_processes *processes, const struct seep_process *process,
	       struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->id = process->id;
	entry->collections = SEEP_UNKNOWN;
	seep_series_init(&entry->watched.series);
	seep_series_init(&entry->watched.parts);
	HASH_ADD(hh, processes->entries, id, sizeof(entry->id), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return -ENOMEM;
	}
	*ret_entry = entry;
	return 0;
}

/* The first number that is known says nothing about when they took place. */
static void count_collections(struct entry *entry, uint64_t collections, double before_s)
{
	if (collections == SEEP_UNKNOWN)
		return;
	if (entry->collections != SEEP_UNKNOWN && collections > entry->collections)
		seep_collections_note(&entry->watched.collections, collections - entry->collections,
				      before_s);
	entry->collections = collections;
}

/* Makes it known, before anything of this snapshot is judged. */
static int meet(struct seep_watched_processes *processes, const struct seep_process *process,
		uint64_t seq, double before_s)
{
	struct entry *entry = find(processes, process);
	uint64_t operations = operations_of(process);
	int error;

	if (!entry) {
		error = add(processes, process, &entry);
		if (error)
			return error;
	} else {
		entry->watched.idle = entry->operations == operations;
	}
	entry->operations = operations;
	entry->mapped_bytes = 0;
	entry->heap_memory = 0;
	entry->seen = seq;
	count_collections(entry, process->collections, before_s);
	return 0;
}

/*
 * Adds a site to what its process has mapped, or to one of its heaps. All processes of the snapshot
 * were met before, so it is found. 0 or -ENOMEM.
 */
static int add_site(struct seep_watched_processes *processes, const struct seep_site *site)
{
	double bytes = (double)seep_counts_live_bytes(&site->counts);
	struct entry *entry = find(processes, site->process);
	int origin = seep_origin_of(site->stack);
	int error = 0;

	if (seep_heaps_have(site)) {
		if (site->kind == SEEP_KIND_MEMORY)
			entry->heap_memory += bytes;
		return seep_heaps_add(processes->heaps, site);
	}
	/*
	 * Its blocks are what the process has taken, whatever their sum is judged by. A single one
	 * is a buffer more often than the first of a pool, and most processes have some.
	 */
	if (seep_pool_is_known(site->pool) || (site->pool && site->counts.allocs > 1))
		error = seep_heaps_add(processes->heaps, site);
	/*
	 * A mapping from before the trace can only shrink, as a part that was reserved does when it
	 * is mapped again for use: what grows is the other one.
	 */
	if (site->kind == SEEP_KIND_MAPPING && origin != SEEP_ORIGIN_ALLOCATOR &&
	    origin != SEEP_ORIGIN_BEFORE)
		entry->mapped_bytes += bytes;
	return error;
}

/*
 * What has become resident since the trace began and is not in blocks of memory: the most that the
 * heaps can have in use. Mappings are not taken off, for they may be reserved only.
 */
static double free_bytes(const struct seep_process *process, const struct seep_process_stats *stats,
			 double heap_memory)
{
	double memory = (double)process->totals[SEEP_KIND_MEMORY].live_bytes - heap_memory;
	double before =
		process->pre_attach_bytes == SEEP_UNKNOWN ? 0 : (double)process->pre_attach_bytes;

	if (!stats || stats->anon_bytes == SEEP_UNKNOWN)
		return NAN;
	return fmax(0, (double)stats->anon_bytes - before - memory);
}

/* Judges its heaps; returns how much of them is in use. */
static double judge_heaps(struct seep_watched_processes *processes,
			  const struct seep_snapshot *snapshot, const struct seep_process *process,
			  const struct seep_process_stats *stats, double before_s)
{
	const struct entry *entry = find(processes, process);
	struct seep_heaps_moment moment = {
		.snapshot = snapshot,
		.before_s = before_s,
		.idle = entry->watched.idle,
		.free_bytes = free_bytes(process, stats, entry->heap_memory),
		.usage = stats ? stats->usage : NULL,
	};

	return seep_heaps_judge(processes->heaps, process, &moment);
}

/* How fast the memory of a process has grown lately. */
static double late_growth(const struct seep_watched *watched)
{
	const struct seep_series *series = &watched->series;
	double from_s = series->latest.time_s - seep_series_span_s(series) / SEEP_LATE_PART;
	size_t from = series->num_samples - 1;

	while (from > 0 && series->samples[from].time_s > from_s)
		from--;
	return (series->latest.values[SEEP_PROCESS_STAT_RESIDENT] -
		series->samples[from].values[SEEP_PROCESS_STAT_RESIDENT]) /
	       (series->latest.time_s - series->samples[from].time_s);
}

/* How long a process has run, what it had, and whether that grows. */
static struct seep_past past_of(const struct seep_snapshot *snapshot,
				const struct seep_process *process,
				const struct seep_watched *watched)
{
	struct seep_past past = {0};
	uint64_t began_ns = snapshot->utc_ns - snapshot->elapsed_ns;

	if (watched->verdict.resident.num_samples >= GROWTH_SAMPLES) {
		past.growth_known = true;
		past.growth = watched->verdict.resident.slope.value;
		past.late_growth = late_growth(watched);
	}
	/* The clock of the day may have been set in between. */
	if (!process->attached_late || process->pre_attach_bytes == SEEP_UNKNOWN ||
	    process->start_utc_ns == SEEP_UNKNOWN || process->start_utc_ns > began_ns)
		return past;
	past.age_s = (double)(began_ns - process->start_utc_ns) / (double)SEEP_NS_PER_S;
	past.memory_bytes = (double)process->pre_attach_bytes;
	return past;
}

/* A process whose memory is not known gets no sample, and is judged by those that it has. */
static void judge(struct seep_watched_processes *processes, const struct seep_snapshot *snapshot,
		  const struct seep_process *process, const struct seep_process_stats *stats,
		  double before_s)
{
	double now_s = (double)snapshot->elapsed_ns / (double)SEEP_NS_PER_S;
	double heaps_bytes = judge_heaps(processes, snapshot, process, stats, before_s);
	struct entry *entry = find(processes, process);
	struct seep_watched *watched = &entry->watched;
	struct seep_sample sample;
	/* Memory in heaps is among the totals of the process already. */
	double mapped = entry->mapped_bytes + fmax(0, heaps_bytes - entry->heap_memory);

	if (seep_process_sample(process, stats, (uint64_t)mapped, now_s, &sample))
		seep_series_add(&watched->series, &sample);
	if (stats && stats->rss_bytes != SEEP_UNKNOWN) {
		seep_process_sample_parts(stats, now_s, &sample);
		seep_series_add(&watched->parts, &sample);
	}
	seep_process_conclude(process, stats, &watched->series, &watched->parts, &watched->verdict);
	watched->past = past_of(snapshot, process, watched);
}

int seep_watched_feed(struct seep_watched_processes *processes,
		      const struct seep_snapshot *snapshot, const struct seep_process_stats *stats,
		      double before_s)
{
	int error = 0;

	for (size_t i = 0; i < snapshot->num_processes && !error; i++)
		error = meet(processes, &snapshot->processes[i], snapshot->seq, before_s);
	seep_heaps_begin(processes->heaps);
	for (size_t i = 0; i < snapshot->num_sites && !error; i++)
		error = add_site(processes, &snapshot->sites[i]);
	for (size_t i = 0; i < snapshot->num_processes && !error; i++)
		judge(processes, snapshot, &snapshot->processes[i], stats ? &stats[i] : NULL,
		      before_s);
	seep_heaps_end(processes->heaps);
	forget(processes, snapshot->seq);
	return error;
}

const struct seep_watched *seep_watched_find(const struct seep_watched_processes *processes,
					     const struct seep_process *process)
{
	const struct entry *entry = find(processes, process);

	return entry ? &entry->watched : NULL;
}

const struct seep_heap *seep_watched_heap(const struct seep_watched_processes *processes,
					  const struct seep_process *process,
					  enum seep_runtime runtime)
{
	return seep_heaps_find(processes->heaps, process, runtime);
}

const struct seep_heap *seep_watched_pool(const struct seep_watched_processes *processes,
					  const struct seep_site *site)
{
	return seep_heaps_find_pool(processes->heaps, site);
}
