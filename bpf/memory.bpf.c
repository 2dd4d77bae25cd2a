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
#include "delegation.bpf.h"
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

static __always_inline struct seep_object_key key_of_old(const struct thread_state *thread)
{
	return (struct seep_object_key){
		.id = thread->pointer,
		.process = thread->process,
		.kind = SEEP_KIND_MEMORY,
		.heap = thread->heap,
	};
}

/* The block that realloc was given goes back to where it was: the call failed or never returned. */
static __always_inline void restore_old(struct thread_state *thread)
{
	struct seep_object_key key = key_of_old(thread);

	key.heap = thread->old_heap;
	thread->has_old = 0;
	if (bpf_map_update_elem(&live, &key, &thread->old, BPF_NOEXIST))
		site_released(thread->process, SEEP_KIND_MEMORY, &thread->old, bpf_ktime_get_ns());
}

static __always_inline bool is_realloc(__u8 role)
{
	return role == SEEP_ROLE_REALLOC || role == SEEP_ROLE_REALLOCF;
}

static __always_inline void read_arguments(struct pt_regs *ctx, struct thread_state *thread,
					   const struct call *call)
{
	const struct seep_probe *probe = call->probe;

	thread->bytes = argument(ctx, probe->size_arg);
	thread->extra = 0;
	if (probe->count_arg && probe->role == SEEP_ROLE_RESIZE)
		thread->extra = argument(ctx, probe->count_arg);
	else if (probe->count_arg)
		thread->bytes *= argument(ctx, probe->count_arg);
	thread->pointer = argument(ctx, probe->pointer_arg);
	thread->out = argument(ctx, probe->out_arg);
	thread->function = probe->frame;
	thread->process = call->process;
	thread->probe = call->index;
	thread->role = probe->role;
	thread->heap = probe->heap;
}

static __always_inline void take_old(struct thread_state *thread, const struct seep_probe *probe)
{
	struct seep_object_key key;

	/* The block itself stands where its successor will be stored. */
	if (probe->out_arg && probe->out_arg == probe->pointer_arg &&
	    bpf_probe_read_user(&thread->pointer, 8, (void *)thread->out))
		thread->pointer = 0;
	if (!thread->pointer)
		return;
	key = key_of_old(thread);
	thread->has_old = !block_take(&key, &thread->old);
	thread->old_heap = key.heap;
}

/*
 * A call of an allocating function begins. 0, or SESSION_SKIP_RETURN if its return is of no use, which
 * makes a difference in a session.
 */
static __always_inline int alloc_enter(struct pt_regs *ctx, void *guard, bool session)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_state *thread;
	struct call call;

	if (call_identify(ctx, &call))
		return SESSION_SKIP_RETURN;
	thread = thread_state_get(task, true);
	if (!thread) {
		count_loss(SEEP_LOSS_NO_THREAD_STATE, 1);
		bpf_tail_call(ctx, guard, 0);
		return SESSION_SKIP_RETURN;
	}
	if (thread_in_call(task, thread)) {
		note_delegation(thread);
		return SESSION_SKIP_RETURN;
	}
	if (thread->has_old)
		restore_old(thread);

	thread->return_slot = 0;
	read_arguments(ctx, thread, &call);
	if (session && new_enter(task, ctx, thread, call.probe))
		return SESSION_SKIP_RETURN;
	if (is_realloc(thread->role))
		take_old(thread, call.probe);
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

/* The block that the call stored; 0 without one. */
static __always_inline __u64 stored_block(const struct thread_state *thread)
{
	__u64 address;

	if (bpf_probe_read_user(&address, 8, (void *)thread->out) == 0)
		return address;
	count_loss(SEEP_LOSS_OUT_POINTER, 1);
	return 0;
}

/*
 * What the call that returns now made: the address of the new block, 0 if there is none. Takes care
 * of the block that realloc was given.
 */
static __always_inline __u64 call_result(struct pt_regs *ctx, struct thread_state *thread,
					 __u64 now_ns)
{
	__u64 address = PT_REGS_RC(ctx);
	bool failed;

	if (thread->out) {
		failed = (__u32)address != 0; /* an errno */
		address = failed ? 0 : stored_block(thread);
	} else {
		/*
		 * NULL means failure, the old block stays. But not for 0 bytes: glibc (and before
		 * 5.3 jemalloc) then frees the block and returns NULL; allocators that give out an
		 * empty block instead return it.
		 */
		failed = !address && thread->bytes;
	}
	if (!is_realloc(thread->role))
		return address;
	if (!failed || thread->role == SEEP_ROLE_REALLOCF)
		release_old(thread, now_ns);
	else if (thread->has_old)
		restore_old(thread);
	return address;
}

/* A call that resizes in place returns what it could get: a size, or a pointer for success. */
static __always_inline void block_resized(struct pt_regs *ctx, const struct thread_state *thread)
{
	__u64 result = PT_REGS_RC(ctx), bytes = thread->bytes + thread->extra;
	struct seep_object_key key = key_of_old(thread);

	if (result < thread->bytes)
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

static __always_inline void block_made(struct pt_regs *ctx, struct thread_state *thread,
				       __u64 address, __u64 now_ns)
{
	struct seep_object_key key = {
		.id = address,
		.process = thread->process,
		.kind = SEEP_KIND_MEMORY,
		.heap = thread->heap,
	};
	struct seep_object object = {.bytes = thread->bytes, .made_ns = now_ns};
	__u32 index;
	struct slot *slot = object_slot(thread->bytes, &index);

	if (!slot)
		return;
	if (thread->has_outer)
		slot->start = thread->outer.registers;
	else
		registers_save(&slot->start, ctx);
	unwind_from_return(slot, index, thread->process, thread->function, now_ns);
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
	if (thread->role == SEEP_ROLE_RESIZE) {
		block_resized(ctx, thread);
		return 0;
	}
	now_ns = bpf_ktime_get_ns();
	address = call_result(ctx, thread, now_ns);
	if (thread->role == SEEP_ROLE_STRING && address)
		thread->bytes = string_bytes(address);
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
	now.slot = ctx->sp + call.probe->pushed;
	now.ip = key.heap == SEEP_HEAP_USER ? 0 : ctx->ip;
	now.process = call.process;
	now.probe = call.index;
	bpf_probe_read_user(&now.return_address, 8, (void *)now.slot);
	nested = is_nested_release(thread, &now);
	if (block_take(&key, &object) == 0)
		site_released(call.process, SEEP_KIND_MEMORY, &object, bpf_ktime_get_ns());
	else if (!nested && !is_internal_release(ctx, &call, now.return_address))
		count_loss(SEEP_LOSS_UNMATCHED_FREES, 1);
	return 0;
}
