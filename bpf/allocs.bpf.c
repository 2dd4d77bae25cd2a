// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocating functions with a return probe. Which functions there are, and what their arguments
 * mean, is in seep/functions.h; the attach cookie says which one was hit, and in which process.
 *
 * alloc_enter runs at the entry and alloc_leave at the return, in one program where the kernel has
 * sessions, else in two. Only the outermost call of a thread counts: the thread's state
 * (calls.bpf.h) remembers it from entry to return. A block is created at the return, before the
 * program knows its address, and released at the entry of free (frees.bpf.c), before the allocator
 * can reuse the address. A hit costs one stack walk (unwind.bpf.h) and at most STRING_MAX_WINDOWS
 * reads of a string.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "blocks.bpf.h"
#include "dispatch.bpf.h"

/* 64 KiB of a string; a longer one is counted with that size. */
#define STRING_MAX_WINDOWS 64

/*
 * An allocator is called with its return address at @sp. INSIDE: the call is within a call of a
 * function that the user named, and does not count. STANDS_IN: that function has jumped to the
 * allocator, so its request moves to the thread: it returns when the allocator does.
 */
enum inside {
	OUTSIDE,
	INSIDE,
	STANDS_IN,
};

static __always_inline enum inside
where_called(struct task_struct *task, struct thread_state *thread, __u32 process, __u64 sp)
{
	struct seep_object_key key;
	struct pending_call *call;

	if (!thread->outer_slot)
		return OUTSIDE;
	call = outer_call(task, thread, process, sp);
	if (!call) {
		outer_abandon(thread, process);
		return OUTSIDE;
	}
	if (!hides_inner_calls(&call->request))
		return OUTSIDE;
	if (sp != thread->outer_slot) {
		thread->left_out++;
		return INSIDE;
	}
	key = call_key(process, sp);
	thread->request = call->request;
	thread->outer_slot = 0;
	thread->left_out = 0;
	bpf_map_delete_elem(&calls, &key);
	return STANDS_IN;
}

/*
 * A call of an allocating function begins. Returns 0, or SESSION_SKIP_RETURN, by which a session
 * spares the probe at the return.
 */
static __always_inline int alloc_enter(struct pt_regs *ctx, void *guard)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *thread;
	enum inside inside;
	struct call call;

	if (call_identify(ctx, &call) || returns_are_unsafe(task, SEEP_PROCESS_SLOT(call.process)))
		return SESSION_SKIP_RETURN;
	thread = thread_state_get(task, true);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, guard, 0);
		return SESSION_SKIP_RETURN;
	}
	if (thread_in_call(task, thread))
		return SESSION_SKIP_RETURN;
	thread->return_slot = 0;
	if (thread->request.has_old)
		restore_old(&thread->request);
	inside = where_called(task, thread, call.process, ctx->sp);
	if (inside == INSIDE)
		return SESSION_SKIP_RETURN;
	if (inside == OUTSIDE) {
		read_arguments(ctx, &thread->request, &call);
		if (is_realloc(thread->request.role))
			take_old(&thread->request, call.probe);
	}
	thread->return_slot = ctx->sp;
	return 0;
}

/* A call that resizes in place returns what it could get: a size, or a pointer for success. */
static __always_inline void block_resized(struct pt_regs *ctx, const struct request *request)
{
	__u64 result = PT_REGS_RC(ctx), bytes = request->bytes + request->extra;
	struct seep_object_key key = key_of_old(request);

	if (result < request->bytes)
		return;
	if (object_resized(&live_memory, &key, result < bytes ? result : bytes) && cfg_user_heap) {
		key.heap = SEEP_HEAP_USER;
		object_resized(&live_memory, &key, result < bytes ? result : bytes);
	}
}

/*
 * The length of the string at @address with its NUL, in windows of a slot. Not inlined: it needs no
 * stack of the caller.
 */
static __noinline __u64 string_bytes(__u64 address)
{
	__u64 bytes = 0;
	int index = slot_claim();
	__u32 slot_index = index;
	struct slot *slot;

	if (index < 0)
		return 0;
	slot = bpf_map_lookup_elem(&slots, &slot_index);
	if (!slot)
		return 0;
	for (int i = 0; i < STRING_MAX_WINDOWS; i++) {
		long length =
			bpf_probe_read_user_str(slot->context.window, sizeof(slot->context.window),
						(void *)(address + bytes));

		if (length <= 0)
			break;
		bytes += length;
		if (length < (long)sizeof(slot->context.window))
			break;
		bytes--; /* the NUL is not the string's, or comes again */
	}
	slot_release(slot);
	return bytes;
}

/* A call returns. If it is the outermost one, its block is counted. */
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
	if (thread->request.role == SEEP_ROLE_RESIZE) {
		block_resized(ctx, &thread->request);
		return 0;
	}
	now_ns = bpf_ktime_get_ns();
	address = call_result(ctx, &thread->request, now_ns);
	if (thread->request.role == SEEP_ROLE_STRING && address)
		thread->request.bytes = string_bytes(address);
	if (address)
		block_created(ctx, &thread->request, 0, address, now_ns);
	return 0;
}

/*
 * One probe for entry and return (6.13); the loader sets the type. At the return the instruction
 * pointer is the caller's. bpf_session_is_return would tell as well, but its prototype changed in
 * 7.0, and libbpf before 1.3 can take only one of the two.
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
