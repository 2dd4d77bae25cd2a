// SPDX-License-Identifier: GPL-2.0-only
/*
 * Releasing functions: free, operator delete and the like. A block is released when the function is
 * entered, before the allocator can give its address to another thread. A release that finds no
 * block is counted as unmatched, unless it is a part of another call: of a release, a realloc, or
 * the allocator itself.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "blocks.bpf.h"

/* Size of the code of an allocator's source file: that of glibc's malloc.c is 24 KiB. */
#define ALLOCATOR_BYTES (32 << 10)

/* What a releasing function may have on the stack when it calls the next one. */
#define RELEASE_STACK_BYTES 4096

/*
 * Does the allocator call its own free? glibc does for each block in the cache of a thread that
 * ends (tcache_thread_shutdown); the program has released those long ago. Told by the distance of
 * the caller.
 */
static __always_inline bool is_internal_release(struct pt_regs *ctx, const struct call *call,
						__u64 return_address)
{
	return call->probe->libc &&
	       return_address - ctx->ip + ALLOCATOR_BYTES < 2 * ALLOCATOR_BYTES;
}

/*
 * Is this release a part of another one? operator delete calls free, a preloaded free calls the
 * next one. This only decides what is counted as unmatched: a block that is in the live map is
 * released in any case.
 */
static __always_inline bool is_nested_release(struct thread_state *thread,
					      const struct entered *now)
{
	if (is_called_by(&thread->released, now, RELEASE_STACK_BYTES))
		return true;
	thread->released = *now;
	thread->unsized = 0;
	return false;
}

/*
 * Counts a release of a block that is not in the live map. operator delete does not know its
 * allocator; the free that it calls may.
 */
static __always_inline void released_unknown(struct thread_state *thread, const struct call *call,
					     __u64 address, bool nested)
{
	__u64 bytes;

	if (nested && thread->unsized != address)
		return;
	bytes = block_room(call->probe, address);
	if (!nested)
		count_unmatched(call->process, bytes);
	else if (bytes)
		size_unmatched(call->process, bytes);
	thread->unsized = bytes ? 0 : address;
}

SEC("uprobe")
int free_entry(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct seep_object_key key = {.kind = SEEP_KIND_MEMORY};
	struct thread_state *thread;
	struct seep_object object;
	struct entered now = {0};
	const struct pending_call *outer;
	struct call call;
	bool nested;

	if (call_identify(ctx, &call))
		return 0;
	key.id = argument(ctx, call.probe->pointer_arg);
	key.process = call.process;
	key.heap = call.probe->heap;
	if (!key.id)
		return 0;
	thread = thread_state_get(task, true);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, &no_programs, 0);
		return 0;
	}
	/* realloc may call free for the old block, which has left the live map already. */
	if (thread_in_call(task, thread))
		return 0;
	outer = outer_call(task, thread, call.process, ctx->sp);
	now.slot = ctx->sp + call.probe->pushed;
	now.ip = key.heap == SEEP_HEAP_USER ? 0 : ctx->ip;
	now.process = call.process;
	now.probe = call.index;
	bpf_probe_read_user(&now.return_address, 8, (void *)now.slot);
	nested = is_nested_release(thread, &now) || (outer && hides_inner_calls(&outer->request));
	if (block_take(&key, &object) == 0)
		site_released(call.process, SEEP_KIND_MEMORY, &object, bpf_ktime_get_ns());
	else if (nested || !is_internal_release(ctx, &call, now.return_address))
		released_unknown(thread, &call, key.id, nested);
	return 0;
}
