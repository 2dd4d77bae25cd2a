/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May the return of a function be probed in this thread? Since 6.11 the return trampoline of x86-64
 * is a system call, so whatever takes system calls away from a thread takes the return too:
 * seccomp, Syscall User Dispatch, PTRACE_SYSEMU. User space has tried which of them do on this
 * kernel (src/kernel/return_trials.h). Asked at each entry of a function whose return is to be
 * probed.
 */
#ifndef SEEP_BPF_DISPATCH_H
#define SEEP_BPF_DISPATCH_H

#include <bpf/bpf_core_read.h>

#include "config.bpf.h"
#include "maps.bpf.h"
#include "seep/refusals.h"

/* enum syscall_work_bit of include/linux/thread_info.h (5.11) */
#define WORK_SECCOMP	   (1UL << 0)
#define WORK_SYSCALL_EMU   (1UL << 3)
#define WORK_USER_DISPATCH (1UL << 5)

#define FEATURE_SHSTK (1UL << 0) /* ARCH_SHSTK_SHSTK of asm/prctl.h */

struct thread_info___work {
	unsigned long syscall_work;
} __attribute__((preserve_access_index));

struct thread_struct___shadow { /* with CONFIG_X86_USER_SHADOW_STACK (6.6) */
	unsigned long features;
} __attribute__((preserve_access_index));

struct task_struct___work {
	struct thread_info___work thread_info;
	struct thread_struct___shadow thread;
} __attribute__((preserve_access_index));

/* Why the returns of a thread may not be probed: SEEP_REFUSAL_BIT of each reason. */
static __always_inline __u32 hazards_of_returns(struct task_struct *task)
{
	struct task_struct___work *threads = (void *)task;
	unsigned long work = 0;
	__u32 found = 0;

	if (!cfg_hazards)
		return 0;
	if (bpf_core_field_exists(threads->thread_info.syscall_work))
		work = threads->thread_info.syscall_work;
	if (work & WORK_SECCOMP)
		found |= SEEP_REFUSAL_BIT(SEEP_REFUSAL_SECCOMP);
	if (work & WORK_USER_DISPATCH)
		found |= SEEP_REFUSAL_BIT(SEEP_REFUSAL_USER_DISPATCH);
	if (work & WORK_SYSCALL_EMU)
		found |= SEEP_REFUSAL_BIT(SEEP_REFUSAL_EMULATED_CALLS);
	if (bpf_core_field_exists(threads->thread.features) &&
	    threads->thread.features & FEATURE_SHSTK)
		found |= SEEP_REFUSAL_BIT(SEEP_REFUSAL_SHADOW_STACK);
	return found & cfg_hazards;
}

/*
 * The same for the running thread, in a probe of @slot. If so, nothing of its process is counted
 * from here on, and user space is told to remove the probes.
 */
static __always_inline bool returns_are_unsafe(struct task_struct *task, __u32 slot)
{
	__u32 hazards = hazards_of_returns(task);
	struct seep_process_value *process;
	struct seep_hazard_event event = {.type = SEEP_EVENT_HAZARD, .hazards = hazards};

	if (!hazards)
		return false;
	process = bpf_map_lookup_elem(&processes, &slot);
	if (!process)
		return true;
	event.process = process->id;
	/* If the ring is full the process stays active, so that the next call tells. */
	if (bpf_ringbuf_output(&events, &event, sizeof(event), 0) == 0)
		process->active = 0;
	else
		count_loss(SEEP_LOSS_RING_FULL, 1);
	return true;
}

#endif
