// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pool: buffers go back into it, not to the allocator; it grows to what was ever needed at once.
 */
#include <errno.h>
#include <stdlib.h>

#include "simulate/activity.h"

struct pool {
	uint64_t capacity;
	uint64_t num_free;
	char **free_buffers; /* the last one is given first */
	char **taken;	     /* by the transaction at work */
};

SIMULATED char *pool_grow(struct seep_work *work)
{
	/* The site: it is called only if no buffer is free. */
	char *buffer = malloc(seep_work_size(work));

	if (buffer) {
		buffer[0] = 'p';
		seep_count_made(work, 0, seep_work_size(work));
	}
	return buffer;
}

/* The buffer that came back last, or another one from the allocator. */
SIMULATED char *pool_take(struct seep_work *work, struct pool *pool)
{
	if (pool->num_free)
		return pool->free_buffers[--pool->num_free];
	return pool_grow(work);
}

/* Takes some buffers, then gives all of them back. */
SIMULATED int use_buffers(struct seep_work *work, struct pool *pool)
{
	/*
	 * At most the capacity, so neither array can overflow. The pool is full when the largest
	 * number has once been drawn.
	 */
	uint64_t wanted = 1 + seep_random_below(&work->random, pool->capacity);
	uint64_t count = 0;

	for (; count < wanted; count++) {
		pool->taken[count] = pool_take(work, pool);
		if (!pool->taken[count])
			break;
	}
	/* Those that were taken go back, also after a failure. */
	for (uint64_t i = 0; i < count; i++)
		pool->free_buffers[pool->num_free++] = pool->taken[i];
	return count == wanted ? 0 : -ENOMEM;
}

/* Both arrays have room for the largest number that is ever taken at once. */
static int begin(struct seep_work *work)
{
	struct pool *pool = work->state;

	pool->capacity = seep_work_share(work, work->parameters[SEEP_SIMULATE_OBJECTS]);
	if (!pool->capacity)
		return 0;
	pool->free_buffers = calloc(pool->capacity, sizeof(*pool->free_buffers));
	pool->taken = calloc(pool->capacity, sizeof(*pool->taken));
	return pool->free_buffers && pool->taken ? 0 : -ENOMEM;
}

/* A step. With more workers than objects some have no share, and do nothing. */
SIMULATED int run_transaction(struct seep_work *work)
{
	struct pool *pool = work->state;

	return pool->capacity ? use_buffers(work, pool) : 0;
}

const struct seep_activity seep_activity_pool = {
	.sites = {{"pool_grow",
		   SEEP_KIND_MEMORY,
		   {SEEP_TRUTH_STEADY, SEEP_TRUTH_BIT(CACHE) | SEEP_TRUTH_BIT(WARMING_UP)}}},
	.num_sites = 1,
	.state_bytes = sizeof(struct pool),
	.background = {[SEEP_SIMULATE_RATE] = 20,
		       [SEEP_SIMULATE_SIZE] = 8 << 10,
		       [SEEP_SIMULATE_OBJECTS] = 16},
	.begin = begin,
	.step = run_transaction,
};
