// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocator blocks. Which functions there are, and what their arguments mean, is in
 * seep/functions.h; the attach cookie says which one was hit, and in which process.
 *
 * A block is made when its function returns and released when free is entered: so that nobody can
 * get an address before its block is counted, or again before its release is.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "copies.bpf.h"
#include "objects.bpf.h"
#include "threads.bpf.h"

/* Set by a session program's entry: do not run me at the return. */
#define SESSION_SKIP_RETURN 1

/* Text of one allocator source: that of glibc's malloc.c is 24 KiB. */
#define ALLOCATOR_BYTES (32 << 10)

/*
 * The guard against the private stack: since 6.13 a program that uses 64 bytes of stack or more gets
 * a per-CPU one, which another thread on this CPU would share (uprobe programs are preemptible). A
 * program with a tail call keeps the normal stack. These arrays stay empty, so the calls, even if
 * they were reached, do nothing. One per attach type: an array serves programs of one type only.
 */
struct no_programs {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
};

struct no_programs no_programs SEC(".maps"), no_session_programs SEC(".maps");

/*
 * The argument with this number, 0 without one. Each is loaded on its own: a load at a computed offset
 * of the context, as the compiler would like to make of it, is refused by the verifier.
 */
static __always_inline __u64 argument(struct pt_regs *ctx, __u8 number)
{
	__u64 first = PT_REGS_PARM1(ctx), second = PT_REGS_PARM2(ctx), third = PT_REGS_PARM3(ctx);

	barrier_var(first);
	barrier_var(second);
	barrier_var(third);
	switch (number) {
	case 1:
		return first;
	case 2:
		return second;
	case 3:
		return third;
	default:
		return 0;
	}
}

struct call {
	const struct seep_probe *probe;
	__u32 process;
};

/* The slot of the running process; one that does not exist if it is not traced. */
static __always_inline __u32 current_slot(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u32 *slot = bpf_map_lookup_elem(&targets, &tgid);

	return slot ? *slot : SEEP_SLOT_ANY;
}

/* Looks up whom and what the probe that was hit belongs to. 0, or -1: not to be counted. */
static __always_inline int call_identify(struct pt_regs *ctx, struct call *ret_call)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	__u32 slot = cookie >> 32, index = cookie;
	const struct seep_probe *probe = bpf_map_lookup_elem(&probes, &index);
	struct seep_process_value *process;

	if (slot == SEEP_SLOT_ANY)
		slot = current_slot();
	process = bpf_map_lookup_elem(&processes, &slot);
	if (!process || !probe || !process->active)
		return -1;
	counter_add(&hits, index, 1);
	ret_call->probe = probe;
	ret_call->process = process->id;
	return 0;
}

/* The block that realloc was given goes back to where it was: the call failed or never returned. */
static __always_inline void restore_old(struct thread_state *thread)
{
	struct seep_object_key key = {
		.id = thread->pointer,
		.process = thread->process,
		.kind = SEEP_KIND_MEMORY,
	};

	thread->has_old = 0;
	if (bpf_map_update_elem(&live, &key, &thread->old, BPF_NOEXIST))
		site_released(thread->process, SEEP_KIND_MEMORY, &thread->old, bpf_ktime_get_ns());
}

/* A call of an allocating function begins. 0, or SESSION_SKIP_RETURN if its return is of no use. */
static __always_inline int alloc_enter(struct pt_regs *ctx, void *guard)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *thread;
	struct call call;
	__u64 bytes;

	if (call_identify(ctx, &call))
		return SESSION_SKIP_RETURN;
	thread = thread_state_get(task, true);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, guard, 0);
		return SESSION_SKIP_RETURN;
	}
	if (thread_in_call(task, thread))
		return SESSION_SKIP_RETURN;
	if (thread->has_old)
		restore_old(thread);

	bytes = argument(ctx, call.probe->size_arg);
	if (call.probe->count_arg)
		bytes *= argument(ctx, call.probe->count_arg);
	thread->bytes = bytes;
	thread->pointer = argument(ctx, call.probe->pointer_arg);
	thread->function = call.probe->frame;
	thread->process = call.process;
	thread->role = call.probe->role;
	if (thread->role == SEEP_ROLE_REALLOC && thread->pointer) {
		struct seep_object_key key = {
			.id = thread->pointer,
			.process = call.process,
			.kind = SEEP_KIND_MEMORY,
		};

		thread->has_old = !object_take(&key, &thread->old);
	}
	thread->return_slot = ctx->sp;
	return 0;
}

/* The block that realloc was given is gone for good: released by the call that just succeeded. */
static __always_inline void release_old(struct thread_state *thread, __u64 now_ns)
{
	if (thread->has_old) {
		thread->has_old = 0;
		site_released(thread->process, SEEP_KIND_MEMORY, &thread->old, now_ns);
	} else if (thread->pointer) {
		count_loss(SEEP_LOSS_UNMATCHED_FREES, 1);
	}
}

/*
 * What the call that returns now made: the address of the new block, 0 if there is none. Takes care
 * of the block that realloc was given.
 */
