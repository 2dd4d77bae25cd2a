// SPDX-License-Identifier: GPL-2.0-only
/*
 * A heap has a site that stands for it: the sum of its sites, with a record as any site has
 * (record.c). The judge calls begin, add, judge and end for each snapshot. A process has few
 * runtimes, so there are few heaps. The pools of the program itself are summed up in the same way.
 */
#include "verdict/heaps.h"

#include <errno.h>
#include <stdlib.h>

#include "base/units.h"
#include "verdict/record.h"

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Hashed as bytes, so it must have no padding. */
struct key {
	uint64_t pool; /* 0: the heap of a runtime */
	uint32_t process;
	uint32_t runtime;
};

struct entry {
	struct key key;
	bool begun; /* has a series */
	struct seep_site sum;
	struct seep_site_record record;
	struct seep_heap heap;
	UT_hash_handle hh;
};

struct seep_heaps {
	struct entry *entries;
};

int seep_heaps_new(struct seep_heaps **ret_heaps)
{
	struct seep_heaps *heaps = calloc(1, sizeof(*heaps));

	if (!heaps)
		return -ENOMEM;
	*ret_heaps = heaps;
	return 0;
}

/* Drops those without a site in this snapshot, or all. */
static void forget(struct seep_heaps *heaps, bool all)
{
	struct entry *entry, *next;

	HASH_ITER(hh, heaps->entries, entry, next) {
		if (!all && entry->heap.num_sites > 0)
			continue;
		HASH_DEL(heaps->entries, entry);
		free(entry);
	}
}

void seep_heaps_free(struct seep_heaps *heaps)
{
	if (!heaps)
		return;
	forget(heaps, true);
	free(heaps);
}

bool seep_heaps_have(const struct seep_site *site)
{
	return site->role == SEEP_SITE_ROLE_ARENA;
}

void seep_heaps_begin(struct seep_heaps *heaps)
{
	struct entry *entry, *next;

	HASH_ITER(hh, heaps->entries, entry, next) {
		entry->sum = (struct seep_site){0};
		entry->heap.num_sites = 0;
	}
}

static struct entry *find_key(const struct seep_heaps *heaps, struct key key)
{
	struct entry *entry;

	HASH_FIND(hh, heaps->entries, &key, sizeof(key), entry);
	return entry;
}

static struct key key_of(const struct seep_site *site)
{
	return (struct key){site->pool ? site->pool->id : 0, site->process->id, site->runtime};
}

static struct entry *find(const struct seep_heaps *heaps, const struct seep_process *process,
			  enum seep_runtime runtime)
{
	return find_key(heaps, (struct key){0, process->id, runtime});
}

static int add_entry(struct seep_heaps *heaps, const struct seep_site *site,
		     struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	entry->key = key_of(site);
	entry->heap.runtime = site->runtime;
	HASH_ADD(hh, heaps->entries, key, sizeof(entry->key), entry);
	if (!entry->hh.tbl) {
		free(entry);
		return -ENOMEM;
	}
	*ret_entry = entry;
	return 0;
}

/* The numbers that a verdict is made of; the ages are known if they are of all sites. */
static void add_numbers(struct seep_site *sum, const struct seep_site *site, bool first)
{
	seep_counts_add(&sum->counts, &site->counts);
	sum->ages_known = site->ages_known && (first || sum->ages_known);
	if (first || sum->oldest_ns == SEEP_UNKNOWN ||
	    (site->oldest_ns != SEEP_UNKNOWN && site->oldest_ns > sum->oldest_ns))
		sum->oldest_ns = site->oldest_ns;
	for (size_t i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		sum->ages[i] += site->ages[i];
		sum->lifetimes[i] += site->lifetimes[i];
	}
}

