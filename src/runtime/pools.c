// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three passes over the sites of a snapshot. The first finds the calls of an allocator that make
 * equal, large blocks of which none was released; the second drops those through which anything
 * else comes, as through a wrapper of malloc. The third sums up what is left by the function that
 * calls, and pool_words.c tells which of these are pools. Without such calls, as in most programs,
 * the first pass is all. Pools are bounded by the number of sites.
 */
#include "runtime/pools.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "runtime/pool_words.h"
#include "symbol/walk.h"

/* Four pages: what is smaller is an object more often than room for objects. */
#define LEAST_BLOCK 16384

/* With fewer than this, equal sizes may be chance. */
#define LEAST_BLOCKS 4

/* The call of an allocator, in a process. Hashed as bytes, so it must have no padding. */
struct call_key {
	uint64_t frame;
	uint32_t process;
	uint32_t kind;
};

struct call {
	struct call_key key;
	uint64_t bytes_each;
	bool other; /* something else comes from it as well */
	UT_hash_handle hh;
};

struct pool_key {
	uint64_t function;
	uint64_t bytes_each;
	uint32_t process;
	uint32_t kind;
};

struct entry {
	struct pool_key key;
	struct seep_pool pool;
	char *evidence;
	char *advice;
	uint64_t blocks;
	size_t num_sites;
	const struct seep_site *sites[SEEP_POOL_SITES]; /* of the present snapshot: the largest */
	UT_hash_handle hh;
};

struct seep_pools {
	struct seep_symbolizer *symbolizer;
	struct seep_pool_words *words;
	struct call *calls;
	struct entry *entries;
};

int seep_pools_new(struct seep_symbolizer *symbolizer, struct seep_pools **ret_pools)
{
	struct seep_pools *pools = calloc(1, sizeof(*pools));

	if (!pools || seep_pool_words_new(symbolizer, &pools->words)) {
		free(pools);
		return -ENOMEM;
	}
	pools->symbolizer = symbolizer;
	*ret_pools = pools;
	return 0;
}

static void forget_calls(struct seep_pools *pools)
{
	struct call *call, *next;

	HASH_ITER(hh, pools->calls, call, next) {
		HASH_DEL(pools->calls, call);
		free(call);
	}
}

/* Those without a site in this snapshot, or all. */
static void forget_entries(struct seep_pools *pools, bool all)
{
	struct entry *entry, *next;

	HASH_ITER(hh, pools->entries, entry, next) {
		if (!all && entry->num_sites > 0)
			continue;
		HASH_DEL(pools->entries, entry);
		free(entry->evidence);
		free(entry->advice);
		free(entry);
	}
}

void seep_pools_free(struct seep_pools *pools)
{
	if (!pools)
		return;
	forget_calls(pools);
	forget_entries(pools, true);
	seep_pool_words_free(pools->words);
	free(pools);
}

static bool has_blocks(const struct seep_site *site)
{
	return (site->kind == SEEP_KIND_MEMORY || site->kind == SEEP_KIND_MAPPING) &&
	       site->role == SEEP_SITE_ROLE_NONE && site->counts.allocs > 0 &&
	       seep_origin_of(site->stack) < 0;
}

/* As far as the sums tell: blocks of one size, and none released. */
static bool has_shape(const struct seep_site *site)
{
	const struct seep_counts *counts = &site->counts;

	return counts->frees == 0 && counts->alloc_bytes % counts->allocs == 0 &&
	       counts->alloc_bytes / counts->allocs >= LEAST_BLOCK;
}

/*
 * The first frame that is no allocator's: not the innermost one, and not of the library of C. Code
 * of no file is no function. The number of frames if there is none.
 */
static size_t find_call(struct seep_symbolizer *symbolizer, const struct seep_stack *stack)
{
	for (size_t i = 1; i < stack->num_frames; i++) {
		if (stack->frames[i] & SEEP_FRAME_RAW)
			return stack->num_frames;
		if (!seep_module_is_standard(seep_symbolizer_path(symbolizer, stack->frames[i])))
			return i;
	}
	return stack->num_frames;
}

/* False if the stack does not show it. */
static bool key_of_call(const struct seep_pools *pools, const struct seep_site *site,
			struct call_key *ret_key)
{
	size_t index = find_call(pools->symbolizer, site->stack);

	if (index == site->stack->num_frames)
		return false;
	*ret_key = (struct call_key){site->stack->frames[index], site->process->id, site->kind};
	return true;
}

static struct call *find(const struct seep_pools *pools, const struct seep_site *site)
{
	struct call_key key;
	struct call *call = NULL;

	if (key_of_call(pools, site, &key))
		HASH_FIND(hh, pools->calls, &key, sizeof(key), call);
	return call;
}