static __always_inline __u64 call_result(struct pt_regs *ctx, struct thread_state *thread,
					 __u64 now_ns)
{
	__u64 address = PT_REGS_RC(ctx);

	if (thread->role == SEEP_ROLE_OUT) {
		if ((__u32)address)
			return 0; /* an errno */
		if (bpf_probe_read_user(&address, 8, (void *)thread->pointer)) {
			count_loss(SEEP_LOSS_OUT_POINTER, 1);
			return 0;
		}
	} else if (thread->role == SEEP_ROLE_REALLOC) {
		/*
		 * NULL means failure, the old block stays. But not for 0 bytes: glibc (and before
		 * 5.3 jemalloc) then frees the block and returns NULL; allocators that give out an
		 * empty block instead return it.
		 */
		if (address || !thread->bytes)
			release_old(thread, now_ns);
		else if (thread->has_old)
			restore_old(thread);
	}
	return address;
}

static __always_inline void block_made(struct pt_regs *ctx, struct thread_state *thread,
				       __u64 address, __u64 now_ns)
{
	struct seep_object_key key = {
		.id = address,
		.process = thread->process,
		.kind = SEEP_KIND_MEMORY,
	};
	int index = slot_claim();
	__u32 slot_index = index;
	struct slot *slot;
	__u32 purpose;

	if (index < 0) {
		count_loss(SEEP_LOSS_NO_SLOT, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, thread->bytes);
		return;
	}
	slot = bpf_map_lookup_elem(&slots, &slot_index);
	if (!slot)
		return;
	unwind_from_return(slot, slot_index, ctx, thread->process, thread->function, now_ns);
	purpose = copy_purpose(slot);
	if (purpose)
		copy_send(slot, ctx, purpose);
	object_made(slot, &key, thread->bytes, now_ns);
	slot_release(slot);
}

/* A call returns: if it is the outermost one, count what it made. */
static __always_inline int alloc_leave(struct pt_regs *ctx, void *guard)
{
	struct thread_state *thread = thread_state_get(bpf_get_current_task_btf(), false);
	__u64 now_ns, address;

	if (!thread) {
		bpf_tail_call(ctx, guard, 0);
		return 0;
	}
	/* At a return probe the return address has been popped already. */
	if (!thread->return_slot || thread->return_slot != ctx->sp - 8)
		return 0;
	thread->return_slot = 0;
	now_ns = bpf_ktime_get_ns();
	address = call_result(ctx, thread, now_ns);
	if (!address || thread->bytes < cfg_min_bytes || thread->bytes > cfg_max_bytes)
		return 0;
	block_made(ctx, thread, address, now_ns);
	return 0;
}

/*
 * One probe for entry and return (6.13); the type is set by the loader. At the return the instruction
 * pointer is the caller's. (bpf_session_is_return has one prototype before 7.0 and another one since,
 * of which libbpf before 1.3 can take only one.)
 */
SEC("uprobe")
int alloc_session(struct pt_regs *ctx)
{
	bool entry = bpf_get_func_ip(ctx) == ctx->ip;

	return entry ? alloc_enter(ctx, &no_session_programs) :
		       alloc_leave(ctx, &no_session_programs);
}

SEC("uprobe")
int alloc_entry(struct pt_regs *ctx)
{
	alloc_enter(ctx, &no_programs);
	return 0;
}

SEC("uprobe")
int alloc_return(struct pt_regs *ctx)
{
	return alloc_leave(ctx, &no_programs);
}

/* The second half of a release: a preloaded free has called the next one. */
static __always_inline bool is_nested_release(const struct thread_state *thread,
					      const struct call *call, __u64 address)
{
	return thread->released == address && thread->released_process == call->process;
}

/*
 * The allocator calls its own free: glibc for each block in the cache of a thread that ends
 * (tcache_thread_shutdown), which the program has released long ago. Told by the caller's distance.
 */
static __always_inline bool is_internal_release(struct pt_regs *ctx, const struct call *call)
{
	__u64 return_address;

	if (bpf_probe_read_user(&return_address, 8, (void *)ctx->sp + call->probe->pushed))
		return false;
	return return_address - ctx->ip + ALLOCATOR_BYTES < 2 * ALLOCATOR_BYTES;
}

SEC("uprobe")
int free_entry(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct seep_object_key key = {.kind = SEEP_KIND_MEMORY};
	struct thread_state *thread;
	struct seep_object object;
	struct call call;

	if (call_identify(ctx, &call))
		return 0;
	key.id = argument(ctx, call.probe->pointer_arg);
	key.process = call.process;
	if (!key.id)
		return 0;
	thread = thread_state_get(task, true);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, &no_programs, 0);
		return 0;
	}
	/* An allocating function that releases something of its own (realloc, by way of free). */
	if (thread_in_call(task, thread))
		return 0;
	if (object_take(&key, &object) == 0)
		site_released(call.process, SEEP_KIND_MEMORY, &object, bpf_ktime_get_ns());
	else if (!is_nested_release(thread, &call, key.id) && !is_internal_release(ctx, &call))
		count_loss(SEEP_LOSS_UNMATCHED_FREES, 1);
	thread->released = key.id;
	thread->released_process = call.process;
	return 0;
}
