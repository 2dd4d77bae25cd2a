// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads. The kernel tells of every one that is made and ends, whoever does it: any C library, Go, a
 * program that calls clone itself. Which of them are to be joined only the functions of the C libraries
 * know (SEEP_THREAD_FUNCTIONS). They name a thread by its thread pointer (pthread_t), which for glibc and
 * musl on x86-64 is the base of FS that it is made with.
 *
 * A pthread_t is used again as soon as the thread was joined or detached, when the thread itself may not be
 * gone yet. So it only leads to the id of the thread, and is forgotten when the function that gives it up is
 * entered: nobody else can have it then.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "probes.bpf.h"
#include "threads.bpf.h"

#define CLONE3_CALL 435 /* arch/x86/entry/syscalls/syscall_64.tbl */

/* --- names of threads -------------------------------------------------------------------------- */

/* Which thread the program calls @pthread. Its name is given up: nobody else may use it now. 0: none. */
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
	/* Its join will not be known: it is gone when it ends. */
	count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
	key.id = id;
	thread_mark(&key, SEEP_THREAD_RAW);
}

/*
 * The name is used anew. If nobody gave it up, then the thread that had it was joined by a function that we do
 * not know.
 */
static __always_inline void pthread_clear(__u32 process, __u64 pthread)
{
	__u64 id = pthread_take(process, pthread);
	struct seep_object_key key = thread_key(process, id);
	struct seep_thread_object *thread;

	thread = id ? bpf_map_lookup_elem(&live_threads, &key) : NULL;
	/* One whose creation failed is on its way out. */
	if (!thread || thread->state & (SEEP_THREAD_JOINED | SEEP_THREAD_DETACHED))
		return;
	thread_released(&key);
	count_loss(SEEP_LOSS_IMPLICIT_FREES, 1);
}

/* --- a thread is made -------------------------------------------------------------------------- */

/*
 * Does the thread that is made begin detached? glibc's thread pointer points to itself at 16 (tcbhead_t,
 * where the compiler wants it), musl has another thread there or none yet. The attributes of glibc have
 * flags at 8, of which the lowest is this; those of musl _a_detach at 24.
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
 * How large the stack of the new thread is, as far as it can be used: without its guard. clone3 is told. With
 * clone it is known if it was mapped by a C library: then there is the thread pointer at its upper end.
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
		/* glibc keeps local storage and its own data above, which end with the page. */
		if (is_pthread && pthread >= end && pthread < area.end)
			end = (pthread + PAGE_BYTES - 1) & ~(PAGE_BYTES - 1ULL);
		return end - (arguments.stack > area.start ? arguments.stack : area.start);
	}
	if (is_pthread && pthread >= child_regs->sp && area.end - pthread <= TCB_BYTES)
		return area.end - area.start;
	return 0;
}

/* The frame of the function at @address; the slot's mapping is used for it. */
static __always_inline __u64 frame_of_function(struct slot *slot, __u32 index, __u64 address)
{
	if (!address)
		return 0;
	if (mapping_locate(index, address) || !slot->mapping.file)
		return SEEP_FRAME_RAW | address;
	return SEEP_FRAME(slot->mapping.file, address - slot->mapping.delta);
}

/* Where the stack of a new thread's creation begins. */
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

/* Counts the thread @thread, with the stack of the running one, which makes it. 0 or -1 */
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
	error = object_created(&live_threads, slot, key, &thread->object);
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
		/* Its stack cannot be walked. */
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
	/* It does not run before we are done, so nobody joins or detaches it yet. */
	if (count_new(&key, &thread, call, regs) == 0 && call && !thread.state)
		pthread_put(process, pthread, key.id);
	return 0;
}

/* --- a thread ends ----------------------------------------------------------------------------- */

/* A TRYJOIN that will not return, because of an exception say, did not join. */
static __always_inline void call_abandon(struct thread_call *call)
{
	if (call->slot && call->role == SEEP_ROLE_TRYJOIN && call->id)
		pthread_put(call->process, call->pthread, call->id);
	call->slot = 0;
}

/*
 * A thread that ends while it waits in JOIN has not joined: it was cancelled. Has it waited until the end,
 * then the other one is at least on its way out.
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
		call_abandon(call);
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

/* --- functions of the C libraries -------------------------------------------------------------- */

