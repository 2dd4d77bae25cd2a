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

#include "calls.bpf.h"
#include "copies.bpf.h"
#include "dispatch.bpf.h"
#include "objects.bpf.h"
#include "probes.bpf.h"

/* Text of one allocator source: that of glibc's malloc.c is 24 KiB. */
#define ALLOCATOR_BYTES (32 << 10)

/* What a releasing function may have on the stack when it calls the next one. */
#define RELEASE_STACK_BYTES 4096

/* Of a string, in windows of a slot: strings that are copied are shorter. */
#define STRING_MAX_WINDOWS 64

/* Takes a block out of the live map, from the heap of the key or else from the other one. 0 or -1. */
static __always_inline int block_take(struct seep_object_key *key, struct seep_object *ret_object)
{
	if (object_take(&live, key, ret_object) == 0)
		return 0;
	if (!cfg_user_heap)
		return -1;
	key->heap = key->heap == SEEP_HEAP_USER ? SEEP_HEAP_USUAL : SEEP_HEAP_USER;
	return object_take(&live, key, ret_object);
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

/* The block that realloc was given goes back to where it was: the call failed or never returned. */
static __always_inline void restore_old(struct request *request)
{
	struct seep_object_key key = key_of_old(request);

	key.heap = request->old_heap;
	request->has_old = 0;
	if (bpf_map_update_elem(&live, &key, &request->old, BPF_NOEXIST))
		site_released(request->process, SEEP_KIND_MEMORY, &request->old,
			      bpf_ktime_get_ns());
}

static __always_inline bool is_realloc(__u8 role)
{
	return role == SEEP_ROLE_REALLOC || role == SEEP_ROLE_REALLOCF || role == SEEP_ROLE_RENEW;
}

static __always_inline void read_arguments(struct pt_regs *ctx, struct request *request,
					   const struct call *call)
{
	const struct seep_probe *probe = call->probe;

	request->bytes = argument(ctx, probe->size_arg);
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
}

static __always_inline void take_old(struct request *request, const struct seep_probe *probe)
{
	struct seep_object_key key;

	/* The block itself stands where its successor will be stored. */
	if (probe->out_arg && probe->out_arg == probe->pointer_arg &&
	    bpf_probe_read_user(&request->pointer, 8, (void *)request->out))
		request->pointer = 0;
	if (!request->pointer)
		return;
	key = key_of_old(request);
	request->has_old = !block_take(&key, &request->old);
	request->old_heap = key.heap;
}

/* --- calls without a return probe -------------------------------------------------------------- */

/* It seems that the call in @call will not return. */
static __always_inline void call_abandon(struct pending_call *call)
{
	if (!call->request.has_old)
		return;
	restore_old(&call->request);
	call->restored = 1;
}

/*
 * The thread is not in its outer call any more: that one has ended without a return, or it is one of a
 * coroutine, and goes on some time on whatever thread. So it stays in the map.
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

/* --- calls with a return probe ----------------------------------------------------------------- */

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

/* The block that realloc was given is gone for good: released by the call that just succeeded. */
static __always_inline void release_old(struct request *request, __u64 now_ns)
{
	if (request->has_old) {
		request->has_old = 0;
		site_released(request->process, SEEP_KIND_MEMORY, &request->old, now_ns);
	} else if (request->pointer) {
		count_loss(SEEP_LOSS_UNMATCHED_FREES, 1);
	}
}

/* The block that the call stored; 0 without one. */
static __always_inline __u64 stored_block(const struct request *request)
{
	__u64 address;

	if (bpf_probe_read_user(&address, 8, (void *)request->out) == 0)
		return address;
	count_loss(SEEP_LOSS_OUT_POINTER, 1);
	return 0;
}

/*
 * What the call that returns now made: the address of the new block, 0 if there is none. Takes care
 * of the block that realloc was given.
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
		 * NULL means failure, the old block stays. But not for 0 bytes: glibc (and before
		 * 5.3 jemalloc) then frees the block and returns NULL; allocators that give out an
		 * empty block instead return it.
		 */
		failed = !address && request->bytes;
	}
	if (!is_realloc(request->role))
		return address;
	if (!failed || request->role == SEEP_ROLE_REALLOCF)
		release_old(request, now_ns);
	else if (request->has_old)
		restore_old(request);
	return address;
}

