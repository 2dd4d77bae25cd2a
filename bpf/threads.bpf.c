// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads, from creation to end. The kernel tells of every thread, whoever creates it: any C
 * library, Go, a program that calls clone itself. thread_begin runs at the fork tracepoint, in the
 * creating thread, before the new one runs; thread_end in the thread that exits. Whether a thread
 * is to be joined only the functions of the C libraries tell (thread_calls.bpf.c).
 *
 * One stack walk for each creation; no loops.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pthreads.bpf.h"

#define CLONE3_CALL 435 /* arch/x86/entry/syscalls/syscall_64.tbl */

/*
 * Does the new thread begin detached? glibc's thread pointer points to itself at 16 (tcbhead_t,
 * where the compiler wants it), musl has another thread there or none yet. The attributes of glibc
 * have flags at 8, of which the lowest is this one; those of musl have _a_detach at 24.
 */
static __always_inline bool begins_detached(const struct thread_call *call, __u64 pthread)
{
	__u64 self = 0;
	__u32 word = 0;

	if (!call->attributes)
		return false;
	bpf_probe_read_user(&self, sizeof(self), (void *)(pthread + 16));
	if (self == pthread) {
		bpf_probe_read_user(&word, sizeof(word), (void *)(call->attributes + 8));
		return word & 1;
	}
	bpf_probe_read_user(&word, sizeof(word), (void *)(call->attributes + 24));
	return word != 0;
}

/* The beginning of struct clone_args, include/uapi/linux/sched.h */
struct clone_arguments {
	__u64 flags;
	__u64 pidfd;
	__u64 child_tid;
	__u64 parent_tid;
	__u64 exit_signal;
	__u64 stack;
	__u64 stack_size;
};

/*
 * How much of the new thread's stack can be used: without its guard. clone3 is told. With clone it
 * is known if a C library has mapped the stack: then the thread pointer is at its upper end.
 */
static __always_inline __u64 new_stack_bytes(struct task_struct *child, struct pt_regs *regs,
					     bool is_pthread)
{
	struct pt_regs *child_regs = (void *)bpf_task_pt_regs(child);
	struct area area = area_at(bpf_get_current_task_btf(), child_regs->sp - 8);
	struct clone_arguments arguments = {};
	__u64 end, pthread = child->thread.fsbase;

	if (!area.end)
		return 0;
	if (regs->orig_ax == CLONE3_CALL &&
	    !bpf_probe_read_user(&arguments, sizeof(arguments), (void *)regs->di) &&
	    arguments.stack_size) {
		end = arguments.stack + arguments.stack_size;
		/* glibc keeps local storage and its own data above, up to the end of the page. */
		if (is_pthread && pthread >= end && pthread < area.end)
			end = (pthread + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1ULL);
		return end - (arguments.stack > area.start ? arguments.stack : area.start);
	}
	if (is_pthread && pthread >= child_regs->sp && area.end - pthread <= TCB_BYTES)
		return area.end - area.start;
	return 0;
}

/* The frame of the function at @address. Overwrites the slot's mapping. */
static __always_inline __u64 frame_of_function(struct slot *slot, __u32 index, __u64 address)
{
	if (!address)
		return 0;
	if (mapping_locate(index, address) || !slot->mapping.file)
		return SEEP_FRAME_RAW | address;
	return SEEP_FRAME(slot->mapping.file, address - slot->mapping.delta);
}

/* Where the stack of a thread's creation begins: at the caller of CREATE, or at the system call. */
static __always_inline void registers_of_creation(struct seep_registers *registers,
						  const struct thread_call *call,
						  struct pt_regs *regs)
{
	if (!call) {
		registers_save(registers, regs);
		return;
	}
	*registers = call->registers;
}

/* Counts a new thread with the stack of the running one, which creates it. 0 or -1. */
static __always_inline int count_new(const struct seep_object_key *key,
				     struct seep_thread_object *thread,
				     const struct thread_call *call, struct pt_regs *regs)
{
	__u32 index;
	struct slot *slot = object_slot(0, &index);
	int error;

	if (!slot)
		return -1;
	registers_of_creation(&slot->start, call, regs);
	thread->object.created_ns = bpf_ktime_get_ns();
	unwind_from_return(slot, index, key->process, call ? call->function : 0,
			   thread->object.created_ns);
	copy_if_wanted(slot);
	if (call)
		thread->start = frame_of_function(slot, index, call->start);
	error = object_created(&live_threads, slot, key, &thread->object, false);
	slot_release(slot);
	return error;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(thread_begin, struct task_struct *parent, struct task_struct *child)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	struct seep_thread_object thread = {.state = SEEP_THREAD_RAW};
	__u64 pthread = child->thread.fsbase;
	struct seep_object_key key;
	struct thread_call *call;
	__u32 process;

	if (child->tgid != parent->tgid || current_process(&process))
		return 0;
	key = thread_key(process, thread_id(child));
	if (syscall_is_compat()) {
		/* The stack of 32-bit code cannot be walked. */
		if (origin_created(&live_threads, &key, &thread.object, 0, SEEP_ORIGIN_UNSEEN) == 0)
			count_loss(SEEP_LOSS_UNSEEN_THREADS, 1);
		return 0;
	}
	call = creation_of(task, regs, process);
	if (call) {
		pthread_clear(process, pthread);
		call->id = key.id;
		thread.state = begins_detached(call, pthread) ? SEEP_THREAD_DETACHED : 0;
		thread.task = (__u64)child;
	}
	thread.object.bytes = new_stack_bytes(child, regs, call != NULL);
	/* The new thread does not run before this returns, so nobody joins or detaches it yet. */
	if (count_new(&key, &thread, call, regs) == 0 && call && !thread.state)
		pthread_put(process, pthread, key.id);
	return 0;
}

/*
 * A thread that ends while it waits in JOIN has not joined: it was cancelled. If it has waited
 * until the end, the other thread is at least exiting.
 */
static __always_inline void give_up_joining(struct thread_call *call)
{
	struct seep_object_key key = thread_key(call->process, call->joining);
	struct seep_thread_object *thread;
	struct task_struct *task;

	if (!call->joining)
		return;
	thread = bpf_map_lookup_elem(&live_threads, &key);
	if (!thread || thread->state & SEEP_THREAD_ENDED)
		return;
	task = (void *)thread->task;
	if (BPF_CORE_READ(task, flags) & PF_EXITING_FLAG)
		return;
	__sync_fetch_and_and(&thread->state, ~SEEP_THREAD_JOINED);
	pthread_put(call->process, call->joining_pthread, call->joining);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(thread_end)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct seep_thread_object *thread;
	struct seep_object_key key;
	struct thread_call *call;
	__u32 process;

	if (process_ends(task) || current_process(&process))
		return 0;
	call = bpf_task_storage_get(&thread_calls, task, NULL, 0);
	if (call && call->process == process) {
		thread_call_abandon(call);
		give_up_joining(call);
	}
	key = thread_key(process, thread_id(task));
	thread = bpf_map_lookup_elem(&live_threads, &key);
	if (!thread)
		return 0;
	bpf_get_current_comm(thread->comm, sizeof(thread->comm));
	thread_mark(&key, SEEP_THREAD_ENDED);
	return 0;
}
