/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copies of stacks: some are sent to user space with their registers and a copy of the stack's
 * memory, to be walked there. Either because something was missing for the walk, the unwind table
 * of a file right after dlopen or the lock of the address space (src/stack/rewalk.c), or to check
 * this unwinder against another one (src/stack/verify.c). At most SEEP_COPY_BYTES of a stack are
 * copied.
 */
#ifndef SEEP_BPF_COPIES_H
#define SEEP_BPF_COPIES_H

#include "stack_copy.bpf.h"
#include "unwind.bpf.h"

/* One part in so many of the ring buffer may be in use when a copy is sent. */
#define COPY_RING_SHARE 4

/*
 * Why this stack is to be copied, 0 if it is not. Not while the ring fills up: what cannot be
 * repeated, such as the many new stacks of a program that starts, needs the room.
 */
static __always_inline __u32 copy_purpose(const struct slot *slot)
{
	__u32 end = slot->stack.end, purpose = 0;

	if (end == SEEP_END_NO_TABLE || end == SEEP_END_BUSY)
		purpose = SEEP_COPY_WALK;
	if (cfg_verify_every && bpf_get_prandom_u32() % cfg_verify_every == 0)
		purpose |= SEEP_COPY_VERIFY;
	if (purpose && bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) * COPY_RING_SHARE >
			       bpf_ringbuf_query(&events, BPF_RB_RING_SIZE))
		return 0;
	return purpose;
}

/*
 * Sends the stack that was walked in @slot. One that is to be walked again gets a hash of its own,
 * from thread and time: until then it is a site that nothing else shares.
 */
static __noinline int copy_send(struct slot *slot, __u32 purpose)
{
	struct seep_copy_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	if (purpose & SEEP_COPY_WALK) {
		seep_hash_add(&slot->hash, seep_frame_mix(slot->now_ns));
		seep_hash_add(&slot->hash, seep_frame_mix(bpf_get_current_pid_tgid()));
		slot->stack.stack = seep_hash_key(&slot->hash);
		slot->stack.check = seep_hash_check(&slot->hash);
	}
	event->type = SEEP_EVENT_COPY;
	event->process = slot->process;
	event->end = slot->stack.end;
	event->num_frames = slot->stack.num_frames;
	event->purpose = purpose;
	event->num_given = slot->num_given;
	event->library_changes = slot->generation >> 32;
	event->time_ns = slot->now_ns;
	event->hash = slot->stack.stack;
	event->start = slot->mapping.start;
	event->limit = slot->mapping.end;
	event->delta = slot->mapping.delta;
	event->registers = slot->start;
	bpf_probe_read_kernel(event->frames, sizeof(event->frames), slot->stack.frames);
	event->stack_bytes = copy_stack(event->stack, slot->start.sp);
	copy_repair(event->stack, slot->start.sp);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* Sends the stack that was just walked in @slot, if it is wanted. */
static __always_inline void copy_if_wanted(struct slot *slot)
{
	__u32 purpose = copy_purpose(slot);

	if (purpose)
		copy_send(slot, purpose);
}

#endif
