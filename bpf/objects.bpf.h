/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects and sites, for every kind. An object is created at a stack, lives in the live map of its
 * kind, and is released; its site counts both. A program that sees a creation takes a slot
 * (object_slot), walks the stack in it (unwind.bpf.h), calls object_created and releases the slot.
 * One that sees a release takes the object out of the live map (object_take) and calls
 * site_released.
 *
 * All counters are monotonic and atomic. Each step is a few map operations without a loop; full
 * maps are counted as losses.
 */
#ifndef SEEP_BPF_OBJECTS_H
#define SEEP_BPF_OBJECTS_H

#include "unwind.bpf.h"

#define NS_PER_US 1000

/*
 * Claims a slot for a new object of @bytes, and stores its index. NULL if there is none: counted as
 * a loss.
 */
static __always_inline struct slot *object_slot(__u64 bytes, __u32 *ret_index)
{
	int index = slot_claim();

	*ret_index = index;
	if (index >= 0)
		return bpf_map_lookup_elem(&slots, ret_index);
	count_loss(SEEP_LOSS_NO_SLOT, 1);
	count_loss(SEEP_LOSS_UNTRACKED_BYTES, bytes);
	return NULL;
}

/*
 * Without branches (a borrow out of bit 63 stands for the comparison), because the verifier would
 * follow each of 64 paths. For values below 2^63.
 */
static __always_inline __u32 log2_floor(__u64 value)
{
	__u32 result = 0;

#pragma unroll
	for (__u32 shift = 32; shift > 0; shift >>= 1) {
		__u64 larger = ((1ULL << shift) - 1 - value) >> 63;

		value >>= larger * shift;
		result += larger * shift;
	}
	return result;
}

/* See SEEP_LIFETIME_BUCKETS. */
static __always_inline __u32 lifetime_bucket(__u64 ns)
{
	__u64 us = ns / NS_PER_US;
	__u32 bucket = us ? log2_floor(us) + 1 : 0;

	return bucket < SEEP_LIFETIME_BUCKETS ? bucket : SEEP_LIFETIME_BUCKETS - 1;
}

/* Counts the release of an object at its site. */
static __always_inline void site_released(__u32 process, __u32 kind,
					  const struct seep_object *object, __u64 now_ns)
{
	struct seep_site_key key = {.stack = object->stack, .process = process, .kind = kind};
	struct seep_site_value *site = bpf_map_lookup_elem(&sites, &key);
	__u32 bucket;

	if (!site)
		return; /* the process was reaped meanwhile */
	__sync_fetch_and_add(&site->frees, 1);
	__sync_fetch_and_add(&site->free_bytes, object->bytes);
	bucket = lifetime_bucket(now_ns - object->created_ns);
	if (bucket < SEEP_LIFETIME_BUCKETS)
		__sync_fetch_and_add(&site->lifetimes[bucket], 1);
}

/* Sends the frames once; when the ring buffer is full the next object of the site tries again. */
static __always_inline void site_send_stack(struct slot *slot, struct seep_site_value *site)
{
	__u64 size = slot->stack.num_frames;

	if (size > SEEP_MAX_FRAMES)
		return;
	size = size * 8 + __builtin_offsetof(struct seep_stack_event, frames);
	if (bpf_ringbuf_output(&events, &slot->stack, size, 0))
		count_loss(SEEP_LOSS_RING_FULL, 1);
	else
		site->sent = 1;
}

/* The site of the stack in @slot, created if it is new; NULL if there is no room. */
static __always_inline struct seep_site_value *site_get(struct slot *slot,
							const struct seep_site_key *key)
{
	struct seep_site_value *site = bpf_map_lookup_elem(&sites, key);

	if (!site) {
		slot->new_site.check = slot->stack.check;
		bpf_map_update_elem(&sites, key, &slot->new_site, BPF_NOEXIST);
		site = bpf_map_lookup_elem(&sites, key);
		if (!site)
			return NULL;
	}
	if (site->check != slot->stack.check)
		count_loss(SEEP_LOSS_HASH_COLLISIONS, 1);
	if (!site->sent)
		site_send_stack(slot, site);
	return site;
}

/*
 * Puts an object into the live map of its kind. If the key is there already, the release of the old
 * object was not seen. 0, or -1 when the map is full.
 */
