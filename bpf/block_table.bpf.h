/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live blocks. A hash costs 125 bytes for each of many millions, and a pass over it waits for
 * memory at each step; this table half of that, and a pass reads it from front to back.
 *
 * A block is in its bucket or, if that is full, in one of three others of the page; then the bucket
 * counts it as away, so that who does not find a key in a bucket with none away need not look
 * further. What finds no slot is in live_memory, and is away as well.
 *
 * There are no locks. A slot is claimed by exchanging BLOCK_NONE for BLOCK_CLAIMED, filled, and
 * published by its word; whoever exchanges the word for BLOCK_NONE has the block. A block does not
 * move, and its release comes after its creation, so a release finds it wherever other blocks come
 * and go. If two threads insert the same key at once, which takes a function that returns the same
 * block twice, each looks again after it has published: one at least sees both, and of the two the
 * one that comes later in the order of probes goes.
 *
 * The functions on buckets are global ones, which the verifier looks at once.
 */
#ifndef SEEP_BPF_BLOCK_TABLE_H
#define SEEP_BPF_BLOCK_TABLE_H

#include "block_key.h"
#include "config.bpf.h"
#include "maps.bpf.h"

/* Mappable only because the kernel lets such arrays begin at a page, as buckets want to. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seep_bucket);
} blocks SEC(".maps") __weak;

/*
 * Where a block is: its probe and its slot there, in the order in which they are looked at; behind
 * them live_memory.
 */
#define POSITION(probe, slot)	 ((probe) << 3 | (slot))
#define POSITION_PROBE(position) ((position) >> 3)
#define POSITION_SLOT(position)	 ((position) & 7)
#define POSITION_SPILLED	 POSITION(BLOCK_PROBES, 0)
#define NO_POSITION		 (-1)
#define NO_SLOT			 SEEP_BUCKET_BLOCKS

#define READ_WORD(word) (*(const volatile __u64 *)&(word))

static __always_inline struct seep_bucket *bucket_at(__u32 index)
{
	return bpf_map_lookup_elem(&blocks, &index);
}

/* The slot of a key in a bucket, other than slot @but; -1: it is not there. */
__weak int bucket_find(__u32 index, __u64 word, __u64 rest, __u32 but)
{
	const struct seep_bucket *bucket = bucket_at(index);

	if (!bucket)
		return -1;
	UNROLLED
	for (__u32 i = 0; i < SEEP_BUCKET_BLOCKS; i++) {
		if (READ_WORD(bucket->keys[i]) == word && i != but &&
		    (READ_WORD(bucket->blocks[i].bytes) & ~BLOCK_BYTES_MASK) == rest)
			return i;
	}
	return -1;
}

/* Claims a slot of a bucket; -1: it is full. */
__weak int bucket_claim(__u32 index)
{
	struct seep_bucket *bucket = bucket_at(index);

	if (!bucket)
		return -1;
	UNROLLED
	for (__u32 i = 0; i < SEEP_BUCKET_BLOCKS; i++) {
		if (READ_WORD(bucket->keys[i]) == BLOCK_NONE &&
		    __sync_val_compare_and_swap(&bucket->keys[i], BLOCK_NONE, BLOCK_CLAIMED) ==
			    BLOCK_NONE)
			return i;
	}
	return -1;
}

/* Fills a claimed slot and publishes it, with a full barrier behind it. */
__weak int bucket_store(__u32 index, __u32 slot, const struct seep_object *object, __u64 word,
			__u64 rest)
{
	struct seep_bucket *bucket = bucket_at(index);

	if (!bucket || !object || slot >= SEEP_BUCKET_BLOCKS)
		return 0;
	bucket->blocks[slot].bytes = object->bytes | rest;
	bucket->blocks[slot].created_ns = object->created_ns;
	bucket->blocks[slot].stack = object->stack;
	__sync_lock_test_and_set(&bucket->keys[slot], word);
	return 0;
}

/* The object in a slot, as it is at this moment. 0 or -1. */
__weak int bucket_read(__u32 index, __u32 slot, struct seep_object *ret_object)
{
	const struct seep_bucket *bucket = bucket_at(index);

	if (!bucket || !ret_object || slot >= SEEP_BUCKET_BLOCKS)
		return -1;
	ret_object->bytes = bucket->blocks[slot].bytes & BLOCK_BYTES_MASK;
	ret_object->created_ns = bucket->blocks[slot].created_ns;
	ret_object->stack = bucket->blocks[slot].stack;
	return 0;
}

