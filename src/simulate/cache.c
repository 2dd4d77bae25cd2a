// SPDX-License-Identifier: GPL-2.0-only
/* A cache: fills up, and then gives up the entry that was used least recently for each new one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simulate/activity.h"

#define KEYS_PER_ENTRY 2 /* so that some look-ups miss, however long it runs */

/* Of one key; entries are chained from the one used last to the one used least recently. */
struct entry {
	char *value; /* NULL: not in the cache */
	struct entry *newer;
	struct entry *older;
};

/* Entries of all keys are one array; those in the cache are chained as well. */
struct cache {
	uint64_t count;
	uint64_t capacity;
	struct entry *entries; /* by key */
	struct entry *newest;
	struct entry *oldest;
};

/* Its neighbours become neighbours; at an end of the chain the cache itself is the neighbour. */
static void unchain(struct cache *cache, struct entry *entry)
{
	*(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

/* As the entry used last. */
static void chain(struct cache *cache, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

/* Gives up the entry used least recently; its place in the array stays for its key. */
SIMULATED void evict(struct seep_work *work, struct cache *cache)
{
	struct entry *entry = cache->oldest;

	unchain(cache, entry);
	free(entry->value);
	entry->value = NULL;
	cache->count--;
	seep_count_released(work, 0, seep_work_size(work));
}

/* The site: the value of an entry. It is written whole, as a loaded value would be. */
SIMULATED int cache_insert(struct seep_work *work, struct entry *entry)
{
	entry->value = malloc(seep_work_size(work));
	if (!entry->value)
		return -ENOMEM;
	memset(entry->value, 'c', seep_work_size(work));
	seep_count_made(work, 0, seep_work_size(work));
	return 0;
}

/* A miss: evicts first, so that there are never more entries than the capacity. */
SIMULATED int load_entry(struct seep_work *work, struct cache *cache, struct entry *entry)
{
	int error;

	if (cache->count == cache->capacity)
		evict(work, cache);
	error = cache_insert(work, entry);
	if (error)
		return error;
	chain(cache, entry);
	cache->count++;
	return 0;
}

/* A hit only moves the entry to the front. */
SIMULATED int find_entry(struct seep_work *work, struct cache *cache, struct entry *entry)
{
	if (!entry->value)
		return load_entry(work, cache, entry);
	unchain(cache, entry);
	chain(cache, entry);
	return 0;
}

/* Keys with low numbers are asked for more often. */
static uint64_t draw_key(struct seep_work *work, const struct cache *cache)
{
	uint64_t num_keys = cache->capacity * KEYS_PER_ENTRY;

	return seep_random_below(&work->random, 1 + seep_random_below(&work->random, num_keys));
}

/* One entry for each key that can be asked for, in the cache or not. */
static int begin(struct seep_work *work)
{
	struct cache *cache = work->state;

	cache->capacity = seep_work_share(work, work->parameters[SEEP_SIMULATE_OBJECTS]);
	if (!cache->capacity)
		return 0;
	cache->entries = calloc(cache->capacity * KEYS_PER_ENTRY, sizeof(*cache->entries));
	return cache->entries ? 0 : -ENOMEM;
}

/* A step: asks for one key. */
SIMULATED int look_up(struct seep_work *work)
{
	struct cache *cache = work->state;

	if (!cache->capacity)
		return 0;
	return find_entry(work, cache, &cache->entries[draw_key(work, cache)]);
}

const struct seep_activity seep_activity_cache = {
	.sites = {{"cache_insert",
		   SEEP_KIND_MEMORY,
		   {SEEP_TRUTH_CACHE, SEEP_TRUTH_BIT(STEADY) | SEEP_TRUTH_BIT(WARMING_UP)}}},
	.num_sites = 1,
	.state_bytes = sizeof(struct cache),
	.background = {[SEEP_SIMULATE_RATE] = 400,
		       [SEEP_SIMULATE_SIZE] = 512,
		       [SEEP_SIMULATE_OBJECTS] = 500},
	.begin = begin,
	.step = look_up,
};