static __always_inline int live_insert(void *map, const struct seep_object_key *key,
				       const struct seep_object *object, __u64 now_ns)
{
	long error = bpf_map_update_elem(map, key, object, BPF_NOEXIST);

	if (error == -EEXIST_ERRNO) {
		struct seep_object *old = bpf_map_lookup_elem(map, key);

		if (old) {
			struct seep_object copy = *old;

			site_released(key->process, key->kind, &copy, now_ns);
			count_loss(SEEP_LOSS_IMPLICIT_FREES, 1);
		}
		error = bpf_map_update_elem(map, key, object, BPF_ANY);
	}
	return error ? -1 : 0;
}

/*
 * Counts an object that was created at the stack in @slot, which is stored in it. @object is the
 * beginning of a value of @map. The live map first: only the running thread knows the object yet,
 * so nobody can release it before it is counted. 0, or -1: counted as a loss.
 */
static __always_inline int object_created(void *map, struct slot *slot,
					  const struct seep_object_key *key,
					  struct seep_object *object)
{
	struct seep_site_key site_key = {
		.stack = slot->stack.stack,
		.process = key->process,
		.kind = key->kind,
	};
	struct seep_site_value *site = site_get(slot, &site_key);
	__u64 bytes = object->bytes;

	object->stack = slot->stack.stack;
	if (!site) {
		count_loss(SEEP_LOSS_UNTRACKED_SITES, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, bytes);
		return -1;
	}
	if (live_insert(map, key, object, object->created_ns)) {
		count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, bytes);
		return -1;
	}
	__sync_fetch_and_add(&site->allocs, 1);
	__sync_fetch_and_add(&site->alloc_bytes, bytes);
	return 0;
}

/* Takes an object out of the live map of its kind. 0 and a copy of it, or -1 if it is not there. */
static __always_inline int object_take(void *map, const struct seep_object_key *key,
				       struct seep_object *ret_object)
{
	struct seep_object *object = bpf_map_lookup_elem(map, key);

	if (!object)
		return -1;
	*ret_object = *object;
	/* If two threads release the same object (a bug of the target), one gets it. */
	return bpf_map_delete_elem(map, key) ? -1 : 0;
}

/*
 * Puts the object @old, which was taken out of the live map and is larger now, back at its site
 * under @key: @object gets its site and its age. Counts a release and an allocation there, but no
 * lifetime, as it lives on. 0, or -1 if the site is gone. A live map that is full is a loss.
 */
static __always_inline int object_enlarged(void *map, const struct seep_object_key *key,
					   const struct seep_object *old,
					   struct seep_object *object, __u64 now_ns)
{
	struct seep_site_key site_key = {
		.stack = old->stack,
		.process = key->process,
		.kind = key->kind,
	};
	struct seep_site_value *site = bpf_map_lookup_elem(&sites, &site_key);
	__u64 bytes = object->bytes, old_bytes = old->bytes;

	if (!site)
		return -1;
	object->stack = old->stack;
	object->created_ns = old->created_ns;
	if (live_insert(map, key, object, now_ns)) {
		count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, bytes);
	} else {
		__sync_fetch_and_add(&site->allocs, 1);
		__sync_fetch_and_add(&site->alloc_bytes, bytes);
	}
	__sync_fetch_and_add(&site->frees, 1);
	__sync_fetch_and_add(&site->free_bytes, old_bytes);
	return 0;
}

/* Changes the size of a live object; its site stays the same. -1 if it is not there. */
static __always_inline int object_resized(void *map, const struct seep_object_key *key, __u64 bytes)
{
	struct seep_object *object = bpf_map_lookup_elem(map, key);
	struct seep_site_key site_key = {.process = key->process, .kind = key->kind};
	struct seep_site_value *site;
	__u64 old_bytes;

	if (!object)
		return -1;
	old_bytes = object->bytes;
	object->bytes = bytes;
	site_key.stack = object->stack;
	site = bpf_map_lookup_elem(&sites, &site_key);
	if (!site)
		return 0; /* the process was reaped meanwhile */
	if (bytes > old_bytes)
		__sync_fetch_and_add(&site->alloc_bytes, bytes - old_bytes);
	else
		__sync_fetch_and_add(&site->free_bytes, old_bytes - bytes);
	return 0;
}

#endif