/* 0 or -ENOMEM. */
static int add_call(struct seep_pools *pools, const struct seep_site *site)
{
	struct call_key key;
	struct call *call;

	if (find(pools, site) || !key_of_call(pools, site, &key))
		return 0;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->key = key;
	call->bytes_each = site->counts.alloc_bytes / site->counts.allocs;
	HASH_ADD(hh, pools->calls, key, sizeof(call->key), call);
	if (!call->hh.tbl) {
		free(call);
		return -ENOMEM;
	}
	return 0;
}

/* The first two passes. 0 or -ENOMEM. */
static int find_calls(struct seep_pools *pools, const struct seep_site *sites, size_t num_sites)
{
	int error = 0;

	forget_calls(pools);
	for (size_t i = 0; i < num_sites && !error; i++) {
		if (has_blocks(&sites[i]) && has_shape(&sites[i]))
			error = add_call(pools, &sites[i]);
	}
	for (size_t i = 0; i < num_sites && pools->calls; i++) {
		const struct seep_counts *counts = &sites[i].counts;
		struct call *call = has_blocks(&sites[i]) ? find(pools, &sites[i]) : NULL;

		if (call && (!has_shape(&sites[i]) ||
			     counts->alloc_bytes != counts->allocs * call->bytes_each))
			call->other = true;
	}
	return error;
}

/* The function of the program or library that calls, and its index in the stack; 0: it has no name.
 */
static uint64_t find_function(const struct seep_pools *pools, const struct seep_site *site,
			      size_t *ret_index)
{
	size_t frame = find_call(pools->symbolizer, site->stack), index = 0;
	struct seep_walk walk;

	seep_walk_init(&walk, pools->symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (; seep_walk_next(&walk); index++) {
		if (walk.frames_done <= frame || seep_walk_is_standard(&walk))
			continue;
		*ret_index = index;
		return walk.line->function ? seep_walk_function_key(&walk) : 0;
	}
	return 0;
}

static int get_entry(struct seep_pools *pools, const struct pool_key *key, struct entry **ret_entry)
{
	struct entry *entry;

	HASH_FIND(hh, pools->entries, key, sizeof(*key), entry);
	if (!entry) {
		entry = calloc(1, sizeof(*entry));
		if (!entry)
			return -ENOMEM;
		entry->key = *key;
		entry->pool.id = XXH3_64bits(key, sizeof(*key));
		HASH_ADD(hh, pools->entries, key, sizeof(entry->key), entry);
		if (!entry->hh.tbl) {
			free(entry);
			return -ENOMEM;
		}
	}
	*ret_entry = entry;
	return 0;
}

static int add_site(struct seep_pools *pools, struct seep_site *site, const struct call *call)
{
	struct pool_key key = {
		.bytes_each = call->bytes_each,
		.process = site->process->id,
		.kind = site->kind,
	};
	struct entry *entry;
	size_t index;
	int error;

	key.function = find_function(pools, site, &index);
	if (!key.function)
		return 0;
	error = get_entry(pools, &key, &entry);
	if (error)
		return error;
	if (entry->num_sites < SEEP_POOL_SITES)
		entry->sites[entry->num_sites] = site;
	entry->num_sites++;
	entry->blocks += site->counts.allocs;
	site->pool = &entry->pool;
	site->pool_index = index;
	return 0;
}

/* Is it known to be a pool? Then its sentences are those of now. 0 or -ENOMEM. */
static int describe(struct seep_pools *pools, struct entry *entry)
{
	const struct seep_pool_shape shape = {
		.sites = entry->sites,
		.num_sites =
			entry->num_sites < SEEP_POOL_SITES ? entry->num_sites : SEEP_POOL_SITES,
		.blocks = entry->blocks,
		.bytes_each = entry->key.bytes_each,
	};
	int error = 0;

	free(entry->evidence);
	free(entry->advice);
	entry->evidence = NULL;
	entry->advice = NULL;
	if (entry->blocks >= LEAST_BLOCKS)
		error = seep_pool_words_describe(pools->words, &shape, &entry->evidence,
						 &entry->advice);
	entry->pool.evidence = entry->evidence;
	entry->pool.advice = entry->advice;
	return error;
}

int seep_pools_fill(struct seep_pools *pools, struct seep_site *sites, size_t num_sites)
{
	struct entry *entry, *next;
	int error = find_calls(pools, sites, num_sites);

	HASH_ITER(hh, pools->entries, entry, next) {
		entry->num_sites = 0;
		entry->blocks = 0;
	}
	for (size_t i = 0; i < num_sites; i++) {
		const struct call *call;

		sites[i].pool = NULL;
		call = !error && pools->calls && has_blocks(&sites[i]) ? find(pools, &sites[i]) :
									 NULL;
		if (call && !call->other)
			error = add_site(pools, &sites[i], call);
	}
	HASH_ITER(hh, pools->entries, entry, next) {
		if (!error && entry->num_sites > 0)
			error = describe(pools, entry);
	}
	for (size_t i = 0; i < num_sites && error; i++)
		sites[i].pool = NULL;
	forget_entries(pools, false);
	return error;
}
