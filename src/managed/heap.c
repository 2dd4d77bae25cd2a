// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bucket counts how many of its objects were made and released, not which of them. It is taken
 * that the youngest are released first. So an object is as old as its place among the others: at
 * least as many were there all that time. What grows from collection to collection shows as objects
 * that stay, and garbage, as many of it as there may be, as objects that do not.
 *
 * An object shows in the profile when the next collection after that which it has outlived has
 * ended, so it is older than the time since that one.
 *
 * Memory: one entry for each bucket, at most SEEP_GO_BUCKETS_MAX, with GENERATIONS groups of
 * objects of the same age; and at most SEEP_PLACES_MAX places.
 */
#include "managed/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "managed/goroutines.h"
#include "measure/by_bytes.h"
#include "measure/survival.h"
#include "seep/sampling.h"

/* Neighbours in age are put together when there is no room for one more group. */
#define GENERATIONS 16

/* Objects that appeared together. */
struct generation {
	uint64_t since_ns;
	uint64_t count;
};

struct seep_heap_bucket {
	uint64_t address;
	struct seep_heap_place *place; /* NULL: there was no room for it */
	uint64_t bytes;
	struct seep_weighed object; /* what one of its objects stands for */
	uint64_t allocs;	    /* at the last reading */
	uint64_t frees;
	uint64_t existed;	/* that were there at the first reading and still are */
	size_t num_generations; /* oldest first */
	struct generation generations[GENERATIONS];
	UT_hash_handle hh;
};

void seep_tracked_heap_done(struct seep_tracked_heap *tracked)
{
	struct seep_heap_bucket *bucket, *next_bucket;
	struct seep_heap_place *place, *next_place;

	HASH_ITER(hh, tracked->buckets, bucket, next_bucket) {
		HASH_DEL(tracked->buckets, bucket);
		free(bucket);
	}
	HASH_ITER(hh, tracked->places, place, next_place) {
		HASH_DEL(tracked->places, place);
		free(place);
	}
}

/* The place with this stack, which may be new; *ret_place is NULL if there is no room. 0, -ENOMEM.
 */
static int get_place(struct seep_tracked_heap *tracked, const struct seep_frames_of *of,
		     const struct seep_frames *frames, struct seep_heap_place **ret_place)
{
	struct seep_heap_place *place;
	int error;

	HASH_FIND(hh, tracked->places, &frames->hash, sizeof(frames->hash), place);
	*ret_place = place;
	if (place || HASH_COUNT(tracked->places) == SEEP_PLACES_MAX)
		return 0;
	error = seep_stacks_resolve(of->stacks, frames->hash, frames->frames, frames->count,
				    frames->end);
	if (error)
		return error;
	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	place->stack = frames->hash;
	place->existed = !tracked->first_ns;
	HASH_ADD(hh, tracked->places, stack, sizeof(place->stack), place);
	*ret_place = place;
	return 0;
}

/* The stack of a bucket never changes, so it is asked for once. 0 or -ENOMEM. */
static int add_bucket(struct seep_tracked_heap *tracked, const struct seep_frames_of *of,
		      const struct seep_go_heap_profile *profile,
		      const struct seep_go_bucket *found, struct seep_heap_bucket **ret_bucket)
{
	const struct seep_go_stack stack = {
		.addresses = &profile->addresses[found->first_address],
		.num_addresses = found->num_addresses,
		.end = found->whole ? SEEP_END_COMPLETE : SEEP_END_DEPTH,
	};
	struct seep_heap_place *place;
	struct seep_heap_bucket *bucket;
	struct seep_frames frames;
	int error = seep_frames_make(of, &stack, &frames);

	if (!error)
		error = get_place(tracked, of, &frames, &place);
	if (error)
		return error;
	bucket = calloc(1, sizeof(*bucket));
	if (!bucket)
		return -ENOMEM;
	bucket->address = found->address;
	bucket->bytes = found->bytes;
	/* Once for all: what is released is taken from what was made. */
	bucket->object = seep_weighed_object(found->bytes, profile->mean_bytes);
	bucket->place = place;
	HASH_ADD(hh, tracked->buckets, address, sizeof(bucket->address), bucket);
	*ret_bucket = bucket;
	return 0;
}

/* The two groups that are nearest in age become one, as old as the younger of them. */
static void make_room(struct seep_heap_bucket *bucket)
{
	struct generation *groups = bucket->generations;
	size_t nearest = 1;

	for (size_t i = 2; i < bucket->num_generations; i++) {
		if (groups[i].since_ns - groups[i - 1].since_ns <
		    groups[nearest].since_ns - groups[nearest - 1].since_ns)
			nearest = i;
	}
	groups[nearest].count += groups[nearest - 1].count;
	memmove(&groups[nearest - 1], &groups[nearest],
		(bucket->num_generations - nearest) * sizeof(*groups));
	bucket->num_generations--;
}

static void count_made(const struct seep_heap_bucket *bucket, uint64_t count)
{
	struct seep_site_value *value = &bucket->place->value;

	value->allocs += count;
	value->alloc_bytes += count * bucket->bytes;
	seep_weighed_add(&value->made, count, &bucket->object);
}

