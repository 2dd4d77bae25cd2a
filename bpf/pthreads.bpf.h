/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs call a thread: its pthread_t, which for glibc and musl on x86-64 is the base of FS
 * that the thread is created with. The map "pthreads" leads from it to the id of the thread.
 *
 * A pthread_t is used again as soon as the thread was joined or detached, when the thread itself
 * may still be there. So its entry is dropped when the function that gives the pthread_t up is
 * entered: no other thread can have it then.
 */
#ifndef SEEP_BPF_PTHREADS_H
#define SEEP_BPF_PTHREADS_H

#include "threads.bpf.h"

/* The id of the thread that the program calls @pthread, 0 without one. Drops the entry. */
static __always_inline __u64 pthread_take(__u32 process, __u64 pthread)
{
	struct seep_object_key key = thread_key(process, pthread);
	__u64 *found = bpf_map_lookup_elem(&pthreads, &key), id;

	if (!found)
		return 0;
	id = *found;
	bpf_map_delete_elem(&pthreads, &key);
	return id;
}

static __always_inline void pthread_put(__u32 process, __u64 pthread, __u64 id)
{
	struct seep_object_key key = thread_key(process, pthread);

	if (!bpf_map_update_elem(&pthreads, &key, &id, BPF_ANY))
		return;
	/* Without the entry its join will not be seen: it is released when it ends. */
	count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
	key.id = id;
	thread_mark(&key, SEEP_THREAD_RAW);
}

/*
 * The pthread_t of a new thread. If it is still in the map, the thread that had it was joined by a
 * function that is not traced.
 */
static __always_inline void pthread_clear(__u32 process, __u64 pthread)
{
	__u64 id = pthread_take(process, pthread);
	struct seep_object_key key = thread_key(process, id);
	struct seep_thread_object *thread;

	thread = id ? bpf_map_lookup_elem(&live_threads, &key) : NULL;
	/* A thread whose creation failed is exiting by itself. */
	if (!thread || thread->state & (SEEP_THREAD_JOINED | SEEP_THREAD_DETACHED))
		return;
	thread_released(&key);
	count_loss(SEEP_LOSS_IMPLICIT_FREES, 1);
}

/* A TRYJOIN that will not return, because of an exception for instance, has not joined. */
static __always_inline void thread_call_abandon(struct thread_call *call)
{
	if (call->slot && call->role == SEEP_ROLE_TRYJOIN && call->id)
		pthread_put(call->process, call->pthread, call->id);
	call->slot = 0;
}

#endif
