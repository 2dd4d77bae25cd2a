// SPDX-License-Identifier: GPL-2.0-only
/*
 * The inventory of mappings, for src/kernel/mappings.c: an iterator over the VMAs of a process. It
 * finds what was there before the trace, stacks that have grown, and changes that no traced system
 * call has reported. It visits each VMA once, and for each at most RANGE_MAX_VISITED ranges.
 *
 * Between the kernel's work and its return a system call leaves VMAs and ranges in disagreement for
 * a moment. So nothing is corrected while such a call is in flight. The iterator holds the lock of
 * the address space for reading (task_vma_seq_get_next in kernel/bpf/task_iter.c), and each call
 * that changes mappings needs it for writing first: none can come from then on until the program is
 * over. That is why the program takes no lock of seep's, with which it could be preempted.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "ranges.bpf.h"
#include "seep/passes.h"
#include "syscalls.bpf.h"

#define VM_GROWSDOWN_FLAG 0x100 /* include/linux/mm.h */

/* The argument and result of mappings_count; user space sets it before it reads the iterator. */
struct seep_mappings_pass mappings_pass = {};

/* Adds a range that was not known. */
__weak int range_found(__u32 process, __u64 start, __u64 end, __u32 origin, __u64 now_ns)
{
	struct seep_object_key key = range_key(process, start);
	struct seep_mapping_object range = {.object.bytes = end - start}, *found;

	if (range_index_add(process, start >> RANGE_PAGE_SHIFT)) {
		count_loss(SEEP_LOSS_UNTRACKED_OBJECTS, 1);
		count_loss(SEEP_LOSS_UNTRACKED_BYTES, end - start);
		return -1;
	}
	if (origin_created(&live_mappings, &key, &range.object, 0, origin)) {
		range_index_remove(process, start >> RANGE_PAGE_SHIFT);
		return -1;
	}
	if (origin == SEEP_ORIGIN_UNSEEN)
		count_loss(SEEP_LOSS_UNSEEN_MAPPINGS, 1);
	/* Its age is that of the pass: no system call that was entered later may release it. */
	found = bpf_map_lookup_elem(&live_mappings, &key);
	if (found)
		found->object.created_ns = now_ns;
	return 0;
}

/* A walk over the pages of a mapping, from its end to its start. */
struct pages_walk {
	__u64 start;
	__u64 left; /* what lies from here on is known */
	__u64 now_ns;
	__u32 process;
	__u32 origin;
	__u32 fill; /* else only look */
	__u32 unknown;
};

static long pages_step(__u32 step, void *context)
{
	struct pages_walk *walk = context;
	__u64 page = range_index_last(walk->process, (walk->left - 1) >> RANGE_PAGE_SHIFT);
	struct seep_object_key key = range_key(walk->process, page << RANGE_PAGE_SHIFT);
	const struct seep_mapping_object *range = NULL;
	__u64 end = walk->start;

	if (page != RANGE_NONE)
		range = bpf_map_lookup_elem(&live_mappings, &key);
	if (range && key.id + range->object.bytes > end)
		end = key.id + range->object.bytes;
	if (end < walk->left) {
		walk->unknown++;
		if (walk->fill)
			range_found(walk->process, end, walk->left, walk->origin, walk->now_ns);
	}
	if (page == RANGE_NONE || key.id <= walk->start)
		return 1;
	walk->left = key.id;
	return 0;
}

/* How many parts of the mapping are unknown; with an @origin of 0 or more they are added. */
static __always_inline __u32 pages_unknown(__u32 process, __u64 start, __u64 end, int origin,
					   __u64 now_ns)
{
	struct pages_walk walk = {
		.start = start,
		.left = end,
		.now_ns = now_ns,
		.process = process,
		.origin = origin,
		.fill = origin >= 0,
	};

	bpf_loop(RANGE_MAX_VISITED, pages_step, &walk, 0);
	return walk.unknown;
}

/*
 * Corrects what is known of the mapping from @start to @end, and of the gap behind the one that
 * ends at @before. A global function, for a stack frame of its own. 0, or -1: not now.
 */
__weak int mapping_settle(__u32 process, __u64 before, __u64 start, __u64 end, __u32 origin)
{
	struct range_process *ranges = range_process_of(process);
	__u64 now_ns = bpf_ktime_get_ns();
	int stale = 0;

	if (!ranges || ranges_in_flight(ranges))
		return -1;
	if (before < start)
		stale = ranges_cut(process, before, start, RANGE_ANY_AGE);
	if (stale)
		count_loss(SEEP_LOSS_UNSEEN_UNMAPPINGS, stale);
	pages_unknown(process, start, end, origin, now_ns);
	return 0;
}

/* The origin of a mapping whose creation was not seen. */
static __always_inline __u32 origin_of_vma(const struct vm_area_struct *vma, __u32 process)
{
	struct range_process *ranges = range_process_of(process);
	struct xol_area *area = vma->vm_mm->uprobes_state.xol_area;

	/* The page where uprobes execute the instructions that they replaced. */
	if (area && area->vaddr == vma->vm_start)
		return SEEP_ORIGIN_KERNEL;
	if (!ranges || ranges->counted != process)
		return SEEP_ORIGIN_BEFORE;
	/* A stack that has grown. */
	return vma->vm_flags & VM_GROWSDOWN_FLAG ? SEEP_ORIGIN_KERNEL : SEEP_ORIGIN_UNSEEN;
}

/* All VMAs were visited. If all of them are settled, unknown ones are from later. */
static __always_inline void pass_ends(void)
{
	struct range_process *ranges = range_process_of(mappings_pass.process);

	if (ranges && mappings_pass.thread && !mappings_pass.unsettled)
		ranges->counted = mappings_pass.process;
}

/* Has the process become another one by an exec? */
static __always_inline bool is_over(void)
{
	__u32 slot = SEEP_PROCESS_SLOT(mappings_pass.process);
	const struct seep_process_value *process = bpf_map_lookup_elem(&processes, &slot);

	return !process || process->id != mappings_pass.process;
}

/*
 * Is an exec on its way? It replaces the address space first and the id of the process last
 * (begin_new_exec and exec_binprm in fs/exec.c).
 */
static __always_inline bool is_ending(struct task_struct *task)
{
	return BPF_CORE_READ_BITFIELD(task, in_execve);
}

SEC("iter/task_vma")
int mappings_count(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	__u32 process = mappings_pass.process;
	__u64 before = mappings_pass.end;

	if (!task || !vma) {
		pass_ends();
		return 0;
	}
	if (!mappings_pass.thread)
		mappings_pass.thread = task->pid;
	if (mappings_pass.thread != (__u32)task->pid)
		return 0;
	/* In this order: an exec that has just finished shows in the id. */
	if (is_ending(task) || is_over()) {
		mappings_pass.unsettled++;
		return 0;
	}
	/* Nearly always nothing is to be done, even while calls are in flight. */
	if ((ranges_between(process, before, vma->vm_start) ||
	     pages_unknown(process, vma->vm_start, vma->vm_end, -1, 0)) &&
	    mapping_settle(process, before, vma->vm_start, vma->vm_end,
			   origin_of_vma(vma, process)))
		mappings_pass.unsettled++;
	mappings_pass.end = vma->vm_end;
	return 0;
}
