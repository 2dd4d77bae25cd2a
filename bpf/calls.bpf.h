/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The outermost call of a traced function that a thread is in.
 *
 * Only the outermost call counts (calloc calls malloc, a preloaded malloc calls the next one). For
 * a function with a return probe the thread remembers the stack slot of the return address. The
 * call is over when the return probe fires. It may also end without that, by longjmp, an exception
 * or exec: then the slot no longer holds the address of the return trampoline, and what the thread
 * remembers is void. This is in task storage (uprobe programs may use it since 5.12): the kernel
 * frees it with the thread.
 *
 * A function without a return probe (see symbol/returns.h) leaves no trace on the stack. Its call
 * is in the map of calls, see calls.bpf.c.
 */
#ifndef SEEP_BPF_CALLS_H
#define SEEP_BPF_CALLS_H

#include "maps.bpf.h"
#include "unwind.bpf.h"

/* How far from a function its callee may return to: the operators of C++ call each other. */
#define LIBRARY_BYTES (64 << 10)

/*
 * Most bytes on the stack between a function that the user named and the allocator that it calls.
 */
#define OUTER_STACK_BYTES (256 << 10)

/*
 * A traced function that was entered without a return probe. Whether it has returned is not known.
 */
struct entered {
	__u64 slot; /* user address of its return address; 0: none */
	__u64 return_address;
	__u64 ip; /* 0: what it calls need not be near by */
	__u32 process;
	__u32 probe;
};

/* What an allocating function was asked for. */
struct request {
	__u64 bytes;
	__u64 extra;		/* RESIZE: welcome on top of that */
	__u64 pointer;		/* the block that it was given */
	__u64 out;		/* where the block will be stored; 0: it is the result */
	__u64 function;		/* its frame */
	struct seep_object old; /* REALLOC: the block it was given, taken from the live map */
	__u32 process;
	__u8 has_old;
	/* Programs have copies on their stacks, where 8 bytes more are too many. */
	__u8 old_heap : 4;
	__u8 sampled : 4; /* enum sampled */
	__u8 heap;
	__u8 role; /* enum seep_role */
};

/*
 * Does what other functions allocate within the call not count? So it is for functions that the
 * user named, which have a heap of their own, and for those that are given a block, which is out of
 * the live map meanwhile. Not for operator new: the exception that it throws may be allocated
 * within.
 */
static __always_inline bool hides_inner_calls(const struct request *request)
{
	return request->heap == SEEP_HEAP_USER || request->role == SEEP_ROLE_RENEW;
}

/* The value of "calls", by the slot in the id of the key. */
struct pending_call {
	struct request request;
	__u64 return_address;
	__u64 entered_ns;
	__u64 thread;	/* that entered it, as bpf_get_current_pid_tgid says */
	__u32 probe;	/* index */
	__u32 restored; /* it was taken for abandoned: the old block is in the live map */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct seep_object_key);
	__type(value, struct pending_call);
} calls SEC(".maps") __weak;

struct thread_state {
	__u64 return_slot; /* user address of the return address of the call; 0: in no call */
	struct request request;
	/*
	 * The pending call that the thread has entered last, by its slot (0: none) and time, and
	 * what was left out because of it: see hides_inner_calls.
	 */
	__u64 outer_slot;
	__u64 outer_ns;
	__u64 left_out;
	struct entered released; /* the outermost release that was entered last */
	__u64 unsized;		 /* the block that it was given, if nobody has told its size yet */
	/* Of a thread whose blocks are sampled by bytes: see bytes.bpf.h and leave_out. */
	__u64 until_sample;
	struct entered passed; /* the call that was left out last */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_state);
} thread_states SEC(".maps") __weak;

/* The state of the running thread, created if @create; NULL without one. */
static __always_inline struct thread_state *thread_state_get(struct task_struct *task, bool create)
{
	return bpf_task_storage_get(&thread_states, task, NULL,
				    create ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
}

/*
 * Is the thread really inside the call that its state remembers? As long as it is, the slot holds
 * the address of the kernel's return trampoline.
 */
static __always_inline bool thread_in_call(struct task_struct *task,
					   const struct thread_state *thread)
{
	return return_is_pending(task, thread->return_slot);
}

/*
 * Was the function that is entered now called by the one in @caller? Then its slot is at most
 * @max_bytes deeper, the slot of the caller still holds its return address (as it may long after
 * the return), and it will return into the caller's library. Or the caller has jumped to it.
 */
static __always_inline bool is_called_by(const struct entered *caller, const struct entered *now,
					 __u64 max_bytes)
{
	__u64 word;

	if (!caller->slot || caller->process != now->process)
		return false;
	if (caller->slot == now->slot)
		return caller->return_address == now->return_address && caller->probe != now->probe;
	if (caller->slot - now->slot > max_bytes)
		return false;
	if (caller->ip && now->return_address - caller->ip + LIBRARY_BYTES > 2 * LIBRARY_BYTES)
		return false;
	return !bpf_probe_read_user(&word, 8, (void *)caller->slot) &&
	       word == caller->return_address;
}

static __always_inline struct seep_object_key call_key(__u32 process, __u64 slot)
{
	return (struct seep_object_key){.id = slot, .process = process, .kind = SEEP_KIND_MEMORY};
}

/*
 * The pending call that the thread is in when its stack pointer is at @sp, or NULL. The slot may
 * still hold the return address of a call that never returned. What is left out by such a mistake
 * is counted.
 */
static __always_inline struct pending_call *
outer_call(struct task_struct *task, const struct thread_state *thread, __u32 process, __u64 sp)
{
	struct seep_object_key key = call_key(process, thread->outer_slot);
	struct pending_call *call;

	if (!thread->outer_slot || thread->outer_slot - sp > OUTER_STACK_BYTES)
		return NULL;
	call = bpf_map_lookup_elem(&calls, &key);
	if (!call || call->entered_ns != thread->outer_ns ||
	    return_address_at(task, thread->outer_slot) != call->return_address)
		return NULL;
	return call;
}

/* The frame of the allocating function of @process that the thread is in, or 0. */
static __always_inline __u64 allocator_of(struct task_struct *task,
					  const struct thread_state *thread, __u32 process,
					  __u64 sp)
{
	const struct pending_call *call;

	if (thread->request.process == process && thread_in_call(task, thread))
		return thread->request.function;
	call = outer_call(task, thread, process, sp);
	return call ? call->request.function : 0;
}

#endif