/* Frees a slot that still has this word: 0. -1: somebody else has. */
__weak int bucket_free(__u32 index, __u32 slot, __u64 word)
{
	struct seep_bucket *bucket = bucket_at(index);

	if (!bucket || slot >= SEEP_BUCKET_BLOCKS)
		return -1;
	return __sync_val_compare_and_swap(&bucket->keys[slot], word, BLOCK_NONE) == word ? 0 : -1;
}

/* One block more, or less, that belongs into the bucket and is elsewhere. */
__weak int bucket_count_away(__u32 index, __u64 change)
{
	struct seep_bucket *bucket = bucket_at(index);

	if (bucket)
		__sync_fetch_and_add(&bucket->away, change);
	return 0;
}

static __always_inline bool any_away(const struct block_place *place)
{
	const struct seep_bucket *bucket = bucket_at(place->bucket);

	return bucket && READ_WORD(bucket->away);
}

/* The position of a block in the table, other than @but. Not of one in live_memory. */
__weak int place_find(const struct block_place *place, int but)
{
	if (!place)
		return NO_POSITION;
	for (int probe = 0; probe < BLOCK_PROBES; probe++) {
		__u32 but_slot = POSITION_PROBE(but) == probe ? POSITION_SLOT(but) : NO_SLOT;
		int slot;

		if (probe == 1 && !any_away(place))
			break;
		slot = bucket_find(block_probe(place, probe), place->word, place->rest, but_slot);
		if (slot >= 0)
			return POSITION(probe, slot);
	}
	return NO_POSITION;
}

static __always_inline int place_read(const struct block_place *place, int position,
				      struct seep_object *ret_object)
{
	return bucket_read(block_probe(place, POSITION_PROBE(position)), POSITION_SLOT(position),
			   ret_object);
}

/* Takes what is at a position: 0 and a copy of it, or -1 if somebody else has. */
static __always_inline int place_take(const struct block_place *place, int position,
				      struct seep_object *ret_object)
{
	__u32 index = block_probe(place, POSITION_PROBE(position));

	if (bucket_read(index, POSITION_SLOT(position), ret_object) ||
	    bucket_free(index, POSITION_SLOT(position), place->word))
		return -1;
	if (POSITION_PROBE(position))
		bucket_count_away(place->bucket, -1);
	return 0;
}

/*
 * The same of one in live_memory. What a global function was given is copied: Linux 6.1 takes no
 * pointer to it for a key or a value.
 */
static __noinline int spilled_take(const struct seep_object_key *key,
				   struct seep_object *ret_object)
{
	struct seep_object_key copy = *key;
	const struct seep_object *object = bpf_map_lookup_elem(&live_memory, &copy);

	if (!object)
		return -1;
	*ret_object = *object;
	/* If two threads release the same object (a bug of the target), one gets it. */
	return bpf_map_delete_elem(&live_memory, &copy) ? -1 : 0;
}

/* A block in live_memory: NULL if it is not there. */
static __always_inline struct seep_object *spilled_find(const struct seep_object_key *key)
{
	struct seep_object_key copy = *key;

	return bpf_map_lookup_elem(&live_memory, &copy);
}

/* Puts a block into live_memory. 0, or -1 if it is full or has the key already. */
static __noinline int spilled_put(const struct seep_object_key *key,
				  const struct seep_object *object)
{
	struct seep_object_key key_copy = *key;
	struct seep_object copy = *object;

	return bpf_map_update_elem(&live_memory, &key_copy, &copy, BPF_NOEXIST) ? -1 : 0;
}

/* The same of a block that has a place, and is not in the table. */
static __always_inline int away_take(const struct seep_object_key *key,
				     const struct block_place *place,
				     struct seep_object *ret_object)
{
	if (!any_away(place) || spilled_take(key, ret_object))
		return -1;
	bucket_count_away(place->bucket, -1);
	return 0;
}

/* A block was deleted from live_memory by a pass over that. */
static __always_inline void spilled_gone(const struct seep_object_key *key)
{
	struct block_place place;

	if (block_place(key, cfg_buckets, &place))
		bucket_count_away(place.bucket, -1);
}

