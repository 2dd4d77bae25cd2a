/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stack of the running thread, as normalised frames with a hash over them.
 *
 * unwind_begin, unwind_walk and the result in slot->stack are the interface; how one frame leads to
 * the next is unwind_step's business alone. Here: by frame pointers.
 */
#ifndef SEEP_BPF_UNWIND_H
#define SEEP_BPF_UNWIND_H

#include "config.bpf.h"
#include "mappings.bpf.h"

#define PAGE_BYTES	 4096
#define MAX_FRAME_BYTES	 (256 << 10) /* a larger distance between frames is no frame */
#define MAX_RETURN_DEPTH 64	     /* MAX_URETPROBE_DEPTH in kernel/events/uprobes.c */

enum step_result {
	STEP_NEXT,
	STEP_DONE,
};

/*
 * Reads the word at @address of the user's stack, by windows: most words of a walk are close
 * together, and reading 1 KiB costs what reading 8 bytes costs. 0 or -errno.
 */
static __always_inline long stack_read(struct slot *slot, __u64 address, __u64 *ret_word)
{
	__u64 offset = address - slot->window_start;

	if (offset > (WINDOW_WORDS - 1) * 8 || (offset & 7)) {
		slot->window_start = address;
		if (bpf_probe_read_user(slot->window, sizeof(slot->window), (void *)address)) {
			/* The window may reach past the end of the stack; the word may not. */
			slot->window_start = ~0ULL;
			return bpf_probe_read_user(ret_word, 8, (void *)address);
		}
		offset = 0;
	}
	*ret_word = slot->window[(offset >> 3) & (WINDOW_WORDS - 1)];
	return 0;
}

/* The page to which pending return probes of this process return, 0 if there are none. */
static __always_inline __u64 trampoline_page(struct task_struct *task)
{
	struct uprobe_task *utask = task->utask;
	struct xol_area *area;

	if (!utask || !utask->return_instances)
		return 0;
	area = task->mm->uprobes_state.xol_area;
	return area ? area->vaddr : 0;
}

/*
 * The return address that a return probe (ours or anybody's) replaced in the stack slot @address.
 * The kernel keeps it in a list, innermost first (struct return_instance). 0 if it is not there.
 */
static __noinline __u64 hijacked_return_address(__u64 address)
{
	struct uprobe_task *utask = bpf_get_current_task_btf()->utask;
	struct return_instance *instance = utask ? utask->return_instances : NULL;

	for (int i = 0; i < MAX_RETURN_DEPTH && instance; i++) {
		if (instance->stack == address)
			return instance->orig_ret_vaddr;
		instance = instance->next;
	}
	return 0;
}

/* Two multiplicative hashes over the frames, computed as they come: key and check of the stack. */
static __always_inline void hash_frame(struct slot *slot, __u64 frame)
{
	__u64 mixed = frame * 0xff51afd7ed558ccdULL;

	mixed ^= mixed >> 33;
	slot->hash = (slot->hash ^ mixed) * 0xc4ceb9fe1a85ec53ULL;
	slot->check = (slot->check + mixed) * 0x9e3779b97f4a7c15ULL;
}

static __always_inline void push_frame(struct slot *slot, __u64 frame)
{
	slot->stack.frames[slot->stack.num_frames & (SEEP_MAX_FRAMES - 1)] = frame;
	slot->stack.num_frames++;
	hash_frame(slot, frame);
}

static __always_inline int step_end(struct slot *slot, enum seep_end end)
{
	slot->stack.end = end;
	return STEP_DONE;
}

/*
 * One step: records the frame that slot->pc returns into and moves the registers to its caller.
 * A global function, so that the verifier looks at it once and not once per frame.
 */
__weak int unwind_step(__u32 index)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	__u64 call, fp, return_address;

	if (!slot)
		return STEP_DONE;
	call = slot->pc - 1;
	if (!mapping_covers(&slot->mapping, call)) {
		long error = mapping_find(index, call);

		if (error)
			return step_end(slot, error == -EBUSY_ERRNO ? SEEP_END_BUSY :
								      SEEP_END_NO_MAPPING);
	}
	if (!slot->mapping.executable)
		return step_end(slot, SEEP_END_NO_MAPPING);
	push_frame(slot, slot->mapping.file ?
				 SEEP_FRAME(slot->mapping.file, call - slot->mapping.delta) :
				 SEEP_FRAME_RAW | call);
	fp = slot->fp;
	if (fp < slot->sp || fp - slot->sp > MAX_FRAME_BYTES || (fp & 7))
		return step_end(slot, SEEP_END_FRAME_POINTER);
	if (stack_read(slot, fp, &slot->fp) || stack_read(slot, fp + 8, &return_address))
		return step_end(slot, SEEP_END_READ);
	if (slot->trampoline && return_address - slot->trampoline < PAGE_BYTES)
		return_address = hijacked_return_address(fp + 8);
	if (!return_address)
		return step_end(slot, SEEP_END_FRAME_POINTER);
	slot->sp = fp + 16;
	slot->pc = return_address;
	return STEP_NEXT;
}

/*
 * Walks the stack of the current thread from a return probe: @ctx is as the caller will find it,
 * its instruction pointer the return address. @function is the frame of the function that returned
 * and becomes the innermost one. The result is in the slot's stack; its hash is the stack's key.
 */
static __always_inline void unwind_from_return(struct slot *slot, __u32 index, struct pt_regs *ctx,
					       __u32 process, __u64 function, __u64 now_ns)
{
	slot->process = process;
	slot->now_ns = now_ns;
	slot->pc = ctx->ip;
	slot->sp = ctx->sp;
	slot->fp = ctx->bp;
	slot->trampoline = trampoline_page(bpf_get_current_task_btf());
	slot->hash = 0x9e3779b97f4a7c15ULL;
	slot->check = 0;
	slot->window_start = ~0ULL;
	slot->mapping.start = 0;
	slot->mapping.end = 0;
	slot->stack.type = SEEP_EVENT_STACK;
	slot->stack.end = SEEP_END_DEPTH;
	slot->stack.num_frames = 0;
	push_frame(slot, function);
	for (__u32 i = 1; i < SEEP_MAX_FRAMES; i++) {
		if (i >= cfg_max_frames || unwind_step(index) != STEP_NEXT)
			break;
	}
	/* A stack that ended early is another one than the whole stack with the same frames. */
	hash_frame(slot, slot->stack.end);
	slot->stack.stack = slot->hash ^ slot->hash >> 29;
	slot->stack.check = slot->check >> 32;
	counter_add(&ends, slot->stack.end, 1);
}

#endif
