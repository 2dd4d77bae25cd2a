/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Allocator blocks, and the requests for them: what an allocating function is asked for at its
 * entry, which block it returns, and what becomes of the block that realloc was given. That one
 * leaves the live map when the call begins, so that nobody else can get its address before its
 * release is known. It comes back untouched if the call fails or ends without a return. If it is
 * enlarged, it stays the same object (enlarged.bpf.h); else it is released, and what realloc
 * returns is another one.
 *
 * allocs.bpf.c (functions with a return probe), calls.bpf.c (without one) and frees.bpf.c share
 * this. A call goes through read_arguments and take_old at its entry, call_result and block_created
 * at its return. No loops, but for the stack walk in block_created.
 */
#ifndef SEEP_BPF_BLOCKS_H
#define SEEP_BPF_BLOCKS_H

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "addresses.bpf.h"
#include "calls.bpf.h"
#include "copies.bpf.h"
#include "enlarged.bpf.h"
#include "objects.bpf.h"
#include "probes.bpf.h"
#include "unmatched.bpf.h"

/*
 * Takes a block out of the live map, from the heap of the key or else from the other one, which is
 * stored in the key. 0 or -1.
 */
static __always_inline int block_take(struct seep_object_key *key, struct seep_object *ret_object)
{
	if (block_take_out(key, ret_object) == 0)
		return 0;
	if (!cfg_user_heap)
		return -1;
	key->heap = key->heap == SEEP_HEAP_USER ? SEEP_HEAP_USUAL : SEEP_HEAP_USER;
	return block_take_out(key, ret_object);
}

static __always_inline struct seep_object_key key_of_old(const struct request *request)
{
	return (struct seep_object_key){
		.id = request->pointer,
		.process = request->process,
		.kind = SEEP_KIND_MEMORY,
		.heap = request->heap,
	};
}

/* The block that realloc was given goes back to its heap: the call failed or never returned. */
static __always_inline void restore_old(struct request *request)
{
	struct seep_object_key key = key_of_old(request);

	key.heap = request->old_heap;
	request->has_old = 0;
	if (block_is_there(&key) || block_insert_new(&key, &request->old, bpf_ktime_get_ns()))
		block_released(request->process, &request->old, bpf_ktime_get_ns());
}

static __always_inline bool is_realloc(__u8 role)
{
	return role == SEEP_ROLE_REALLOC || role == SEEP_ROLE_REALLOCF || role == SEEP_ROLE_RENEW;
}

static __always_inline void read_arguments(struct pt_regs *ctx, struct request *request,
					   const struct call *call)
{
	const struct seep_probe *probe = call->probe;

	request->bytes = probe->size_arg ? argument(ctx, probe->size_arg) : probe->bytes;
	request->extra = 0;
	if (probe->count_arg && probe->role == SEEP_ROLE_RESIZE)
		request->extra = argument(ctx, probe->count_arg);
	else if (probe->count_arg)
		request->bytes *= argument(ctx, probe->count_arg);
	request->pointer = argument(ctx, probe->pointer_arg);
	request->out = argument(ctx, probe->out_arg);
	request->function = probe->frame;
	request->process = call->process;
	request->role = probe->role;
	request->heap = probe->heap;
	request->has_old = 0;
	request->sampled = SAMPLED_UNDECIDED;
}

static __always_inline void take_old(struct request *request, const struct seep_probe *probe)
{
	struct seep_object_key key;

	/* The address of the block stands where that of its successor will be stored. */
	if (probe->out_arg && probe->out_arg == probe->pointer_arg &&
	    bpf_probe_read_user(&request->pointer, 8, (void *)request->out))
		request->pointer = 0;
	if (!request->pointer)
		return;
	key = key_of_old(request);
	request->has_old = !block_take(&key, &request->old);
	request->old_heap = key.heap;
	/* The size is there as long as the block is, so it is not asked for at the return. */
	if (!request->has_old && !cfg_sample_bytes)
		request->old.bytes = block_room(probe, request->pointer);
}