static void count_released(const struct seep_heap_bucket *bucket, uint64_t count)
{
	struct seep_site_value *value = &bucket->place->value;

	value->frees += count;
	value->free_bytes += count * bucket->bytes;
	seep_weighed_add(&value->released, count, &bucket->object);
}

static void make(struct seep_heap_bucket *bucket, uint64_t count, uint64_t since_ns)
{
	if (!count)
		return;
	count_made(bucket, count);
	if (bucket->num_generations == GENERATIONS)
		make_room(bucket);
	bucket->generations[bucket->num_generations++] = (struct generation){since_ns, count};
}

static void release(struct seep_heap_bucket *bucket, uint64_t count, uint64_t now_ns)
{
	uint64_t gone;

	while (count && bucket->num_generations) {
		struct generation *youngest = &bucket->generations[bucket->num_generations - 1];

		gone = count < youngest->count ? count : youngest->count;
		count_released(bucket, gone);
		bucket->place->value.lifetimes[seep_survival_bucket(now_ns - youngest->since_ns)] +=
			gone;
		count -= gone;
		youngest->count -= gone;
		bucket->num_generations -= !youngest->count;
	}
	gone = count < bucket->existed ? count : bucket->existed;
	count_released(bucket, gone);
	bucket->existed -= gone;
}

/* Ages are those of one reading; of what existed before none is told (goroutines.c). */
static void add_ages(const struct seep_tracked_heap *tracked, const struct seep_heap_bucket *bucket,
		     uint64_t now_ns)
{
	struct seep_site_value *value = &bucket->place->value;
	struct seep_weighed young = {.objects = 0};

	if (bucket->existed)
		value->oldest_ns = tracked->first_ns;
	for (size_t i = 0; i < bucket->num_generations; i++) {
		const struct generation *group = &bucket->generations[i];
		uint64_t age_ns = now_ns - group->since_ns;

		value->ages[seep_survival_bucket(age_ns)] += group->count;
		if (!value->oldest_ns || group->since_ns < value->oldest_ns)
			value->oldest_ns = group->since_ns;
		if (age_ns < tracked->min_age_ns)
			seep_weighed_add(&young, group->count, &bucket->object);
	}
	value->young_objects +=
		tracked->mean_bytes == 1 ? young.objects >> SEEP_SAMPLE_SHIFT : young.objects;
	value->young_bytes += young.bytes;
}

static void forget_ages(struct seep_tracked_heap *tracked)
{
	for (struct seep_heap_place *place = tracked->places; place; place = place->hh.next) {
		place->value.oldest_ns = 0;
		place->value.young_objects = 0;
		place->value.young_bytes = 0;
		memset(place->value.ages, 0, sizeof(place->value.ages));
	}
}

/* What has been made and released at a bucket since the last reading. */
static void count_changes(struct seep_tracked_heap *tracked, struct seep_heap_bucket *bucket,
			  const struct seep_go_bucket *found, uint64_t now_ns)
{
	/* They only grow, but for one that was read while it was written. */
	uint64_t made = found->allocs > bucket->allocs ? found->allocs - bucket->allocs : 0;
	uint64_t gone = found->frees > bucket->frees ? found->frees - bucket->frees : 0;

	bucket->allocs = found->allocs;
	bucket->frees = found->frees;
	/* What came and went before the trace does not belong to it. */
	if (!tracked->first_ns) {
		bucket->existed = made - gone;
		count_made(bucket, bucket->existed);
		return;
	}
	/* A collection that the program asked for is told in two steps. */
	tracked->renewed |= made || gone;
	make(bucket, made, tracked->before_ns);
	release(bucket, gone, now_ns);
}

/* 0 or -ENOMEM. */
static int update_bucket(struct seep_tracked_heap *tracked, const struct seep_frames_of *of,
			 const struct seep_go_heap_profile *profile,
			 const struct seep_go_bucket *found, uint64_t now_ns)
{
	struct seep_heap_bucket *bucket;
	int error = 0;

	HASH_FIND(hh, tracked->buckets, &found->address, sizeof(found->address), bucket);
	if (!bucket)
		error = add_bucket(tracked, of, profile, found, &bucket);
	if (!error && bucket->place)
		count_changes(tracked, bucket, found, now_ns);
	return error;
}

int seep_tracked_heap_update(struct seep_tracked_heap *tracked, const struct seep_frames_of *of,
			     const struct seep_go_heap_profile *profile, uint64_t now_ns)
{
	bool collected = profile->cycle != tracked->cycle;

	tracked->mean_bytes = profile->mean_bytes;
	tracked->renewed = collected || !tracked->first_ns;
	if (tracked->renewed)
		tracked->before_ns = tracked->noticed_ns;
	forget_ages(tracked);
	for (size_t i = 0; i < profile->count; i++) {
		int error = update_bucket(tracked, of, profile, &profile->buckets[i], now_ns);

		if (error)
			return error;
	}
	tracked->cycle = profile->cycle;
	if (collected || !tracked->first_ns)
		tracked->noticed_ns = now_ns;
	if (!tracked->first_ns)
		tracked->first_ns = now_ns;
	for (const struct seep_heap_bucket *bucket = tracked->buckets; bucket;
	     bucket = bucket->hh.next) {
		if (bucket->place)
			add_ages(tracked, bucket, now_ns);
	}
	return 0;
}
