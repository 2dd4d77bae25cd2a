/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses of released blocks: does a later window meet them again? That is how likely it is that
 * a block is noticed which was released between two windows. In windows each call of an allocator
 * costs one lookup more; frees.bpf.c puts the first ones in.
 */
#ifndef SEEP_BPF_ADDRESSES_H
#define SEEP_BPF_ADDRESSES_H

#include "sampling.bpf.h"

static __always_inline void sample_returned(const struct seep_site_key *key,
					    const struct seep_address *address, __u32 bucket)
{
	struct seep_sample_value *sample = sample_get(key);
	__u64 *counter;

	if (!sample)
		return;
	counter = address_counter(sample->returned, address->age, bucket);
	if (counter)
		__sync_fetch_and_add(counter, address->count);
	__sync_fetch_and_add(squares_of(sample->squares, address->age),
			     (__u64)address->count * address->count);
}

/* The address of a block is given out or released: is it one that an earlier window released? */
static __noinline int address_met(const struct seep_object_key *block, __u64 now_ns,
				  const struct seep_budget_value *windows)
{
	struct seep_object_key key = {
		.id = block->id,
		.process = block->process,
		.kind = SEEP_KIND_MEMORY,
	};
	struct seep_address *known = bpf_map_lookup_elem(&addresses, &key), address;
	struct seep_site_key of = {.process = block->process, .kind = SEEP_KIND_COUNT};
	__u32 bucket;

	if (!windows || !known || known->released_ns >= windows->window_ns)
		return 0;
	address = *known;
	if (bpf_map_delete_elem(&addresses, &key))
		return 0;
	bucket = lifetime_bucket(now_ns - address.released_ns);
	of.stack = address.size_class;
	sample_returned(&of, &address, bucket);
	if (address.stack) {
		of.stack = address.stack;
		of.kind = SEEP_KIND_MEMORY;
		sample_returned(&of, &address, bucket);
	}
	return 0;
}

#endif
