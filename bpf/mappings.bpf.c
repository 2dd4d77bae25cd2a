// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings: ranges of pages, by the system calls that create and release them, down to the page.
 * Everything is done at the return (mapping_call_return), when it is known what happened.
 * mapping_call_entry notes time and, for other threads, the pages that are about to be released
 * (range_release_begin).
 *
 * Between the kernel's work and these programs other threads may be faster, and get addresses that
 * are not yet released here. Age tells the two apart: a call releases only what was created before
 * it began, and a new range takes the place of whatever seems to be there.
 *
 * Both programs run at every system call of the machine and first look at its number. A call costs
 * one stack walk and at most RANGE_MAX_VISITED ranges, under the lock of the process
 * (ranges.bpf.h).
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "calls.bpf.h"
#include "mapping_changes.bpf.h"
#include "ranges.bpf.h"
#include "syscalls.bpf.h"
#include "threads.bpf.h"

#define MAX_ERRNO    4095 /* include/linux/err.h */
#define ENOENT_ERRNO 2

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mapping_call);
} mapping_calls SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(mapping_call_entry, struct pt_regs *regs, long number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct range_process *ranges;
	struct mapping_call *call;
	__u64 start, end;
	__u32 process;

	if (!changes_mappings(number) || syscall_process(&process))
		return 0;
	call = bpf_task_storage_get(&mapping_calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	ranges = range_process_of(process);
	if (!call || !ranges)
		return 0;
	__sync_fetch_and_add(&ranges->entered, 1);
	call->entered_ns = bpf_ktime_get_ns();
	call->brk = task->mm->brk;
	call->process = process;
	call->pending = 1;
	call->release = -1;
	pages_to_release(regs, number, task->mm, &start, &end);
	if (start < end)
		call->release = range_release_begin(ranges, start, end, call->entered_ns);
	return 0;
}

static __always_inline void mapping_released(__u32 process, __u64 start, __u64 end, __u64 age_ns)
{
	if (ranges_lock(process))
		return;
	ranges_cut(process, start, end, age_ns);
	ranges_unlock(process);
}

/* Clears the place of a new range. 0, or -1: the range cannot be tracked. */
static __always_inline int mapping_reserve(__u32 process, const struct mapping_change *change)
{
	struct range_process *ranges = range_process_of(process);
	__u64 bytes = change->mapped_end - change->mapped;
	int count, error;

	if (!ranges || ranges_lock(process))
		return -1;
	if (!change->replaces && ranges_in_flight(ranges) > 1 &&
	    ranges_between(process, change->mapped, change->mapped_end))
		ranges_complete(process, change->mapped, change->mapped_end);
	count = ranges_cut(process, change->mapped, change->mapped_end, RANGE_ANY_AGE);
	/* Another thread may be about to report the release; without one, it was not seen. */
	if (count && !change->replaces && ranges_in_flight(ranges) <= 1)
		count_loss(SEEP_LOSS_UNSEEN_UNMAPPINGS, count);
	error = range_index_add(process, change->mapped >> RANGE_PAGE_SHIFT);
	ranges_unlock(process);
	if (error) {
		count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, bytes);
	}
	return error;
}

/*
 * Whose mapping it is, if not the caller's. An allocator's own mappings are its arenas: what it
 * gives out of them is counted as memory. The stack of a thread is counted with the thread. Returns
 * the origin and the frame of the function, or -1.
 */
static __always_inline int mapping_owner(struct pt_regs *regs, __u32 process, __u64 *ret_function)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct thread_state *thread;
	const struct thread_call *creation;

	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY)) {
		thread = thread_state_get(task, false);
		*ret_function = thread ? allocator_of(task, thread, process, regs->sp) : 0;
		if (*ret_function)
			return SEEP_ORIGIN_ALLOCATOR;
	}
	if (cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_THREAD)) {
		creation = creation_of(task, regs, process);
		if (creation) {
			*ret_function = creation->function;
			return SEEP_ORIGIN_THREAD;
		}
	}
	return -1;
}

