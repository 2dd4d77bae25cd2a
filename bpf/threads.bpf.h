/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread is an object from its creation until it has ended and need not be joined any more,
 * because it was joined or detached. The last of these events releases it. Their order is open: a
 * thread that is joined still has some way to go in the kernel.
 */
#ifndef SEEP_BPF_THREADS_H
#define SEEP_BPF_THREADS_H

#include "syscalls.bpf.h"

#define PF_EXITING_FLAG 0x4 /* include/linux/sched.h */

/*
 * How far below the end of its stack the C libraries put what the thread pointer points to (x86).
 */
#define TCB_BYTES (2 * PAGE_BYTES)

/*
 * The thread function that a thread is in, and its last join. In task storage, which is freed with
 * the thread.
 */
struct thread_call {
	__u64 slot; /* user address of the return address of CREATE or TRYJOIN; 0: in no call */
	__u64 return_address;
	__u64 id;	/* of the thread that was made, or is waited for; 0: none */
	__u64 pthread;	/* TRYJOIN: as the program calls it */
	__u64 function; /* CREATE: its frame */
	__u64 start;
	__u64 attributes;
	struct seep_registers registers; /* as the caller of CREATE will find them */
	__u32 process;
	__u32 role;    /* enum seep_role */
	__u64 joining; /* JOIN: the thread that is, or was, waited for; 0: none */
	__u64 joining_pthread;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_call);
} thread_calls SEC(".maps") __weak;

/* Is the thread, with its stack pointer at @sp, within the call that @call remembers? */
static __always_inline bool is_in_thread_call(struct task_struct *task,
					      const struct thread_call *call, __u64 sp)
{
	return call->slot && sp < call->slot &&
	       return_address_at(task, call->slot) == call->return_address;
}

/*
 * The call of CREATE that the running thread is in when it makes the system call in @regs; or NULL.
 */
static __always_inline struct thread_call *creation_of(struct task_struct *task,
						       struct pt_regs *regs, __u32 process)
{
	struct thread_call *call = bpf_task_storage_get(&thread_calls, task, NULL, 0);

	if (!call || call->role != SEEP_ROLE_CREATE || call->process != process ||
	    !is_in_thread_call(task, call, regs->sp))
		return NULL;
	return call;
}

static __always_inline struct seep_object_key thread_key(__u32 process, __u64 id)
{
	return (struct seep_object_key){.id = id, .process = process, .kind = SEEP_KIND_THREAD};
}

static __always_inline __u64 thread_id(struct task_struct *task)
{
	return SEEP_THREAD_ID(task->pid, task->start_boottime);
}

static __always_inline void thread_released(const struct seep_object_key *key)
{
	struct seep_object object;

	if (object_take(&live_threads, key, &object) == 0)
		site_released(key->process, SEEP_KIND_THREAD, &object, bpf_ktime_get_ns());
}

static __always_inline bool thread_is_over(__u32 state)
{
	return state & SEEP_THREAD_ENDED &&
	       state & (SEEP_THREAD_JOINED | SEEP_THREAD_DETACHED | SEEP_THREAD_RAW);
}

/*
 * Adds @bits to the state of a thread. If two threads do so at once, the second sees both, and
 * releases the thread.
 */
static __always_inline void thread_mark(const struct seep_object_key *key, __u32 bits)
{
	struct seep_thread_object *thread = bpf_map_lookup_elem(&live_threads, key);
	__u32 before;

	if (!thread)
		return;
	before = __sync_fetch_and_or(&thread->state, bits);
	if (thread_is_over(before | bits) && !thread_is_over(before))
		thread_released(key);
}

struct area {
	__u64 start;
	__u64 end;
};

static long area_of_vma(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	struct area *area = context;

	area->start = vma->vm_start;
	area->end = vma->vm_end;
	return 0;
}

/* The mapping of @task at @address; empty if there is none or it cannot be told now. */
static __always_inline struct area area_at(struct task_struct *task, __u64 address)
{
	struct area area = {};

	bpf_find_vma(task, address, area_of_vma, &area, 0);
	return area;
}

#endif
