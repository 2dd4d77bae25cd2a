/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that fail by an exception (operator new). A return probe replaces the return address, and
 * the C++ runtime ends a program that throws through a frame whose caller it cannot find. So a call of
 * such a function gets a return probe only where it must:
 *
 * - Most leave the work to malloc. That is learnt from the first call; from then on only the entry
 *   is noted, the return probe of malloc counts, and the block is given to the outer function: with
 *   the size it was asked for and the stack from its caller on.
 * - Those that have an allocator of their own are watched until they return, unless what they are
 *   asked for is more than the process can get.
 *
 * Only with session probes (6.13), whose entry decides about the return.
 */
#ifndef SEEP_BPF_DELEGATION_H
#define SEEP_BPF_DELEGATION_H

#include "calls.bpf.h"
#include "config.bpf.h"

/* What the frames of operator new, and of operators that call each other, take of the stack. */
#define NEW_STACK_BYTES 512
#define AS_LIMIT	9 /* RLIMIT_AS */

static __always_inline void set_delegation(__u32 index, __u32 delegation)
{
	struct seep_probe *probe = bpf_map_lookup_elem(&probes, &index);

	if (probe)
		probe->delegation = delegation;
}

/* A traced function was entered within the call that the thread is in. */
static __always_inline void note_delegation(struct thread_state *thread)
{
	struct seep_probe *probe;
	__u32 index = thread->probe;

	if (thread->role != SEEP_ROLE_NEW)
		return;
	probe = bpf_map_lookup_elem(&probes, &index);
	if (probe && probe->delegation == SEEP_DELEGATION_UNKNOWN)
		probe->delegation = SEEP_DELEGATION_YES;
}

/* Not with certainty: but what is refused here has never been worth a crash. */
static __always_inline bool cannot_succeed(struct task_struct *task, __u64 bytes)
{
	__u64 limit = task->signal->rlim[AS_LIMIT].rlim_cur;

	return bytes > cfg_max_new_bytes ||
	       task->mm->total_vm + bytes / PAGE_BYTES > limit / PAGE_BYTES;
}

/* The call of the outer function is over, and no other function has done its work. */
static __always_inline void outer_give_up(struct thread_state *thread)
{
	set_delegation(thread->outer.entered.probe, SEEP_DELEGATION_SOMETIMES);
	thread->outer.entered.slot = 0;
}

static __always_inline void outer_begin(struct pt_regs *ctx, struct thread_state *thread,
					const struct entered *now)
{
	if (thread->outer.entered.slot && now->slot >= thread->outer.entered.slot)
		outer_give_up(thread);
	thread->outer.entered = *now;
	thread->outer.bytes = thread->bytes;
	thread->outer.function = thread->function;
	registers_save(&thread->outer.registers, ctx);
	thread->outer.registers.ip = now->return_address;
	thread->outer.registers.sp = now->slot + 8;
}

/* The call that begins does the work of the outer one, if it is called by that. */
static __always_inline void outer_use(struct thread_state *thread, const struct entered *now)
{
	if (is_called_by(&thread->outer.entered, now, NEW_STACK_BYTES)) {
		thread->has_outer = 1;
		thread->bytes = thread->outer.bytes;
		thread->function = thread->outer.function;
		thread->outer.entered.slot = 0;
	} else if (now->slot >= thread->outer.entered.slot) {
		outer_give_up(thread);
	}
	/* Else a signal handler, in the middle of the outer call. */
}

/*
 * A call begins whose arguments are in @thread already. Whether its return is of no use: because it is
 * noted as an outer call, or must not be touched.
 */
static __always_inline bool new_enter(struct task_struct *task, struct pt_regs *ctx,
				      struct thread_state *thread, const struct seep_probe *probe)
{
	struct entered now = {
		.slot = ctx->sp,
		.ip = ctx->ip,
		.process = thread->process,
		.probe = thread->probe,
	};

	thread->has_outer = 0;
	if (probe->role != SEEP_ROLE_NEW && !thread->outer.entered.slot)
		return false;
	if (bpf_probe_read_user(&now.return_address, 8, (void *)now.slot))
		return false;
	if (probe->role == SEEP_ROLE_NEW && probe->delegation == SEEP_DELEGATION_YES) {
		if (!is_called_by(&thread->outer.entered, &now, NEW_STACK_BYTES))
			outer_begin(ctx, thread, &now);
		return true;
	}
	if (thread->outer.entered.slot)
		outer_use(thread, &now);
	return probe->role == SEEP_ROLE_NEW && cannot_succeed(task, thread->bytes);
}

#endif
