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

/* Counts a release in the present window of a block that was made before it. */
static __always_inline void count_release(__u32 process, __u64 size_class,
					  const struct seep_budget_value *budget, __u64 now_ns)
{
	struct seep_site_key key = {
		.stack = size_class,
		.process = process,
		.kind = SEEP_KIND_COUNT,
	};
	struct seep_sample_value *sample;

	if (now_ns < budget->releases_ns)
		return;
	sample = sample_get(&key);
	if (sample)
		__sync_fetch_and_add(&sample->releases, 1);
}

/* The address of a block is remembered as released, once more if it is already. */
static __always_inline void remember_address(const struct seep_object_key *key,
					     const struct seep_address *address,
					     struct seep_budget_value *budget)
{
	struct seep_address *known = bpf_map_lookup_elem(&addresses, key);

	if (known) {
		/* What an earlier window released has been met just now, and is not there. */
		__sync_fetch_and_add(&known->count, 1);
		return;
	}
	/* Threads may go a little below 0 together; so far a window can be over its number. */
	if ((__s64)budget->addresses > 0 &&
	    !bpf_map_update_elem(&addresses, key, address, BPF_NOEXIST))
		__sync_fetch_and_add(&budget->addresses, -1);
}

/*
 * A block was released within a window. @object: of which it is the stack, 0 if that is not known,
 * and the size.
 */
static __noinline int address_released(const struct seep_object_key *block,
				       const struct seep_object *object, __u64 now_ns, __u32 age,
				       struct seep_budget_value *windows)
{
	struct seep_object_key key = {
		.id = block->id,
		.process = block->process,
		.kind = SEEP_KIND_MEMORY,
	};
	struct seep_address address = {
		.released_ns = now_ns,
		.stack = object->stack,
		.size_class = SEEP_SIZE_CLASS_UNKNOWN,
		.age = age,
		.count = 1,
	};
	__u64 chunk = SEEP_CHUNK_BYTES(object->bytes);

	if (!windows)
		return 0;
	if (object->bytes)
		address.size_class = SEEP_SIZE_CLASS(chunk, log2_floor(chunk));
	if (age == SEEP_RELEASED_OLD)
		count_release(block->process, address.size_class, windows, now_ns);
	if (now_ns >= windows->addresses_ns)
		remember_address(&key, &address, windows);
	return 0;
}

/*
 * Counts a release of a block that is not in the live map. operator delete does not know its
 * allocator; the free that it calls may.
 */
static __always_inline void released_unknown(struct thread_state *thread, const struct call *call,
					     const struct seep_object_key *key, bool nested,
					     struct seep_budget_value *windows)
{
	struct seep_object object = {};

	if (nested && thread->unsized != key->id)
		return;
	object.bytes = block_room(call->probe, key->id);
	/* Of a process in windows it is no loss: most of its blocks are made between them. */
	if (windows)
		address_released(key, &object, bpf_ktime_get_ns(), SEEP_RELEASED_OLD, windows);
	else if (!nested)
		count_unmatched(call->process, object.bytes);
	else if (object.bytes)
		size_unmatched(call->process, object.bytes);
	thread->unsized = object.bytes ? 0 : key->id;
}

/* A block that was in the live map, as @object says, is released. */
static __always_inline void known_released(const struct seep_object_key *key,
					   const struct seep_object *object,
					   struct seep_budget_value *windows)
{
	__u64 now_ns = bpf_ktime_get_ns();

	count_released(key->process, object, now_ns, windows);
	if (windows)
		address_released(key, object, now_ns,
				 is_of_earlier_window(windows, object) ? SEEP_RELEASED_OLD :
									 SEEP_RELEASED_YOUNG,
				 windows);
}

/* Is the block in the live map, in either heap? */
static __always_inline bool is_live(struct seep_object_key key)
{
	if (block_is_there(&key))
		return true;
	if (!cfg_user_heap)
		return false;
	key.heap = key.heap == SEEP_HEAP_USER ? SEEP_HEAP_USUAL : SEEP_HEAP_USER;
	return block_is_there(&key);
}

SEC("uprobe")
int free_entry(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct seep_object_key key = {.kind = SEEP_KIND_MEMORY};
	struct thread_state *thread;
	struct seep_object object = {};
	struct entered now;
	const struct pending_call *outer;
	struct seep_budget_value *windows;
	struct call call;
	bool nested;

	if (call_identify(ctx, &call))
		return 0;
	key.id = argument(ctx, call.probe->pointer_arg);
	key.process = call.process;
	key.heap = call.probe->heap;
	if (!key.id)
		return 0;
	windows = windows_of(call.process);
	/* Most blocks are not in the sample, which is no loss. */
	if (cfg_sample_bytes && !windows && !is_live(key))
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
	entered_now(ctx, &call, &now);
	nested = is_nested_release(thread, &now) || (outer && hides_inner_calls(&outer->request));
	if (windows)
		address_met(&key, bpf_ktime_get_ns(), windows);
	if (block_take(&key, &object) == 0)
		known_released(&key, &object, windows);
	else if (nested || !is_internal_release(ctx, &call, now.return_address))
		released_unknown(thread, &call, &key, nested, windows);
	return 0;
}