/* Takes a block out: 0 and a copy of it, or -1 if it is not there. */
__weak int block_take_out(const struct seep_object_key *key, struct seep_object *ret_object)
{
	struct block_place place;
	int position;

	if (!key || !ret_object)
		return -1;
	if (!block_place(key, cfg_buckets, &place))
		return spilled_take(key, ret_object);
	position = place_find(&place, NO_POSITION);
	if (position == NO_POSITION)
		return away_take(key, &place, ret_object);
	return place_take(&place, position, ret_object);
}

/* A copy of a block that stays where it is. 0, or -1 if there is none. */
__weak int block_read(const struct seep_object_key *key, struct seep_object *ret_object)
{
	const struct seep_object *spilled;
	struct block_place place;
	int position;

	if (!key || !ret_object)
		return -1;
	if (block_place(key, cfg_buckets, &place)) {
		position = place_find(&place, NO_POSITION);
		if (position != NO_POSITION)
			return place_read(&place, position, ret_object);
		if (!any_away(&place))
			return -1;
	}
	spilled = spilled_find(key);
	if (!spilled)
		return -1;
	*ret_object = *spilled;
	return 0;
}

static __always_inline bool block_is_there(const struct seep_object_key *key)
{
	struct seep_object object = {};

	return block_read(key, &object) == 0;
}

/* Sets the size in a slot whose block is there to stay. */
__weak int bucket_resize(__u32 index, __u32 slot, __u64 bytes, __u64 rest)
{
	struct seep_bucket *bucket = bucket_at(index);

	if (!bucket || slot >= SEEP_BUCKET_BLOCKS)
		return 0;
	bucket->blocks[slot].bytes = (bytes & BLOCK_BYTES_MASK) | rest;
	return 0;
}

/* Changes the size of a block: 0 and a copy of what it was, or -1 if it is not there. */
__weak int block_resize(const struct seep_object_key *key, __u64 bytes, struct seep_object *ret_old)
{
	struct seep_object *spilled;
	struct block_place place;
	int position;

	if (!key || !ret_old)
		return -1;
	if (block_place(key, cfg_buckets, &place)) {
		position = place_find(&place, NO_POSITION);
		if (position != NO_POSITION) {
			if (place_read(&place, position, ret_old))
				return -1;
			return bucket_resize(block_probe(&place, POSITION_PROBE(position)),
					     POSITION_SLOT(position), bytes, place.rest);
		}
		if (!any_away(&place))
			return -1;
	}
	spilled = spilled_find(key);
	if (!spilled)
		return -1;
	*ret_old = *spilled;
	spilled->bytes = bytes;
	return 0;
}

/* Stores a block whose key is not there: its position, or NO_POSITION if there is no room. */
static __noinline int block_put(const struct seep_object_key *key, const struct block_place *place,
				const struct seep_object *object)
{
	bool fits = !(object->bytes >> BLOCK_BYTES_BITS);
	int slot = fits ? bucket_claim(place->bucket) : -1, probe = 0;

	/* First counted, then stored: who sees the block knows that there is something to find. */
	if (slot < 0)
		bucket_count_away(place->bucket, 1);
	for (probe = 0; probe < BLOCK_PROBES - 1 && fits && slot < 0; probe++)
		slot = bucket_claim(block_probe(place, probe + 1));
	if (slot >= 0) {
		bucket_store(block_probe(place, probe), slot, object, place->word, place->rest);
		return POSITION(probe, slot);
	}
	if (spilled_put(key, object) == 0)
		return POSITION_SPILLED;
	bucket_count_away(place->bucket, -1);
	return NO_POSITION;
}

/*
 * After a block was stored at @position: takes one of two copies of it, if there is another one.
 * The position of that which goes, with a copy of it; NO_POSITION: nothing is taken.
 */
static __noinline int block_take_copy(const struct seep_object_key *key,
				      const struct block_place *place, int position,
				      struct seep_object *ret_object)
{
	int other = place_find(place, position), later = position;

	if (other == NO_POSITION) {
		if (position == POSITION_SPILLED)
			return NO_POSITION;
		later = POSITION_SPILLED;
	} else if (other > position) {
		later = other;
	}
	if (later == POSITION_SPILLED)
		return away_take(key, place, ret_object) ? NO_POSITION : later;
	return place_take(place, later, ret_object) ? NO_POSITION : later;
}

#endif
