/* SPDX-License-Identifier: GPL-2.0-only */
/* A pool of the program's own, as far as its shape shows from outside (runtime/pools.h). */
#ifndef SEEP_MODEL_POOLS_H
#define SEEP_MODEL_POOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sites with equal, large blocks of one function, which may grow a pool. */
struct seep_pool {
	uint64_t id; /* of the function, the kind, the size of the blocks and the process */
	/*
	 * Sentences: what it is and who needed more, and how to see what it hands out. NULL:
	 * nothing says so far that it is a pool.
	 */
	const char *evidence;
	const char *advice;
};

/* Is it known to be a pool? */
static inline bool seep_pool_is_known(const struct seep_pool *pool)
{
	return pool && pool->evidence;
}

#endif
