// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocating functions with a return probe. Which functions there are, and what their arguments mean, is
 * in seep/functions.h; the attach cookie says which one was hit, and in which process.
 *
 * alloc_enter runs at the entry and alloc_leave at the return, in one program where the kernel has
 * sessions, else in two. Only the outermost call of a thread counts: the thread's state (calls.bpf.h)
 * remembers it from entry to return. A block is created at the return, before its address is known to
 * anybody, and released at the entry of free (frees.bpf.c), before its address can be handed out again.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "blocks.bpf.h"
#include "dispatch.bpf.h"

/* 64 KiB of a string; a longer one is counted as that. */
#define STRING_MAX_WINDOWS 64

/*
 * The call of an allocator, whose return address is at @sp, is within a call of a function of the user
 * and so does not count. If that one has gone on as the allocator by a jump, its request moves to the
 * thread instead: it returns when the allocator does.
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
 * A call of an allocating function begins. 0, or SESSION_SKIP_RETURN if its return is of no use, which
 * makes a difference in a session.
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

/* The length of the string at @address, with its NUL. */
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
