// SPDX-License-Identifier: GPL-2.0-only
/*
 * The collector calls begin, add for each entry of the kernel's table and for each frozen one, and
 * end. An entry is found by process, kind and stack in a hash table that lives as long as the
 * trace: it remembers what was alive in the last snapshot. What is gone is remembered as well until
 * it outweighs what is there, because a site may come back.
 */
#include "trace/site_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/vector.h"
#include "model/sampling.h"
#include "seep/sampling.h"

/* Sites that are remembered although they are gone: so many more than there are. */
#define MAX_REMEMBERED_MORE 1000

/* What is remembered of a site from one snapshot to the next. */
struct memory {
	struct seep_site_key key;
	uint64_t seq;	       /* of the last snapshot with this site ... */
	size_t index;	       /* ... where it stood there ... */
	uint64_t bytes_before; /* ... and what was alive in the one before */
	uint64_t objects_before;
	uint64_t live_bytes;
	uint64_t live_objects;
	struct seep_sampling *sampling; /* of the site in the last snapshot; NULL: it was exact */
	UT_hash_handle hh;
};

/* Sites are an array that is filled anew for each snapshot; memories are a hash that stays. */
struct seep_site_table {
	uint64_t seq; /* of the snapshot, from 1 */
	struct memory *memories;
	SEEP_VECTOR(struct seep_site) sites;
};

/*
 * Counters and ages were read at slightly different moments while the target went on; what is
 * younger than --min-age can so seem to be more than what is alive.
 */
static uint64_t older(uint64_t live, uint64_t young)
{
	return young < live ? live - young : 0;
}

/*
 * What the last scan has found of this entry: ages of what is alive, and how much of it is young.
 */
static void fill_ages(struct seep_site *site, const struct seep_site_value *value,
		      const struct seep_site_moment *moment)
{
	site->oldest_ns = SEEP_UNKNOWN;
	site->ages_known = true;
	if (value->scan != moment->scan_number)
		return; /* nothing of this site was alive */
	memcpy(site->ages, value->ages, sizeof(site->ages));
	/* Created after the moment of the snapshot: there is no age yet. */
	if (value->oldest_ns <= moment->now_ns)
		site->oldest_ns = moment->now_ns - value->oldest_ns;
	if (moment->min_age_ns) {
		bool weighed = moment->weighed && site->kind == SEEP_KIND_MEMORY;
		uint64_t young = value->young_objects >> (weighed ? SEEP_SAMPLE_SHIFT : 0);

		site->live_objects = older(site->live_objects, young);
		site->live_bytes = older(site->live_bytes, value->young_bytes);
	}
}

void seep_site_fill(struct seep_site *site, const struct seep_site_value *value,
		    const struct seep_site_moment *moment)
{
	site->counts.allocs = value->allocs;
	site->counts.frees = value->frees;
	site->counts.alloc_bytes = value->alloc_bytes;
	site->counts.free_bytes = value->free_bytes;
	site->live_objects = seep_counts_live_objects(&site->counts);
	site->live_bytes = seep_counts_live_bytes(&site->counts);
	memcpy(site->lifetimes, value->lifetimes, sizeof(site->lifetimes));
	fill_ages(site, value, moment);
}

int seep_site_table_new(struct seep_site_table **ret_table)
{
	struct seep_site_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	*ret_table = table;
	return 0;
}

static void forget(struct seep_site_table *table, struct memory *memory)
{
	HASH_DEL(table->memories, memory);
	free(memory->sampling);
	free(memory);
}

void seep_site_table_free(struct seep_site_table *table)
{
	struct memory *memory, *next;

	if (!table)
		return;
	HASH_ITER(hh, table->memories, memory, next)
		forget(table, memory);
	free(table->sites.items);
	free(table);
}

void seep_site_table_begin(struct seep_site_table *table)
{
	table->seq++;
	table->sites.count = 0;
}

/* Finds or adds the memory of a site. 0 or -ENOMEM. */
static int remember(struct seep_site_table *table, const struct seep_site_key *key,
		    struct memory **ret_memory)
{
	struct memory *memory;

	HASH_FIND(hh, table->memories, key, sizeof(*key), memory);
	if (!memory) {
		memory = calloc(1, sizeof(*memory));
		if (!memory)
			return -ENOMEM;
		memory->key = *key;
		HASH_ADD(hh, table->memories, key, sizeof(memory->key), memory);
	}
	*ret_memory = memory;
	return 0;
}

