/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pools of the program's own, found by their shape: a function takes equal, large blocks of malloc,
 * mmap or brk and releases none, because it hands out pieces of them. Whoever needs the next block
 * is the caller by chance, so its sites are judged as one sum, and are known by the function that
 * grows the pool.
 *
 * An object that is large, always of one size and forgotten has the same shape. So a pool may be
 * called a leak as any site is; and one caller alone makes no pool, unless the names of its
 * functions say that there is one, or its blocks come from brk, which has no other use.
 */
#ifndef SEEP_RUNTIME_POOLS_H
#define SEEP_RUNTIME_POOLS_H

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_pools;

/* @symbolizer must outlive it. 0 or -ENOMEM. */
int seep_pools_new(struct seep_symbolizer *symbolizer, struct seep_pools **ret_pools);
void seep_pools_free(struct seep_pools *pools);

/*
 * Fills in the pools of the sites of a snapshot, whose roles are known. What may become one is
 * filled in as well, so that it is summed up from its first block on. A pool is valid until the
 * next call. 0 or -ENOMEM.
 */
int seep_pools_fill(struct seep_pools *pools, struct seep_site *sites, size_t num_sites);

#endif
