/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The self-check: some stacks are sent to user space with their registers and a copy of the stack's
 * memory, to be walked there once more by somebody else's code (src/trace/verify.c).
 */
#ifndef SEEP_BPF_VERIFY_H
#define SEEP_BPF_VERIFY_H

#include "unwind.bpf.h"

/* One part in so many of the ring buffer may be in use when a stack is sent whole. */
#define VERIFY_RING_SHARE 8

/*
 * Is it this stack's turn? Not while the ring fills up: what is sent here can be done without, and must
 * not take the room of what cannot, such as the many new stacks of a program that starts.
 */
static __always_inline bool verify_wanted(void)
{
	return cfg_verify_every && bpf_get_prandom_u32() % cfg_verify_every == 0 &&
	       bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) * VERIFY_RING_SHARE <=
		       bpf_ringbuf_query(&events, BPF_RB_RING_SIZE);
}

/* Copies the stack from its top on, page by page up to the first that cannot be read. Bytes. */
static __always_inline __u32 verify_copy_stack(struct seep_verify_event *event, __u64 sp)
{
	__u32 size = PAGE_BYTES - (sp & (PAGE_BYTES - 1)), done = 0;

#pragma unroll
	for (int i = 0; i < SEEP_VERIFY_BYTES / PAGE_BYTES; i++) {
		if (bpf_probe_read_user(event->stack + done, size, (void *)(sp + done)))
			break;
		done += size;
		size = PAGE_BYTES;
	}
	return done;
}

/* Sends the stack that was walked in @slot from @ctx on. */
static __noinline int verify_send(const struct slot *slot, struct pt_regs *ctx)
{
	struct seep_verify_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->type = SEEP_EVENT_VERIFY;
	event->process = slot->process;
	event->end = slot->stack.end;
	event->num_frames = slot->stack.num_frames;
	event->time_ns = slot->now_ns;
	event->registers.ip = ctx->ip;
	event->registers.sp = ctx->sp;
	event->registers.bp = ctx->bp;
	event->registers.bx = ctx->bx;
	event->registers.r12 = ctx->r12;
	event->registers.r13 = ctx->r13;
	event->registers.r14 = ctx->r14;
	event->registers.r15 = ctx->r15;
	event->pad = 0;
	bpf_probe_read_kernel(event->frames, sizeof(event->frames), slot->stack.frames);
	event->stack_bytes = verify_copy_stack(event, ctx->sp);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

#endif