/* The function that is entered, for is_called_by. */
static __always_inline void entered_now(struct pt_regs *ctx, const struct call *call,
					struct entered *ret_now)
{
	*ret_now = (struct entered){
		.slot = ctx->sp + call->probe->pushed,
		.ip = call->probe->heap == SEEP_HEAP_USER ? 0 : ctx->ip,
		.process = call->process,
		.probe = call->index,
	};
	bpf_probe_read_user(&ret_now->return_address, 8, (void *)ret_now->slot);
}

/*
 * What a function calls for a block of its own is near by on the stack: allocators call each other
 * with little in between.
 */
#define INNER_STACK_BYTES 512

/*
 * Is the function that is entered a part of the call that was left out last? Then it is left out
 * with that, and its own callees with it. One that was jumped to does not stand in for the other:
 * that would look as if it were jumped to by the next call from the same place.
 */
static __always_inline bool is_passed(struct thread_state *thread, const struct entered *now)
{
	if (!is_called_by(&thread->passed, now, INNER_STACK_BYTES))
		return false;
	if (thread->passed.slot != now->slot)
		thread->passed = *now;
	return true;
}

/*
 * Can a call be left out without a probe at its return? Then is_passed has to tell what is within
 * it. It could not where the program itself is as near to the allocator as the allocator is.
 */
static __always_inline bool may_pass(const struct entered *now)
{
	return now->return_address - now->ip + LIBRARY_BYTES > 2 * LIBRARY_BYTES;
}

/*
 * Is the block that is asked for in the sample? Decided at once if the size is known and the call
 * hides nothing. @outer: what the call is a part of, for the same block; NULL: nothing.
 */
static __always_inline void sample_request(struct thread_state *thread, struct request *request,
					   const struct pending_call *outer)
{
	if (hides_inner_calls(request) || request->role == SEEP_ROLE_STRING ||
	    request->role == SEEP_ROLE_RESIZE)
		return;
	if (outer && outer->request.sampled != SAMPLED_UNDECIDED)
		request->sampled = outer->request.sampled;
	else if (windows_of(request->process))
		request->sampled = SAMPLED_TAKEN;
	else
		request->sampled = sample_decide(&thread->until_sample, request->bytes);
}

/*
 * The same at the return, of what could not be decided at the entry: enum sampled. A global
 * function, see weighed_add.
 */
__weak int sample_at_return(__u32 process, __u64 bytes)
{
	struct thread_state *thread = thread_state_get(bpf_get_current_task_btf(), false);

	if (windows_of(process))
		return SAMPLED_TAKEN;
	return thread ? sample_decide(&thread->until_sample, bytes) : SAMPLED_LEFT_OUT;
}

/*
 * The call in @call seems to have ended without a return. If it returns after all, take_old_again
 * puts this right.
 */
static __always_inline void call_abandon(struct pending_call *call)
{
	if (!call->request.has_old)
		return;
	restore_old(&call->request);
	call->restored = 1;
}

/*
 * The thread is not in its outer call any more. The call has ended without a return, or it belongs
 * to a coroutine and goes on later, on any thread. So it stays in the map.
 */
static __always_inline void outer_abandon(struct thread_state *thread, __u32 process)
{
	struct seep_object_key key = call_key(process, thread->outer_slot);
	struct pending_call *call = bpf_map_lookup_elem(&calls, &key);

	if (thread->left_out)
		count_loss(SEEP_LOSS_UNRETURNED_CALLS, thread->left_out);
	if (call && call->entered_ns == thread->outer_ns)
		call_abandon(call);
	thread->outer_slot = 0;
	thread->left_out = 0;
}

/* The block that realloc was given has become larger: the call that just succeeded goes on. */
static __always_inline bool is_enlarged(const struct request *request)
{
	return request->has_old && request->bytes > request->old.bytes;
}

