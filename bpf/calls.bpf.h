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
#ifndef SEEP_BPF_CALLS_H
#define SEEP_BPF_CALLS_H

#include "maps.bpf.h"
#include "unwind.bpf.h"

/* How far from a function the one that it calls may return to: the operators of C++ call each other. */
#define LIBRARY_BYTES (64 << 10)

/* A function of ours that was entered without a return probe: whether it has returned is not known. */
struct entered {
	__u64 slot; /* user address of its return address; 0: none */
	__u64 return_address;
	__u64 ip; /* 0: what it calls need not be near by */
	__u32 process;
	__u32 probe;
};

/* A call of a NEW function that leaves the work to another traced function: see new_enter. */
struct outer_call {
	struct entered entered;
	__u64 bytes;
	__u64 function;
	struct seep_registers registers; /* as its caller will find them */
};

struct thread_state {
	__u64 return_slot; /* user address of the return address of the call; 0: in no call */
	__u64 bytes;	   /* asked for */
	__u64 extra;	   /* RESIZE: welcome on top of that */
	__u64 pointer;	   /* the block that it was given */
	__u64 out;	   /* where the block will be stored; 0: it is the result */
	__u64 function;	   /* its frame */
	__u32 process;
	__u32 probe;		/* its index */
	struct seep_object old; /* REALLOC: the block it was given, taken from the live map */
	__u8 has_old;
	__u8 old_heap;
	__u8 heap;
	__u8 role;	 /* enum seep_role */
	__u32 has_outer; /* the call is the work of the one in outer */
	struct outer_call outer;
	struct entered released; /* the outermost release that was entered last */
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
static __always_inline bool thread_in_call(struct task_struct *task,
					   const struct thread_state *thread)
{
	return return_is_pending(task, thread->return_slot);
}

/*
 * Was the function that is entered now called by the one in @caller? Then its slot is at most
 * @max_bytes deeper, that of the caller still holds its return address (which it also may long after
 * the return), and it will return into the caller's library. Or it stands in for the caller, which
 * went on as another function by a jump.
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

#endif
