/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block that realloc enlarges stays the same object: it keeps its age and is counted at one site,
 * whoever enlarges it, so a buffer that grows through ten callers is one object that grows and not
 * ten that come and go. That site is where it is enlarged most. The first enlargement at another
 * site than the block's takes the block there; a later one only if its site leads by far
 * (HOME_LEAD), so that callers that take turns do not pass the block around.
 *
 * What is counted: at the site that has the block, a release of its old size and an allocation of
 * its new one, but no lifetime. If it moves, it is released at the old site and allocated at the
 * new one like any other, and its age begins anew. The live map has no room for names of rivals, so
 * they are in a map of their own. That one forgets what was not used for longest: then a block may
 * move once more than it would have, and every sum stays exact.
 */
#ifndef SEEP_BPF_ENLARGED_H
#define SEEP_BPF_ENLARGED_H

#include "copies.bpf.h"
#include "objects.bpf.h"

/* A rival gets the block when it has enlarged it by so many times as much as its site has. */
#define HOME_LEAD 2

/*
 * By how many bytes a block was enlarged. Of the sites that do not have it one is remembered: what
 * others add, it loses, and one with more takes its place (Misra and Gries, 1982, for one counter).
 * Which leaves the one that adds more than the others together, if there is one.
 */
struct enlarged {
	__u64 home_bytes; /* where it is counted */
	__u64 rival;	  /* stack of another site */
	__u64 rival_bytes;
};

/* By process and name_of. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct seep_process_key);
	__type(value, struct enlarged);
} enlarged SEC(".maps") __weak;

/*
 * Names a block by what it keeps while its address changes: when and where it was made. The time
 * alone would not do, as two threads often enough make a block in the same nanosecond. If two
 * blocks share both, their bytes are added up, and only the choice of a site suffers.
 */
static __always_inline struct seep_process_key name_of(const struct seep_object *object,
						       __u32 process)
{
	return (struct seep_process_key){
		.id = object->created_ns ^ object->stack,
		.process = process,
	};
}

/*
 * Takes down that the block @old was enlarged by @bytes at the site of @stack. Does it stay at its
 * site?
 */
static __always_inline bool enlarged_stays(const struct seep_object *old, __u32 process,
					   __u64 stack, __u64 bytes)
{
	struct seep_process_key key = name_of(old, process);
	struct enlarged *known = bpf_map_lookup_elem(&enlarged, &key);

	if (stack == old->stack) {
		if (known)
			known->home_bytes += bytes;
		return true;
	}
	if (!known)
		return false;
	if (known->rival == stack) {
		known->rival_bytes += bytes;
	} else if (known->rival_bytes >= bytes) {
		known->rival_bytes -= bytes;
	} else {
		known->rival = stack;
		known->rival_bytes = bytes - known->rival_bytes;
	}
	return known->rival != stack || known->rival_bytes <= HOME_LEAD * known->home_bytes;
}

/* The block @old becomes @new, of another site, where it was enlarged by @bytes just now. */
static __always_inline void enlarged_moves(const struct seep_object *old,
					   const struct seep_object *new, __u32 process,
					   __u64 bytes)
{
	struct seep_process_key key = name_of(old, process);
	struct enlarged *known = bpf_map_lookup_elem(&enlarged, &key);
	struct enlarged value = {.home_bytes = bytes};

	if (known) {
		value.home_bytes = known->rival_bytes;
		value.rival = old->stack;
		value.rival_bytes = known->home_bytes;
		bpf_map_delete_elem(&enlarged, &key);
	}
	key = name_of(new, process);
	bpf_map_update_elem(&enlarged, &key, &value, BPF_ANY);
}

/*
 * Counts the block @old that has become @object at the stack in @slot, and is in the live map no
 * more.
 */
static __always_inline void block_enlarged(struct slot *slot, const struct seep_object_key *key,
					   const struct seep_object *old,
					   struct seep_object *object)
{
	__u64 bytes = object->bytes - old->bytes, now_ns = object->created_ns;

	if (enlarged_stays(old, key->process, slot->stack.stack, bytes) &&
	    object_enlarged(key, old, object, now_ns) == 0)
		return;
	object->stack = slot->stack.stack;
	enlarged_moves(old, object, key->process, bytes);
	copy_if_wanted(slot);
	block_released(key->process, old, now_ns);
	object_created(NULL, slot, key, object, true);
}

#endif