/* The block that realloc was given is released by the call that just succeeded. */
static __always_inline void release_old(struct request *request, __u64 now_ns)
{
	if (request->has_old) {
		request->has_old = 0;
		block_released(request->process, &request->old, now_ns);
	} else if (request->pointer && !cfg_sample_bytes) {
		count_unmatched(request->process, request->old.bytes);
	}
}

/* The address that the call has stored; 0 if there is none. */
static __always_inline __u64 stored_block(const struct request *request)
{
	__u64 address;

	if (bpf_probe_read_user(&address, 8, (void *)request->out) == 0)
		return address;
	count_loss(SEEP_LOSS_OUT_POINTER, 1);
	return 0;
}

/*
 * The address of the block that the returning call created, 0 if there is none. Also settles the
 * block that realloc was given, unless that was enlarged: then the request still has it.
 */
static __always_inline __u64 call_result(struct pt_regs *ctx, struct request *request, __u64 now_ns)
{
	__u64 address = PT_REGS_RC(ctx);
	bool failed;

	if (request->out) {
		failed = (__u32)address != 0; /* an errno */
		address = failed ? 0 : stored_block(request);
	} else {
		/*
		 * NULL means failure: the old block stays. But not for 0 bytes: glibc, and jemalloc
		 * before 5.3, then free the block and return NULL; allocators that give out an
		 * empty block return that instead.
		 */
		failed = !address && request->bytes;
	}
	if (!is_realloc(request->role))
		return address;
	/* Which block was enlarged is known only of those in a sample, so none is. */
	if (!cfg_sample_bytes && address && is_enlarged(request))
		return address;
	if (!failed || request->role == SEEP_ROLE_REALLOCF)
		release_old(request, now_ns);
	else if (request->has_old)
		restore_old(request);
	return address;
}

/*
 * Counts a new block, or the one that was enlarged. What was made in an earlier window may be
 * another block by now that has its address, so it cannot be said to be enlarged. @return_address:
 * 0 at a return probe, which runs behind the return; else what the stack still holds, at a return
 * instruction.
 */
static __always_inline void block_created(struct pt_regs *ctx, struct request *request,
					  __u64 return_address, __u64 address, __u64 now_ns)
{
	struct seep_object_key key = {
		.id = address,
		.process = request->process,
		.kind = SEEP_KIND_MEMORY,
		.heap = request->heap,
	};
	struct seep_object object = {.bytes = request->bytes};
	__u32 index;
	struct slot *slot = NULL;
	struct seep_budget_value *windows;

	if (cfg_sample_bytes) {
		if (request->sampled == SAMPLED_UNDECIDED)
			request->sampled = sample_at_return(request->process, request->bytes);
		if (request->sampled == SAMPLED_LEFT_OUT)
			return;
	}
	object.created_ns = created_now(budget_of(request->process), now_ns);
	windows = windows_of(request->process);
	if (windows)
		address_met(&key, now_ns, windows);
	if (request->bytes >= cfg_min_bytes && request->bytes <= cfg_max_bytes)
		slot = object_slot(request->bytes, &index);
	if (!slot) {
		if (!cfg_sample_bytes && request->has_old)
			release_old(request, now_ns);
		return;
	}
	registers_save(&slot->start, ctx);
	if (return_address) {
		slot->start.ip = return_address;
		slot->start.sp += 8;
	}
	unwind_from_return(slot, index, request->process, request->function, now_ns);
	if (!cfg_sample_bytes && request->has_old &&
	    is_of_earlier_window(windows_of(request->process), &request->old))
		release_old(request, now_ns);
	if (!cfg_sample_bytes && request->has_old) {
		request->has_old = 0;
		block_enlarged(slot, &key, &request->old, &object);
	} else {
		copy_if_wanted(slot);
		object_created(NULL, slot, &key, &object, true);
	}
	slot_release(slot);
}

#endif
