// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocating functions without a return probe, because an exception, a cancellation or a coroutine
 * may pass them (symbol/returns.h). call_entry puts the call into the map "calls", by process and
 * stack slot of its return address. call_exit, at each return instruction of the function, takes it
 * out again, on whatever thread that is. A call that ends otherwise stays until the next one has
 * its slot, or its process ends (exited_reap).
 *
 * The map holds SEEP_MAX_PENDING calls; one that finds no room is counted as a loss. As in
 * allocs.bpf.c, what another traced function allocates within a call may or may not count: see
 * hides_inner_calls.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "blocks.bpf.h"

/*
 * Puts the call into the map of calls, and makes it the outer call of the thread; but not if it is
 * left out of the sample. @now, @outer: see alloc_enter in allocs.bpf.c.
 */
static __always_inline void call_begin(struct pt_regs *ctx, struct thread_state *thread,
				       const struct call *call, const struct entered *now,
				       const struct pending_call *outer)
{
	struct seep_object_key key = call_key(call->process, now->slot);
	struct pending_call *old = bpf_map_lookup_elem(&calls, &key), new = {};

	new.return_address = now->return_address;
	new.thread = bpf_get_current_pid_tgid();
	new.probe = call->index;
	if (old) {
		/*
		 * The function in the map has jumped here, as operator new[] does to operator new.
		 * That one call counts.
		 */
		if (old->return_address == now->return_address && old->probe != new.probe &&
		    old->thread == new.thread)
			return;
		call_abandon(old);
	}
	new.entered_ns = bpf_ktime_get_ns();
	read_arguments(ctx, &new.request, call);
	if (is_realloc(new.request.role))
		take_old(&new.request, call->probe);
	if (cfg_sample_bytes) {
		sample_request(thread, &new.request, outer);
		if (new.request.sampled == SAMPLED_LEFT_OUT && !new.request.has_old &&
		    may_pass(now)) {
			thread->passed = *now;
			bpf_map_delete_elem(&calls, &key);
			return;
		}
	}
	if (bpf_map_update_elem(&calls, &key, &new, BPF_ANY)) {
		count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, new.request.bytes);
		call_abandon(&new);
		return;
	}
	thread->outer_slot = now->slot;
	thread->outer_ns = new.entered_ns;
	thread->left_out = 0;
}

/*
 * The outer call of the thread, if the call that begins, with its return address in @slot, is
 * within it; else NULL.
 * The same function with the same slot is a new call: the last one has ended by an exception.
 */
static __always_inline const struct pending_call *within_outer(struct task_struct *task,
							       struct thread_state *thread,
							       const struct call *call, __u64 slot)
{
	const struct pending_call *outer;

	if (!thread->outer_slot)
		return NULL;
	outer = outer_call(task, thread, call->process, slot);
	if (outer && (slot != thread->outer_slot || outer->probe != call->index))
		return outer;
	outer_abandon(thread, call->process);
	return NULL;
}

/* At the entry of a function that has no return probe. */
SEC("uprobe")
int call_entry(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct pending_call *outer;
	struct thread_state *thread;
	struct entered now;
	struct call call;

	if (call_identify(ctx, &call))
		return 0;
	thread = thread_state_get(task, true);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, &no_programs, 0);
		return 0;
	}
	if (thread_in_call(task, thread))
		return 0;
	entered_now(ctx, &call, &now);
	now.return_address = return_address_at(task, now.slot);
	if (!now.return_address || (cfg_sample_bytes && is_passed(thread, &now)))
		return 0;
	outer = within_outer(task, thread, &call, now.slot);
	if (outer && hides_inner_calls(&outer->request)) {
		thread->left_out++;
		return 0;
	}
	call_begin(ctx, thread, &call, &now, outer);
	return 0;
}

/* Was the block already counted, because a traced function within the call has allocated it? */
static __always_inline bool is_counted(const struct pending_call *call, __u64 address)
{
	struct seep_object_key key = {
		.id = address,
		.process = call->request.process,
		.kind = SEEP_KIND_MEMORY,
		.heap = call->request.heap,
	};
	struct seep_object object = {};

	return block_read(&key, &object) == 0 && is_made_since(&object, call->entered_ns);
}

/*
 * A call that was taken for abandoned returns: the block that it was given is gone, unless somebody
 * else has its address now.
 */
static __always_inline void take_old_again(struct pending_call *call)
{
	struct seep_object_key key = key_of_old(&call->request);

	key.heap = call->request.old_heap;
	call->request.has_old = !block_take_out(&key, &call->request.old);
}

/* At a return instruction, of a call that is in the map or of one that does not count. */
SEC("uprobe")
int call_exit(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *thread;
	struct pending_call *found, call;
	struct seep_object_key key;
	struct call probe;
	__u64 now_ns, address;

	if (call_identify(ctx, &probe))
		return 0;
	key = call_key(probe.process, ctx->sp);
	found = bpf_map_lookup_elem(&calls, &key);
	if (!found)
		return 0;
	call = *found;
	bpf_map_delete_elem(&calls, &key);
	thread = thread_state_get(task, false);
	if (!thread)
		bpf_tail_call(ctx, &no_programs, 0);
	if (thread && thread->outer_slot == key.id && thread->outer_ns == call.entered_ns) {
		thread->outer_slot = 0;
		thread->left_out = 0;
	}
	if (call.restored)
		take_old_again(&call);
	now_ns = bpf_ktime_get_ns();
	address = call_result(ctx, &call.request, now_ns);
	if (address && !is_counted(&call, address))
		block_created(ctx, &call.request, call.return_address, address, now_ns);
	else if (call.request.has_old)
		release_old(&call.request, now_ns);
	return 0;
}
