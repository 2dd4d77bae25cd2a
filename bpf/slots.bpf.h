/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scratch memory of one running program: the stack walk needs far more than the 512 bytes of the
 * BPF stack.
 *
 * A per-CPU array would not do: uprobe programs are preemptible since 6.0, so another thread may
 * run the same program on this CPU while this one waits. A slot is claimed instead, by an atomic
 * exchange; each CPU tries its own few first, so that claims rarely meet.
 */
#ifndef SEEP_BPF_SLOTS_H
#define SEEP_BPF_SLOTS_H

#include "maps.bpf.h"
#include "seep/hash.h"
#include "unwind_step.h"

#define RECENT_MAPPINGS 4   /* a power of two */
#define WINDOW_WORDS	128 /* 1 KiB: one read of it costs hardly more than one of a word */

/* The user's stack, read by windows. */
struct unwind_context {
	__u64 window_start; /* user address of window[0] */
	__u64 window[WINDOW_WORDS];
};

struct slot {
	__u32 busy;
	__u32 process;
	__u32 num_given; /* see seep_copy_event */
	__u32 pad;
	__u64 now_ns;
	__u64 generation; /* of the process's mappings */
	__u64 trampoline; /* page of the return trampoline, 0 if no return probe is pending */
	struct seep_registers
		start; /* where the walk begins: as the allocator's caller finds them */
	struct seep_hash hash;
	struct registers registers; /* of the frame to be unwound next */
	struct seep_mapping_value
		mapping; /* of the frame before: the next one is often in the same file */
	/*
	 * What earlier walks in this slot have found in the cache of mappings, and of which
	 * process: the next walk mostly goes through the same files.
	 */
	struct seep_mapping_value recent[RECENT_MAPPINGS];
	__u32 recent_process;
	__u32 recent_next; /* to be replaced */
	/* Of mapping_of_moved_text; on the stack of the program there is no room. */
	struct seep_mapping_value anonymous;
	struct seep_mapping_value neighbour;
	struct unwind_context context;
	struct seep_stack_event stack;	 /* sent as it is */
	struct seep_site_value new_site; /* all zero but for its check */
};

/*
 * Reads the word at @address of the user's stack, by windows: most words of a walk are close
 * together, and reading 1 KiB costs what reading 8 bytes costs. 0 or -errno.
 */
static __always_inline long stack_read(struct unwind_context *context, __u64 address,
				       __u64 *ret_word)
{
	__u64 offset = address - context->window_start;

	if (offset > (WINDOW_WORDS - 1) * 8 || (offset & 7)) {
		context->window_start = address;
		if (bpf_probe_read_user(context->window, sizeof(context->window),
					(void *)address)) {
			/* The window may reach past the end of the stack; the word may not. */
			context->window_start = ~0ULL;
			return bpf_probe_read_user(ret_word, 8, (void *)address);
		}
		offset = 0;
	}
	*ret_word = context->window[(offset >> 3) & (WINDOW_WORDS - 1)];
	return 0;
}

static __always_inline long code_read(struct unwind_context *context, __u64 address,
				      __u64 ret_words[2])
{
	return bpf_probe_read_user(ret_words, 16, (void *)address);
}

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
