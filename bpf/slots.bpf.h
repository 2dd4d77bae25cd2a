/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scratch memory of one running program: the stack walk needs far more than the BPF stack has.
 *
 * A per-CPU array would not do: uprobe programs are preemptible since 6.0, so another thread may run
 * the same program on this CPU in the middle of ours. A slot is claimed instead, by an atomic
 * exchange; each CPU tries its own few first, so that claims rarely meet.
 */
#ifndef SEEP_BPF_SLOTS_H
#define SEEP_BPF_SLOTS_H

#include "maps.bpf.h"

#define WINDOW_WORDS 128 /* 1 KiB: one read of it costs hardly more than one of a word */

/* What is known of the mapping that a PC lies in. */
struct mapping {
	__u64 start;
	__u64 end;
	__u64 delta;   /* address - delta = offset in the file */
	__u64 seen_ns; /* when the kernel's VMA was read */
	__u32 file;    /* 0: no file */
	__u32 executable;
	__u64 sum; /* over all but seen_ns, see mapping_sum */
};

struct slot {
	__u32 busy;
	__u32 process;
	__u64 now_ns;
	/* registers of the frame to be unwound next */
	__u64 pc;
	__u64 sp;
	__u64 fp;
	__u64 trampoline; /* page of the return trampoline, 0 if no return probe is pending */
	__u64 hash;
	__u64 check;
	__u64 window_start;	/* user address of window[0] */
	struct mapping mapping; /* of the frame before: the next one is often in the same file */
	__u64 window[WINDOW_WORDS];
	struct seep_stack_event stack;	 /* sent as it is */
	struct seep_site_value new_site; /* all zero but for its check */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEP_SLOTS_PER_CPU); /* times the number of CPUs: set by the loader */
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps") __weak;

/* Claims a slot: its index, or -1 when all slots of this CPU are taken. */
static __always_inline int slot_claim(void)
{
	__u32 first = bpf_get_smp_processor_id() * SEEP_SLOTS_PER_CPU;

	for (__u32 i = 0; i < SEEP_SLOTS_PER_CPU; i++) {
		__u32 index = first + i;
		struct slot *slot = bpf_map_lookup_elem(&slots, &index);

		if (slot && __sync_lock_test_and_set(&slot->busy, 1) == 0)
			return index;
	}
	return -1;
}

static __always_inline void slot_release(struct slot *slot)
{
	__sync_lock_test_and_set(&slot->busy, 0);
}

#endif