/* A call that resizes in place returns what it could get: a size, or a pointer for success. */
static __always_inline void block_resized(struct pt_regs *ctx, const struct request *request)
{
	__u64 result = PT_REGS_RC(ctx), bytes = request->bytes + request->extra;
	struct seep_object_key key = key_of_old(request);

	if (result < request->bytes)
		return;
	if (object_resized(&live, &key, result < bytes ? result : bytes) && cfg_user_heap) {
		key.heap = SEEP_HEAP_USER;
		object_resized(&live, &key, result < bytes ? result : bytes);
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

/* @return_address: at an exit, where the stack still has it; 0 at a return probe, which is behind it. */
static __always_inline void block_made(struct pt_regs *ctx, const struct request *request,
				       __u64 return_address, __u64 address, __u64 now_ns)
{
	struct seep_object_key key = {
		.id = address,
		.process = request->process,
		.kind = SEEP_KIND_MEMORY,
		.heap = request->heap,
	};
	struct seep_object object = {.bytes = request->bytes, .made_ns = now_ns};
	__u32 index;
	struct slot *slot;

	if (request->bytes < cfg_min_bytes || request->bytes > cfg_max_bytes)
		return;
	slot = object_slot(request->bytes, &index);
	if (!slot)
		return;
	registers_save(&slot->start, ctx);
	if (return_address) {
		slot->start.ip = return_address;
		slot->start.sp += 8;
	}
	unwind_from_return(slot, index, request->process, request->function, now_ns);
	copy_if_wanted(slot);
	object_made(&live, slot, &key, &object);
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
	if (thread->request.role == SEEP_ROLE_RESIZE) {
		block_resized(ctx, &thread->request);
		return 0;
	}
	now_ns = bpf_ktime_get_ns();
	address = call_result(ctx, &thread->request, now_ns);
	if (thread->request.role == SEEP_ROLE_STRING && address)
		thread->request.bytes = string_bytes(address);
	if (address)
		block_made(ctx, &thread->request, 0, address, now_ns);
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

/* --- calls that are seen at their return instructions ------------------------------------------ */

/* Puts the call into the map of calls. */
static __always_inline void call_begin(struct pt_regs *ctx, struct thread_state *thread,
				       const struct call *call, __u64 slot, __u64 return_address)
{
	struct seep_object_key key = call_key(call->process, slot);
	struct pending_call *old = bpf_map_lookup_elem(&calls, &key), new = {};

	new.return_address = return_address;
	new.thread = bpf_get_current_pid_tgid();
	new.probe = call->index;
	if (old) {
		/* Entered by a jump from the one that is there, as operator new is from new[]. */
		if (old->return_address == return_address && old->probe != new.probe &&
		    old->thread == new.thread)
			return;
		call_abandon(old);
	}
	new.entered_ns = bpf_ktime_get_ns();
	read_arguments(ctx, &new.request, call);
	if (is_realloc(new.request.role))
		take_old(&new.request, call->probe);
	if (bpf_map_update_elem(&calls, &key, &new, BPF_ANY)) {
		count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, new.request.bytes);
		call_abandon(&new);
		return;
	}
	thread->outer_slot = slot;
	thread->outer_ns = new.entered_ns;
	thread->left_out = 0;
}

/*
 * Is the call that begins, with its return address in @slot, within the outer one of the thread? One of
 * the same function with the same slot is a new one: the last has ended by an exception.
 */
static __always_inline bool is_within_outer(struct task_struct *task, struct thread_state *thread,
					    const struct call *call, __u64 slot)
{
	const struct pending_call *outer;

	if (!thread->outer_slot)
		return false;
	outer = outer_call(task, thread, call->process, slot);
	if (outer && (slot != thread->outer_slot || outer->probe != call->index))
		return hides_inner_calls(&outer->request);
	outer_abandon(thread, call->process);
	return false;
}

/* At the entry of a function that has no return probe. */
SEC("uprobe")
int call_entry(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *thread;
	__u64 slot, return_address;
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
	slot = ctx->sp + call.probe->pushed;
	return_address = return_address_at(task, slot);
	if (!return_address)
		return 0;
	if (is_within_outer(task, thread, &call, slot)) {
		thread->left_out++;
		return 0;
	}
	call_begin(ctx, thread, &call, slot, return_address);
	return 0;
}

/* Has a function within the call made the block, so that it is counted already? */
static __always_inline bool is_counted(const struct pending_call *call, __u64 address)
{
	struct seep_object_key key = {
		.id = address,
		.process = call->request.process,
		.kind = SEEP_KIND_MEMORY,
		.heap = call->request.heap,
	};
	struct seep_object *object = bpf_map_lookup_elem(&live, &key);

	return object && object->made_ns >= call->entered_ns;
}

/* The call returns after all: the block that it was given is gone, unless somebody else has it now. */
static __always_inline void take_old_again(struct pending_call *call)
{
	struct seep_object_key key = key_of_old(&call->request);

	key.heap = call->request.old_heap;
	call->request.has_old = !object_take(&live, &key, &call->request.old);
}

/* At a return instruction: of a call that is in the map, or of one that nobody looks for. */
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
		block_made(ctx, &call.request, call.return_address, address, now_ns);
	return 0;
}

/* --- releases ---------------------------------------------------------------------------------- */

/*
 * The allocator calls its own free: glibc for each block in the cache of a thread that ends
 * (tcache_thread_shutdown), which the program has released long ago. Told by the caller's distance.
 */
static __always_inline bool is_internal_release(struct pt_regs *ctx, const struct call *call,
						__u64 return_address)
{
	return call->probe->libc &&
	       return_address - ctx->ip + ALLOCATOR_BYTES < 2 * ALLOCATOR_BYTES;
}

/*
 * A release within a release counts once: operator delete calls free, a preloaded free the next one. A
 * block that is known is taken all the same, so that a mistake here cannot make a wrong number.
 */
static __always_inline bool is_nested_release(struct thread_state *thread,
					      const struct entered *now)
{
	if (is_called_by(&thread->released, now, RELEASE_STACK_BYTES))
		return true;
	thread->released = *now;
	return false;
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
	/* An allocating function that releases something of its own (realloc, by way of free). */
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
	else if (!nested && !is_internal_release(ctx, &call, now.return_address))
		count_loss(SEEP_LOSS_UNMATCHED_FREES, 1);
	return 0;
}
