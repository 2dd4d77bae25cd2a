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

#include "block_table.bpf.h"
#include "bytes.bpf.h"
#include "numbers.bpf.h"
#include "sampling.bpf.h"
#include "unwind.bpf.h"

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
	if (cfg_sample_bytes && kind == SEEP_KIND_MEMORY)
		weighed_add(&site->released, object->bytes, object->created_ns);
	bucket = lifetime_bucket(now_ns - object->created_ns);
	if (bucket < SEEP_LIFETIME_BUCKETS)
		__sync_fetch_and_add(&site->lifetimes[bucket], 1);
}

/*
 * The same of a block, which may have been made in an earlier one of the @windows of its process:
 * then it is not known when it was released, only that it was. What is not of a cohort tells
 * nothing of how long blocks live.
 */
static __always_inline void count_released(__u32 process, const struct seep_object *object,
					   __u64 now_ns, const struct seep_budget_value *windows)
{
	struct seep_site_key key = {
		.stack = object->stack,
		.process = process,
		.kind = SEEP_KIND_MEMORY,
	};
	struct seep_site_value *site;

	if (!windows || (is_of_cohort(object) && !is_of_earlier_window(windows, object))) {
		site_released(process, SEEP_KIND_MEMORY, object, now_ns);
		return;
	}
	site = bpf_map_lookup_elem(&sites, &key);
	if (!site)
		return;
	__sync_fetch_and_add(&site->frees, 1);
	__sync_fetch_and_add(&site->free_bytes, object->bytes);
	if (cfg_sample_bytes)
		weighed_add(&site->released, object->bytes, object->created_ns);
	if (is_of_cohort(object))
		sample_late(&key, now_ns - object->created_ns);
}

/*
 * The same where the windows have not been looked up. Not inlined: the frames of its callers are at
 * the limit.
 */
static __noinline int block_released(__u32 process, const struct seep_object *object, __u64 now_ns)
{
	count_released(process, object, now_ns, windows_of(process));
	return 0;
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
 * Another block @old has got the key of a new one: its release was not seen. Between two windows
 * nothing is seen, and nothing lost.
 */
static __always_inline void block_displaced(const struct seep_object_key *key,
					    const struct seep_object *old, __u64 now_ns)
{
	if (!is_of_earlier_window(windows_of(key->process), old))
		count_loss(SEEP_LOSS_IMPLICIT_FREES, 1);
	block_released(key->process, old, now_ns);
}

/* Puts a block where none has its key. 0, or -1 when there is no room. */
__weak int block_insert_new(const struct seep_object_key *key, const struct seep_object *object,
			    __u64 now_ns)
{
	struct block_place place;
	struct seep_object copy = {};
	int position, taken;

	if (!key || !object)
		return -1;
	if (!block_place(key, cfg_buckets, &place))
		return spilled_put(key, object);
	position = block_put(key, &place, object);
	if (position == NO_POSITION)
		return -1;
	/* A copy in each place is the most that there can be. */
	for (int i = 0; i < BLOCK_PROBES; i++) {
		taken = block_take_copy(key, &place, position, &copy);
		if (taken == NO_POSITION)
			break;
		block_displaced(key, &copy, now_ns);
		if (taken == position)
			break;
	}
	return 0;
}

/*
 * Puts a block into its place, from which it drives another one; once more if that was put there
 * just now. 0, or -1 when there is no room.
 */
__weak int block_insert(const struct seep_object_key *key, const struct seep_object *object,
			__u64 now_ns)
{
	struct seep_object old = {};

	if (!key || !object)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (block_take_out(key, &old) == 0)
			block_displaced(key, &old, now_ns);
		else if (i)
			break;
		if (block_insert_new(key, object, now_ns) == 0)
			return 0;
	}
	return -1;
}

/*
 * Puts an object of another kind into its live map. If the key is there already, the release of the
 * old object was not seen. 0, or -1 when the map is full.
 */
static __always_inline int live_insert(void *map, const struct seep_object_key *key,
				       const struct seep_object *object, __u64 now_ns)
{
	long error = bpf_map_update_elem(map, key, object, BPF_NOEXIST);

	if (error == -EEXIST_ERRNO) {
		struct seep_object *old = bpf_map_lookup_elem(map, key);

		if (old) {
			struct seep_object copy = *old;

			count_loss(SEEP_LOSS_IMPLICIT_FREES, 1);
			site_released(key->process, key->kind, &copy, now_ns);
		}
		error = bpf_map_update_elem(map, key, object, BPF_ANY);
	}
	return error ? -1 : 0;
}

/*
 * Counts an object that was created at the stack in @slot, which is stored in it. @object is the
 * beginning of a value of @map. The live map first: only the running thread knows the object yet,
 * so nobody can release it before it is counted. @blocks, a constant: it is a block, and there is
 * no @map. 0, or -1: counted as a loss.
 */
static __always_inline int object_created(void *map, struct slot *slot,
					  const struct seep_object_key *key,
					  struct seep_object *object, bool blocks)
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
	if (blocks ? block_insert(key, object, object->created_ns) :
		     live_insert(map, key, object, object->created_ns)) {
		count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, bytes);
		return -1;
	}
	__sync_fetch_and_add(&site->allocs, 1);
	__sync_fetch_and_add(&site->alloc_bytes, bytes);
	if (cfg_sample_bytes && blocks)
		weighed_add(&site->made, object->bytes, object->created_ns);
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
static __always_inline int object_enlarged(const struct seep_object_key *key,
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
	if (block_insert(key, object, now_ns)) {
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

/* An object has another size now; its site stays the same. @old: what it was. */
static __always_inline void site_resized(const struct seep_object_key *key,
					 const struct seep_object *old, __u64 bytes)
{
	struct seep_site_key site_key = {
		.stack = old->stack,
		.process = key->process,
		.kind = key->kind,
	};
	struct seep_site_value *site = bpf_map_lookup_elem(&sites, &site_key);

	if (!site)
		return; /* the process was reaped meanwhile */
	if (bytes > old->bytes)
		__sync_fetch_and_add(&site->alloc_bytes, bytes - old->bytes);
	else
		__sync_fetch_and_add(&site->free_bytes, old->bytes - bytes);
}

/* Changes the size of a live object of another kind. -1 if it is not there. */
static __always_inline int object_resized(void *map, const struct seep_object_key *key, __u64 bytes)
{
	struct seep_object *object = bpf_map_lookup_elem(map, key), old;

	if (!object)
		return -1;
	old = *object;
	object->bytes = bytes;
	site_resized(key, &old, bytes);
	return 0;
}

/* The same of a block. */
static __always_inline int block_resized(const struct seep_object_key *key, __u64 bytes)
{
	struct seep_object old = {};

	if (block_resize(key, bytes, &old))
		return -1;
	site_resized(key, &old, bytes);
	return 0;
}

#endif