int seep_heaps_add(struct seep_heaps *heaps, const struct seep_site *site)
{
	struct entry *entry = find_key(heaps, key_of(site));
	int error;

	if (!entry) {
		error = add_entry(heaps, site, &entry);
		if (error)
			return error;
	}
	add_numbers(&entry->sum, site, entry->heap.num_sites == 0);
	entry->heap.num_sites++;
	entry->sum.kind = site->pool ? site->kind : SEEP_KIND_MAPPING;
	entry->sum.process = site->process;
	entry->sum.role = site->role;
	entry->sum.runtime = site->runtime;
	return 0;
}

/* One sample, and the verdict if it is due. @share: of the arenas, how much is in use. */
static void judge_heap(struct entry *entry, double share, const struct seep_heaps_moment *moment)
{
	double now_s = (double)moment->snapshot->elapsed_ns / (double)SEEP_NS_PER_S;
	struct seep_sample sample = seep_measurements_sample(&entry->sum, now_s);
	struct seep_site_record *record = &entry->record;
	struct seep_heap *heap = &entry->heap;

	heap->num_arenas = seep_counts_live_objects(&entry->sum.counts);
	heap->mapped_bytes = seep_counts_live_bytes(&entry->sum.counts);
	heap->used_bytes = share * (double)heap->mapped_bytes;
	sample.values[SEEP_SERIES_BYTES] = heap->used_bytes;
	if (!entry->begun)
		seep_site_record_init(record, moment->before_s, now_s);
	entry->begun = true;
	/*
	 * Of a process that stands still nothing is learnt, as of any of its sites; and of one that
	 * has ended nobody knows any more what was in use.
	 */
	if ((moment->idle && seep_class_grows(record->verdict.class)) ||
	    (entry->sum.process->exited && record->series.num_samples > 1))
		return;
	seep_series_add(&record->series, &sample);
	if (seep_site_record_is_due(record, &entry->sum, moment->snapshot))
		seep_site_record_judge(record, &entry->sum, NULL, moment->usage, now_s);
	heap->verdict = record->verdict;
}

/* All that is in its blocks counts: a pool has no use for blocks that it has not begun. */
static void judge_pools(struct seep_heaps *heaps, const struct seep_process *process,
			const struct seep_heaps_moment *moment)
{
	struct entry *entry, *next;

	HASH_ITER(hh, heaps->entries, entry, next) {
		if (entry->key.pool && entry->key.process == process->id &&
		    entry->heap.num_sites > 0)
			judge_heap(entry, 1, moment);
	}
}

/*
 * Of arenas that are only reserved little is resident: then what is in use is what is resident and
 * has no other owner, and heaps share in it by their size.
 */
double seep_heaps_judge(struct seep_heaps *heaps, const struct seep_process *process,
			const struct seep_heaps_moment *moment)
{
	double mapped = 0, used;

	for (int i = 0; i < SEEP_RUNTIME_COUNT; i++) {
		const struct entry *entry = find(heaps, process, (enum seep_runtime)i);

		if (entry)
			mapped += (double)seep_counts_live_bytes(&entry->sum.counts);
	}
	/* With NAN the comparison fails. */
	used = moment->free_bytes < mapped ? moment->free_bytes : mapped;
	for (int i = 0; i < SEEP_RUNTIME_COUNT; i++) {
		struct entry *entry = find(heaps, process, (enum seep_runtime)i);

		if (entry && entry->heap.num_sites > 0)
			judge_heap(entry, mapped > 0 ? used / mapped : 1, moment);
	}
	judge_pools(heaps, process, moment);
	return used;
}

void seep_heaps_end(struct seep_heaps *heaps)
{
	forget(heaps, false);
}

const struct seep_heap *seep_heaps_find(const struct seep_heaps *heaps,
					const struct seep_process *process,
					enum seep_runtime runtime)
{
	const struct entry *entry = find(heaps, process, runtime);

	return entry ? &entry->heap : NULL;
}

const struct seep_heap *seep_heaps_find_pool(const struct seep_heaps *heaps,
					     const struct seep_site *site)
{
	const struct entry *entry = site->pool ? find_key(heaps, key_of(site)) : NULL;

	return entry ? &entry->heap : NULL;
}
