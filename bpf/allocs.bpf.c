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
 * allocator, so its request moves to the thread: it returns when the allocator does. OUTSIDE: it
 * counts; *ret_outer is the call that it is made for, NULL if it is the outermost one.
 */
enum inside {
	OUTSIDE,
	INSIDE,
	STANDS_IN,
};

static __always_inline enum inside where_called(struct task_struct *task,
						struct thread_state *thread, __u32 process,
						__u64 sp, const struct pending_call **ret_outer)
{
	struct seep_object_key key;
	struct pending_call *call;

	*ret_outer = NULL;
	if (!thread->outer_slot)
		return OUTSIDE;
	call = outer_call(task, thread, process, sp);
	if (!call) {
		outer_abandon(thread, process);
		return OUTSIDE;
	}
	if (!hides_inner_calls(&call->request)) {
		*ret_outer = call;
		return OUTSIDE;
	}
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
 * The call that begins asks for a block that is not in the sample: is that the end of it? Not if
 * there is a block to be released, or to be put back, when it returns. Else nothing is left to be
 * done at the return, but to know what is within the call.
 */
static __always_inline bool leave_out(struct thread_state *thread, const struct entered *now,
				      const struct seep_probe *probe, bool session)
{
	if (thread->request.sampled != SAMPLED_LEFT_OUT || thread->request.has_old)
		return false;
	/* All but malloc may call or jump to it: by the pending return that is known for sure. */
	if (probe->size_arg != 1 || probe->count_arg || probe->pointer_arg || probe->out_arg)
		return false;
	/* Without a session the probe at the return is there in any case. */
	if (!session || !may_pass(now))
		return false;
	thread->passed = *now;
	return true;
}

/*
 * A call of an allocating function begins. Returns 0, or SESSION_SKIP_RETURN, by which a session
 * spares the probe at the return.
 */
static __always_inline int alloc_enter(struct pt_regs *ctx, void *guard, bool session)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pending_call *outer;
	struct thread_state *thread;
	struct entered now;
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
	if (cfg_sample_bytes) {
		entered_now(ctx, &call, &now);
		if (is_passed(thread, &now))
			return SESSION_SKIP_RETURN;
	}
	inside = where_called(task, thread, call.process, ctx->sp, &outer);
	if (inside == INSIDE)
		return SESSION_SKIP_RETURN;
	if (inside == OUTSIDE) {
		read_arguments(ctx, &thread->request, &call);
		if (is_realloc(thread->request.role))
			take_old(&thread->request, call.probe);
		if (cfg_sample_bytes) {
			sample_request(thread, &thread->request, outer);
			if (leave_out(thread, &now, call.probe, session))
				return SESSION_SKIP_RETURN;
		}
	}
	thread->return_slot = ctx->sp;
	return 0;
}

/*
 * A call that resizes in place returns what it could get: a size, or a pointer for success. With
 * its size a block changes its chance to be in the sample, so there it is another block at the same
 * address, which is returned; else 0.
 */
static __always_inline __u64 resize_result(struct pt_regs *ctx, struct request *request,
					   __u64 now_ns)
{
	__u64 result = PT_REGS_RC(ctx), bytes = request->bytes + request->extra;
	struct seep_object_key key = key_of_old(request);

	if (result < request->bytes)
		return 0;
	bytes = result < bytes ? result : bytes;
	if (cfg_sample_bytes) {
		request->bytes = bytes;
		request->has_old = !block_take(&key, &request->old);
		request->heap = key.heap;
		release_old(request, now_ns);
		return request->pointer;
	}
	if (block_resized(&key, bytes) && cfg_user_heap) {
		key.heap = SEEP_HEAP_USER;
		block_resized(&key, bytes);
	}
	return 0;
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
	now_ns = bpf_ktime_get_ns();
	address = thread->request.role == SEEP_ROLE_RESIZE ?
			  resize_result(ctx, &thread->request, now_ns) :
			  call_result(ctx, &thread->request, now_ns);
	if (address && thread->request.role == SEEP_ROLE_STRING)
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

	return entry ? alloc_enter(ctx, &no_session_programs, true) :
		       alloc_leave(ctx, &no_session_programs);
}

SEC("uprobe")
int alloc_entry(struct pt_regs *ctx)
{
	alloc_enter(ctx, &no_programs, false);
	return 0;
}

SEC("uprobe")
int alloc_return(struct pt_regs *ctx)
{
	return alloc_leave(ctx, &no_programs);
}