static __always_inline void call_begin(struct pt_regs *ctx, struct thread_call *thread,
				       const struct call *call, __u64 slot, __u64 return_address)
{
	const struct seep_probe *probe = call->probe;

	call_abandon(thread);
	thread->slot = slot;
	thread->return_address = return_address;
	thread->role = probe->role;
	thread->process = call->process;
	thread->function = probe->frame;
	if (probe->role == SEEP_ROLE_TRYJOIN) {
		thread->pthread = argument(ctx, probe->pointer_arg);
		thread->id = pthread_take(call->process, thread->pthread);
		return;
	}
	thread->id = 0;
	thread->start = argument(ctx, probe->pointer_arg);
	thread->attributes = argument(ctx, probe->out_arg);
	registers_save(&thread->registers, ctx);
	thread->registers.ip = return_address;
	thread->registers.sp = slot + 8;
}

/* CREATE and TRYJOIN begin. */
SEC("uprobe")
int thread_entry(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_call *thread;
	__u64 slot, return_address;
	struct call call;

	if (call_identify(ctx, &call))
		return 0;
	thread = bpf_task_storage_get(&thread_calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, &no_programs, 0);
		return 0;
	}
	slot = ctx->sp + call.probe->pushed;
	return_address = return_address_at(task, slot);
	if (!is_in_thread_call(task, thread, slot)) {
		call_begin(ctx, thread, &call, slot, return_address);
		return 0;
	}
	/* One that leaves the work to another one: what that is given is what the thread gets. */
	if (thread->role == SEEP_ROLE_CREATE && call.probe->role == SEEP_ROLE_CREATE)
		thread->attributes = argument(ctx, call.probe->out_arg);
	return 0;
}

/* At a return instruction of one of them. */
SEC("uprobe")
int thread_exit(struct pt_regs *ctx)
{
	struct thread_call *thread =
		bpf_task_storage_get(&thread_calls, bpf_get_current_task_btf(), NULL, 0);
	bool failed = (__u32)PT_REGS_RC(ctx) != 0;
	struct seep_object_key key;
	struct call call;

	if (call_identify(ctx, &call))
		return 0;
	if (!thread) {
		bpf_tail_call(ctx, &no_programs, 0);
		return 0;
	}
	if (!thread->slot || thread->slot != ctx->sp)
		return 0;
	thread->slot = 0;
	if (!thread->id)
		return 0;
	key = thread_key(thread->process, thread->id);
	if (thread->role == SEEP_ROLE_CREATE && failed)
		thread_mark(&key, SEEP_THREAD_DETACHED); /* it ends by itself */
	else if (thread->role == SEEP_ROLE_TRYJOIN && failed)
		pthread_put(thread->process, thread->pthread, thread->id);
	else if (thread->role == SEEP_ROLE_TRYJOIN)
		thread_mark(&key, SEEP_THREAD_JOINED);
	return 0;
}

/* Remembers whom the running thread waits for. */
static __always_inline void note_joining(struct pt_regs *ctx, const struct seep_object_key *key,
					 __u64 pthread)
{
	struct thread_call *call = bpf_task_storage_get(&thread_calls, bpf_get_current_task_btf(),
							NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!call) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, &no_programs, 0);
		return;
	}
	call->process = key->process;
	call->joining = key->id;
	call->joining_pthread = pthread;
}

/* JOIN and DETACH. They need no return: who waits for the end of a thread goes on when it has ended. */
SEC("uprobe")
int thread_once(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct seep_object_key key;
	struct call call;
	__u64 pthread, id;

	if (call_identify(ctx, &call))
		return 0;
	pthread = argument(ctx, call.probe->pointer_arg);
	id = pthread_take(call.process, pthread);
	if (!id)
		return 0;
	key = thread_key(call.process, id);
	if (call.probe->role == SEEP_ROLE_DETACH) {
		thread_mark(&key, SEEP_THREAD_DETACHED);
		return 0;
	}
	/* EDEADLK */
	if (id == thread_id(task)) {
		pthread_put(call.process, pthread, id);
		return 0;
	}
	note_joining(ctx, &key, pthread);
	thread_mark(&key, SEEP_THREAD_JOINED);
	return 0;
}