/*
 * The returning system call has created a range. A global function: verified once, not once per
 * caller.
 */
__weak int mapping_created(__u32 process, __u64 start, __u64 bytes)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct seep_object_key key = range_key(process, start);
	struct seep_mapping_object range = {.object.bytes = bytes};
	__u64 function = 0;
	int origin = mapping_owner(regs, process, &function);

	if (origin >= 0)
		return origin_created(&live_mappings, &key, &range.object, function, origin);
	return syscall_created(&live_mappings, regs, &key, &range.object);
}

static __always_inline void mapping_added(__u32 process, const struct mapping_change *change)
{
	__u64 bytes = change->mapped_end - change->mapped;

	if (mapping_reserve(process, change) || !mapping_created(process, change->mapped, bytes) ||
	    ranges_lock(process))
		return;
	range_index_remove(process, change->mapped >> RANGE_PAGE_SHIFT);
	ranges_unlock(process);
}

/*
 * A call that was to put something else there failed, but the kernel may have unmapped these pages
 * before it did (mremap_to in mm/mremap.c), all of them or none. Are the known ones still there? If
 * the lock is taken, the inventory finds out.
 */
__weak int mapping_doubted(__u32 process, __u64 start, __u64 end, __u64 age_ns)
{
	struct mapping_extent extent = {};
	__u64 page, address;

	if (!ranges_between(process, start, end))
		return 0;
	page = range_index_last(process, (end - 1) >> RANGE_PAGE_SHIFT);
	address = page << RANGE_PAGE_SHIFT;
	if (address < start)
		address = start;
	if (bpf_find_vma(bpf_get_current_task_btf(), address, extent_of_vma, &extent, 0) ==
	    -ENOENT_ERRNO)
		mapping_released(process, start, end, age_ns);
	return 0;
}

static __always_inline void mapping_call_failed(struct pt_regs *regs,
						const struct mapping_call *call)
{
	if (regs->orig_ax == NR_MMAP && regs->r10 & MAP_FIXED_FLAG) {
		mapping_doubted(call->process, regs->di, regs->di + page_align(regs->si),
				call->entered_ns);
	} else if (regs->orig_ax == NR_MREMAP && regs->r10 & MREMAP_FIXED_FLAG) {
		mapping_doubted(call->process, regs->r8, regs->r8 + page_align(regs->dx),
				call->entered_ns);
		mapping_doubted(call->process, regs->di + page_align(regs->dx),
				regs->di + page_align(regs->si), call->entered_ns);
	}
}

static __always_inline void mapping_call_done(struct pt_regs *regs, __u64 result, __u32 process,
					      const struct mapping_call *call)
{
	struct mapping_change change = {};

	change_of_call(regs, result, process, call, &change);
	if (change.released < change.released_end)
		mapping_released(process, change.released, change.released_end, call->entered_ns);
	if (change.mapped < change.mapped_end)
		mapping_added(process, &change);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(mapping_call_return, struct pt_regs *regs, long result)
{
	struct range_process *ranges;
	struct mapping_call *call;
	__u32 process;

	if (!changes_mappings(regs->orig_ax))
		return 0;
	call = bpf_task_storage_get(&mapping_calls, bpf_get_current_task_btf(), NULL, 0);
	/*
	 * The call was entered before this program was attached: the inventory finds what it did.
	 */
	if (!call || !call->pending)
		return 0;
	call->pending = 0;
	if (!syscall_process(&process) && process == call->process) {
		if ((__u64)result < -(__u64)MAX_ERRNO)
			mapping_call_done(regs, result, process, call);
		else
			mapping_call_failed(regs, call);
	}
	ranges = range_process_of(call->process);
	if (!ranges)
		return 0;
	if (call->release >= 0)
		range_release_end(ranges, call->release);
	__sync_fetch_and_add(&ranges->left, 1);
	return 0;
}
