/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stack of the running thread, as normalised frames with a hash over them. unwind_from_return
 * walks it: by the unwind tables that user space makes from .eh_frame (tables.bpf.h), without a
 * table by frame pointers if they are plausible, and otherwise no further. The end says which.
 *
 * At most cfg_max_frames frames, each by one call of the global function unwind_step.
 */
#ifndef SEEP_BPF_UNWIND_H
#define SEEP_BPF_UNWIND_H

#include "config.bpf.h"
#include "stack_copy.bpf.h"
#include "tables.bpf.h"
#include "vmas.bpf.h"

/* The page that pending return probes of this process return to, 0 if there are none. */
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
 * The return address that a return probe, of seep or anybody else, has replaced in the stack slot
 * @address. The kernel keeps it in a list, innermost first (struct return_instance). 0 if it is not
 * there.
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

/* Is a return probe pending for the return address in the stack slot @address? */
static __always_inline bool return_is_pending(struct task_struct *task, __u64 address)
{
	__u64 trampoline, word;

	if (!address)
		return false;
	trampoline = trampoline_page(task);
	return trampoline && !bpf_probe_read_user(&word, 8, (void *)address) &&
	       word - trampoline < PAGE_BYTES;
}

/* The return address in a stack slot, even if a return probe has replaced it. */
static __always_inline __u64 return_address_at(struct task_struct *task, __u64 slot)
{
	__u64 trampoline = trampoline_page(task), word;

	if (bpf_probe_read_user(&word, 8, (void *)slot))
		return 0;
	return trampoline && word - trampoline < PAGE_BYTES ? hijacked_return_address(slot) : word;
}

static __always_inline void push_frame(struct slot *slot, __u64 frame, __u64 mixed)
{
	slot->stack.frames[slot->stack.num_frames & (SEEP_MAX_FRAMES - 1)] = frame;
	slot->stack.num_frames++;
	seep_hash_add(&slot->hash, mixed);
}

/*
 * One step: records the frame that the registers are of and moves them to its caller. STEP_NEXT or
 * the end. A global function, so that the verifier looks at it once and not once per frame.
 */
__weak int unwind_step(__u32 index)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	__u64 address, frame, mixed;
	int result;

	if (!slot)
		return SEEP_END_READ;
	address = slot->registers.pc - !slot->registers.exact;
	if (!mapping_covers(&slot->mapping, address)) {
		long error = mapping_locate(index, address);

		if (error == -EBUSY_ERRNO)
			return SEEP_END_BUSY;
		if (error)
			return slot->registers.guessed ? SEEP_END_FRAME_POINTER :
							 SEEP_END_NO_MAPPING;
	}
	if (!slot->mapping.executable)
		return slot->registers.guessed ? SEEP_END_FRAME_POINTER : SEEP_END_NO_MAPPING;
	frame = slot->mapping.file ? SEEP_FRAME(slot->mapping.file, address - slot->mapping.delta) :
				     SEEP_FRAME_RAW | address;
	mixed = seep_frame_mix(frame);
	push_frame(slot, frame, mixed);
	result = step_of_frame(&slot->context, &slot->registers, frame, mixed, slot->process,
			       slot->now_ns);
	if (result != STEP_NEXT)
		return result;
	if (slot->trampoline && slot->registers.pc - slot->trampoline < PAGE_BYTES)
		slot->registers.pc = hijacked_return_address(slot->registers.return_at);
	return step_result(STEP_NEXT, &slot->registers);
}

static __always_inline void stack_begin(struct slot *slot, __u32 process, __u64 now_ns)
{
	slot->process = process;
	slot->now_ns = now_ns;
	slot->hash = SEEP_HASH_INIT;
	slot->stack.type = SEEP_EVENT_STACK;
	slot->stack.num_frames = 0;
}

static __always_inline void stack_end(struct slot *slot, int end)
{
	slot->stack.end = end;
	/* A stack that ended early is not the same as a whole stack with these frames. */
	seep_hash_add(&slot->hash, seep_frame_mix(end));
	slot->stack.stack = seep_hash_key(&slot->hash);
	slot->stack.check = seep_hash_check(&slot->hash);
}

/* The stack of an object that no visible code has created. @function 0: created for no function. */
static __always_inline void stack_of_origin(struct slot *slot, __u32 process, __u64 function,
					    enum seep_origin origin, __u64 now_ns)
{
	stack_begin(slot, process, now_ns);
	if (function)
		push_frame(slot, function, seep_frame_mix(function));
	push_frame(slot, SEEP_ORIGIN_FRAME(origin), seep_frame_mix(SEEP_ORIGIN_FRAME(origin)));
	stack_end(slot, SEEP_END_COMPLETE);
}

/*
 * Walks the stack of the current thread from slot->start on: the registers as the caller of the
 * allocator will find them. @function is the frame of the function that was called and becomes the
 * innermost one; 0: there is none, the walk starts at a system call, in the calling function
 * itself. The result is slot->stack; its hash is the key of the stack.
 */
static __always_inline void unwind_from_return(struct slot *slot, __u32 index, __u32 process,
					       __u64 function, __u64 now_ns)
{
	int end = SEEP_END_DEPTH;

	stack_begin(slot, process, now_ns);
	slot->registers.pc = slot->start.ip;
	slot->registers.sp = slot->start.sp;
	slot->registers.fp = slot->start.bp;
	slot->registers.bx = slot->start.bx;
	slot->registers.exact = 0;
	slot->registers.guessed = 0;
	slot->registers.chained = 0;
	slot->trampoline = trampoline_page(bpf_get_current_task_btf());
	slot->context.window_start = ~0ULL;
	slot->mapping.start = 0;
	slot->mapping.end = 0;
	slot->num_given = function != 0;
	if (function)
		push_frame(slot, function, seep_frame_mix(function));
	for (__u32 i = 1; i < SEEP_MAX_FRAMES && i < cfg_max_frames; i++) {
		int result = unwind_step(index);

		if (result != STEP_NEXT) {
			end = result;
			break;
		}
	}
	stack_end(slot, end);
	counter_add(&ends, end, 1);
}

#endif
