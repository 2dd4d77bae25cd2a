/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a thread is in the middle of: its outermost call of a traced function.
 *
 * Only the outermost call counts (calloc calls malloc, a preloaded malloc calls the next one), so
 * each thread remembers the stack slot of the return address of that call. The call is over when its
 * return probe fires. It may also end without: by longjmp, an exception, or exec. Then the slot no
 * longer holds the address of the return trampoline, and the memory of the call is void.
 *
 * In task storage (uprobe programs may use it since 5.12): the kernel frees it with the thread.
 */
#ifndef SEEP_BPF_THREADS_H
#define SEEP_BPF_THREADS_H

#include "maps.bpf.h"
#include "unwind.bpf.h"

struct thread_state {
	__u64 return_slot; /* user address of the return address of the call; 0: in no call */
	__u64 bytes;	   /* asked for */
	__u64 pointer;	   /* its pointer argument */
	__u64 function;	   /* its frame */
	__u32 process;
	__u32 role;		/* enum seep_role */
	struct seep_object old; /* REALLOC: the block it was given, taken from the live map */
	__u32 has_old;
	__u32 released_process;
	__u64 released; /* address of the last block this thread released */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_state);
} thread_states SEC(".maps") __weak;

/* The state of the running thread, made if @create; NULL without one. */
static __always_inline struct thread_state *thread_state_get(struct task_struct *task, bool create)
{
	return bpf_task_storage_get(&thread_states, task, NULL,
				    create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
}

/*
 * Is the thread really inside the call that its state remembers? While it is, the kernel's return
 * trampoline stands in the slot of the return address.
 */
static __always_inline bool thread_in_call(struct task_struct *task, struct thread_state *thread)
{
	__u64 trampoline, word;

	if (!thread->return_slot)
		return false;
	trampoline = trampoline_page(task);
	if (trampoline && !bpf_probe_read_user(&word, 8, (void *)thread->return_slot) &&
	    word - trampoline < PAGE_BYTES)
		return true;
	return false;
}

#endif
