/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of live blocks, map "blocks": an array of buckets, with a slot for each block
 * (bpf/block_table.bpf.h). What finds no slot, or does not fit one, is in the map "live_memory".
 */
#ifndef SEEP_BLOCKS_H
#define SEEP_BLOCKS_H

#include "seep/kinds.h"

#define SEEP_BUCKET_BLOCKS 7
#define SEEP_PAGE_BUCKETS  16

/* The keys fill a cache line, so that most searches need no other one. */
struct seep_bucket {
	__u64 keys[SEEP_BUCKET_BLOCKS]; /* words; see bpf/block_key.h */
	__u64 away;			/* blocks that belong here and are elsewhere; atomic */
	struct seep_object blocks[SEEP_BUCKET_BLOCKS];
	__u64 pad[3];
};

/*
 * Buckets for so many blocks, in whole pages: three slots in four are taken then, and one block in
 * two hundred finds none. Few blocks need no table: there is room for them in live_memory.
 */
#define SEEP_TABLE_MIN 4096
#define SEEP_BUCKETS(num_blocks)                                                                   \
	((num_blocks) < SEEP_TABLE_MIN ?                                                           \
		 0 :                                                                               \
		 ((num_blocks) / 21 * 4 / SEEP_PAGE_BUCKETS + 1) * SEEP_PAGE_BUCKETS)

/* Room in live_memory: with a table ten times as much as it is meant to need. */
#define SEEP_SPILLED(num_blocks) ((num_blocks) < SEEP_TABLE_MIN ? (num_blocks) : (num_blocks) / 16)

_Static_assert(sizeof(struct seep_bucket) * SEEP_PAGE_BUCKETS == 4096, "a page");

#endif
