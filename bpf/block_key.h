/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a block belongs in the table of live blocks, and how its key is written there. Pure: the
 * unit tests run it as it is.
 *
 * A slot has 32 bytes for a key of 16 and an object of 24. So the key is packed: most of it is in
 * the word that claims the slot, the rest above the size, which has 47 bits.
 *
 *	word	heap (1 bit), low bits of the process (18), address without its lowest 3 bits (45)
 *	size	high bits of the process (14), lowest bits of the address (3), bytes (47)
 *
 * Both together are the whole key, so different keys never look alike. What does not fit (addresses
 * from 2^48 on, larger sizes) is kept elsewhere.
 */
#ifndef SEEP_BPF_BLOCK_KEY_H
#define SEEP_BPF_BLOCK_KEY_H

#include "numbers.bpf.h"
#include "seep/blocks.h"

#define BLOCK_BYTES_BITS   47
#define BLOCK_LOW_BITS	   3 /* of the address */
#define BLOCK_ADDRESS_BITS 48
#define BLOCK_WORD_SHIFT   (BLOCK_ADDRESS_BITS - BLOCK_LOW_BITS) /* of the process in the word */
#define BLOCK_PROCESS_BITS (63 - BLOCK_WORD_SHIFT)

#define BLOCK_LOW_MASK	   ((1ULL << BLOCK_LOW_BITS) - 1)
#define BLOCK_BYTES_MASK   ((1ULL << BLOCK_BYTES_BITS) - 1)
#define BLOCK_ADDRESS_MASK ((1ULL << BLOCK_WORD_SHIFT) - 1)
#define BLOCK_PROCESS_MASK ((1U << BLOCK_PROCESS_BITS) - 1)

/* Words of slots without a block. */
#define BLOCK_NONE    0ULL
#define BLOCK_CLAIMED (~0ULL) /* somebody is about to store one */

struct block_place {
	__u64 word;
	__u64 rest;   /* of the key, where the size has it */
	__u32 bucket; /* that it belongs into */
	__u32 step;   /* to the next one that it may be in, within the page */
};

/* Buckets of a block in the order in which they are tried. */
#define BLOCK_PROBES 4

/* All of them are in one page, which costs one entry of the TLB. */
static __always_inline __u32 block_probe(const struct block_place *place, __u32 probe)
{
	__u32 in_page = place->bucket + probe * place->step;

	return (place->bucket & ~(SEEP_PAGE_BUCKETS - 1)) | (in_page & (SEEP_PAGE_BUCKETS - 1));
}

/* Every bit of the key has a say in every bit of the result. */
static __always_inline __u64 block_hash(const struct seep_object_key *key)
{
	__u64 hash = key->id ^ (__u64)key->process << 40 ^ (__u64)key->heap << 63;

	hash ^= hash >> 32;
	hash *= 0x9fb21c651e98df25ULL;
	hash ^= hash >> 29;
	hash *= 0xd6e8feb86659fd93ULL;
	return hash ^ hash >> 32;
}

/* False: there is no place for the key in a table of @num_buckets, which may be 0. */
static __always_inline bool block_place(const struct seep_object_key *key, __u32 num_buckets,
					struct block_place *ret_place)
{
	__u64 hash = block_hash(key);

	ret_place->word = (__u64)(key->heap & 1) << 63 |
			  (__u64)(key->process & BLOCK_PROCESS_MASK) << BLOCK_WORD_SHIFT |
			  (key->id >> BLOCK_LOW_BITS & BLOCK_ADDRESS_MASK);
	ret_place->rest = (__u64)(key->process >> BLOCK_PROCESS_BITS)
				  << (BLOCK_BYTES_BITS + BLOCK_LOW_BITS) |
			  (key->id & BLOCK_LOW_MASK) << BLOCK_BYTES_BITS;
	ret_place->bucket = (hash >> 32) * num_buckets >> 32;
	ret_place->step = (hash & (SEEP_PAGE_BUCKETS - 1)) | 1; /* odd: each bucket once */
	return num_buckets && !(key->id >> BLOCK_ADDRESS_BITS) && ret_place->word != BLOCK_NONE &&
	       ret_place->word != BLOCK_CLAIMED;
}

/* The key and the object of a slot, from its word and what is stored there. */
static __always_inline void block_unpack(__u64 word, const struct seep_object *stored,
					 struct seep_object_key *ret_key,
					 struct seep_object *ret_object)
{
	__u64 size = stored->bytes;

	ret_key->id = (word & BLOCK_ADDRESS_MASK) << BLOCK_LOW_BITS |
		      (size >> BLOCK_BYTES_BITS & BLOCK_LOW_MASK);
	ret_key->process = (word >> BLOCK_WORD_SHIFT & BLOCK_PROCESS_MASK) |
			   size >> (BLOCK_BYTES_BITS + BLOCK_LOW_BITS) << BLOCK_PROCESS_BITS;
	ret_key->kind = SEEP_KIND_MEMORY;
	ret_key->heap = word >> 63;
	ret_object->bytes = size & BLOCK_BYTES_MASK;
	ret_object->created_ns = stored->created_ns;
	ret_object->stack = stored->stack;
}

#endif