/* Chance was another one in both entries of a site. The share that stays is that of the larger. */
static void merge_sampling(struct seep_sampling *sampling, const struct seep_sampling *other)
{
	if (other->seen_objects > sampling->seen_objects) {
		sampling->staying = other->staying;
		sampling->staying_low = other->staying_low;
		sampling->staying_high = other->staying_high;
		sampling->staying_surely = other->staying_surely;
	}
	sampling->seen_objects += other->seen_objects;
	sampling->allocs_error = hypot(sampling->allocs_error, other->allocs_error);
	sampling->alloc_bytes_error = hypot(sampling->alloc_bytes_error, other->alloc_bytes_error);
	sampling->live_objects_error =
		hypot(sampling->live_objects_error, other->live_objects_error);
	sampling->live_bytes_error = hypot(sampling->live_bytes_error, other->live_bytes_error);
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		sampling->lifetimes[i] += other->lifetimes[i];
		sampling->ages[i] += other->ages[i];
	}
}

/* Keeps how far the numbers of @site can be trusted for as long as the snapshot. 0 or -ENOMEM. */
static int keep_sampling(struct memory *memory, const struct seep_site *site,
			 struct seep_site *kept)
{
	if (!site->sampling)
		return 0;
	if (kept->sampling && kept->sampling == memory->sampling) {
		merge_sampling(memory->sampling, site->sampling);
		return 0;
	}
	if (!memory->sampling)
		memory->sampling = malloc(sizeof(*memory->sampling));
	if (!memory->sampling)
		return -ENOMEM;
	*memory->sampling = *site->sampling;
	kept->sampling = memory->sampling;
	return 0;
}

/*
 * Adds an entry of the same site. Both may come from the kernel: one under the hash that BPF gave
 * the stack, one under that of the stack that was walked later.
 */
static void merge(struct seep_site *site, const struct seep_site *other)
{
	site->counts.allocs += other->counts.allocs;
	site->counts.frees += other->counts.frees;
	site->counts.alloc_bytes += other->counts.alloc_bytes;
	site->counts.free_bytes += other->counts.free_bytes;
	site->live_objects += other->live_objects;
	site->live_bytes += other->live_bytes;
	for (int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		site->lifetimes[i] += other->lifetimes[i];
		site->ages[i] += other->ages[i];
	}
	if (!site->details)
		site->details = other->details;
	/* The unknown age is the largest number, so it cannot just be compared. */
	if (site->oldest_ns == SEEP_UNKNOWN ||
	    (other->oldest_ns != SEEP_UNKNOWN && other->oldest_ns > site->oldest_ns))
		site->oldest_ns = other->oldest_ns;
}

/* The first entry of a site in this snapshot. */
static int append(struct seep_site_table *table, const struct seep_site *site,
		  struct memory *memory)
{
	int error = SEEP_APPEND(&table->sites, *site);

	if (error)
		return error;
	/*
	 * The first entry of a site in this snapshot; more of them change live_bytes, not
	 * bytes_before.
	 */
	memory->bytes_before = memory->live_bytes;
	memory->objects_before = memory->live_objects;
	memory->seq = table->seq;
	memory->index = table->sites.count - 1;
	return 0;
}

int seep_site_table_add(struct seep_site_table *table, uint32_t process,
			const struct seep_site *site)
{
	const struct seep_site_key key = {
		.process = process,
		.kind = site->kind,
		.stack = site->stack->hash,
	};
	struct memory *memory;
	struct seep_site *kept;
	int error = remember(table, &key, &memory);

	if (error)
		return error;
	if (memory->seq == table->seq)
		merge(&table->sites.items[memory->index], site);
	else
		error = append(table, site, memory);
	if (error)
		return error;
	/* By index again: appending may have moved the array. */
	kept = &table->sites.items[memory->index];
	error = keep_sampling(memory, site, kept);
	if (error)
		return error;
	memory->live_bytes = kept->live_bytes;
	memory->live_objects = kept->live_objects;
	/* In the first snapshot everything would be growth. */
	if (table->seq > 1) {
		kept->live_bytes_change = (int64_t)(memory->live_bytes - memory->bytes_before);
		kept->live_objects_change =
			(int64_t)(memory->live_objects - memory->objects_before);
	}
	return 0;
}

size_t seep_site_table_num_without_stack(const struct seep_site_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->sites.count; i++)
		count += !table->sites.items[i].stack->num_frames;
	return count;
}

/* Sites that are not there any more are those of processes that are not reported any more. */
struct seep_site *seep_site_table_end(struct seep_site_table *table, size_t *ret_count)
{
	struct memory *memory, *next;

	/* Walking the memories is worth it only when most of them are of sites that are gone. */
	if (HASH_COUNT(table->memories) > 2 * table->sites.count + MAX_REMEMBERED_MORE) {
		HASH_ITER(hh, table->memories, memory, next) {
			if (memory->seq != table->seq)
				forget(table, memory);
		}
	}
	*ret_count = table->sites.count;
	return table->sites.items;
}
