/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the system calls that map and unmap do: which pages a call is about to release, told at its
 * entry (pages_to_release), and what it has released and mapped, told from its arguments and its
 * result (change_of_call). No state, no locks; mappings.bpf.c applies the changes. Where only the
 * kernel knows the length of a mapping, its VMA is looked up, if the lock of the address space is
 * free.
 */
#ifndef SEEP_BPF_MAPPING_CHANGES_H
#define SEEP_BPF_MAPPING_CHANGES_H

#include <bpf/bpf_helpers.h>

#include "ranges.bpf.h"

/* arch/x86/entry/syscalls/syscall_64.tbl */
enum {
	NR_MMAP = 9,
	NR_MUNMAP = 11,
	NR_BRK = 12,
	NR_MREMAP = 25,
	NR_SHMAT = 30,
	NR_SHMDT = 67,
	NR_IO_SETUP = 206,
	NR_IO_DESTROY = 207,
	NR_MAP_SHADOW_STACK = 453,
};

/* include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h, include/linux/mm.h */
#define MAP_FIXED_FLAG	      0x10
#define MAP_ANONYMOUS_FLAG    0x20
#define MAP_HUGETLB_FLAG      0x40000
#define MREMAP_FIXED_FLAG     2
#define MREMAP_DONTUNMAP_FLAG 4
#define MREMAP_MOVES_FLAGS    (MREMAP_FIXED_FLAG | MREMAP_DONTUNMAP_FLAG)
#define SHM_REMAP_FLAG	      040000
#define VM_HUGETLB_FLAG	      0x400000

/* A system call that a thread is in the middle of. */
struct mapping_call {
	__u64 entered_ns;
	__u64 brk; /* the end of the heap before it */
	__u32 process;
	__s16 release; /* number of the note of what it releases, or -1 */
	__u16 pending;
};

/* What a system call has done. Both ranges may be empty. */
struct mapping_change {
	__u64 released;
	__u64 released_end;
	__u64 mapped;
	__u64 mapped_end;
	bool replaces; /* what was made was to take the place of others */
};

/* Asked at every system call of the machine, so it is a switch over constants. */
static __always_inline bool changes_mappings(long number)
{
	switch (number) {
	case NR_MMAP:
	case NR_MUNMAP:
	case NR_BRK:
	case NR_MREMAP:
	case NR_SHMAT:
	case NR_SHMDT:
	case NR_IO_SETUP:
	case NR_IO_DESTROY:
	case NR_MAP_SHADOW_STACK:
		return true;
	default:
		return false;
	}
}

static __always_inline __u64 page_align(__u64 bytes)
{
	return (bytes + RANGE_PAGE_BYTES - 1) & ~(RANGE_PAGE_BYTES - 1);
}

/* mremap to a size that is not larger, without a flag that makes it move. */
static __always_inline bool shrinks_in_place(struct pt_regs *regs)
{
	return page_align(regs->dx) <= page_align(regs->si) && !(regs->r10 & MREMAP_MOVES_FLAGS);
}

/* The pages that the call is about to unmap, as far as its arguments tell; else none. */
static __always_inline void pages_to_release(struct pt_regs *regs, long number,
					     struct mm_struct *mm, __u64 *start, __u64 *end)
{
	*start = regs->di;
	*end = regs->di + page_align(regs->si);
	if (number == NR_BRK) {
		*start = regs->di < mm->start_brk ? ~0ULL : page_align(regs->di);
		*end = page_align(mm->brk);
	} else if (number == NR_MREMAP) {
		if (shrinks_in_place(regs))
			*start += page_align(regs->dx);
		else if (regs->r10 & MREMAP_DONTUNMAP_FLAG)
			*end = 0;
	} else if (number != NR_MUNMAP) {
		*end = 0;
	}
}

struct mapping_extent {
	__u64 end;
	bool huge;
};

static long extent_of_vma(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	struct mapping_extent *extent = context;

	extent->end = vma->vm_end;
	extent->huge = vma->vm_flags & VM_HUGETLB_FLAG;
	return 0;
}

/*
 * The end of a mapping whose length only the kernel knows: of shared memory segments and the like,
 * which are never merged with their neighbours. @start if another thread holds the lock of the
 * address space: then the inventory finds the mapping.
 */
static __always_inline __u64 end_of_vma(__u64 start)
{
	struct mapping_extent extent = {.end = start};

	bpf_find_vma(bpf_get_current_task_btf(), start, extent_of_vma, &extent, 0);
	return extent.end;
}

/* The kernel rounds the length of a mapping of huge pages up to a whole huge page. */
static __always_inline __u64 end_of_mapping(struct pt_regs *regs, __u64 start)
{
	struct mapping_extent extent = {};

	if (regs->orig_ax == NR_MMAP &&
	    (regs->r10 & MAP_HUGETLB_FLAG || !(regs->r10 & MAP_ANONYMOUS_FLAG)))
		bpf_find_vma(bpf_get_current_task_btf(), start, extent_of_vma, &extent, 0);
	return extent.huge ? extent.end : start + page_align(regs->si);
}

/* brk tells the new end of the heap; the old one is from the call's entry. */
static __always_inline void change_of_brk(__u64 old_brk, __u64 new_brk,
					  struct mapping_change *change)
{
	old_brk = page_align(old_brk);
	new_brk = page_align(new_brk);
	if (new_brk > old_brk) {
		change->mapped = old_brk;
		change->mapped_end = new_brk;
	} else {
		change->released = new_brk;
		change->released_end = old_brk;
	}
}

/*
 * The old range is released, and what is there now is a new one, as with realloc. A range that
 * shrinks in place is only cut: it may consist of several mappings with holes between them, which
 * stay as they are.
 */
static __always_inline void change_of_mremap(struct pt_regs *regs, __u64 result,
					     struct mapping_change *change)
{
	if (shrinks_in_place(regs)) {
		change->released = regs->di + page_align(regs->dx);
		change->released_end = regs->di + page_align(regs->si);
		return;
	}
	change->mapped = result;
	change->mapped_end = result + page_align(regs->dx);
	change->replaces = regs->r10 & MREMAP_FIXED_FLAG;
	if (regs->r10 & MREMAP_DONTUNMAP_FLAG)
		return;
	/* With an old size of 0 the pages are mapped a second time, and nothing is released. */
	change->released = regs->di;
	change->released_end = regs->di + page_align(regs->si);
}

/* shmdt and io_destroy: a whole mapping, given by its start. */
static __always_inline void change_of_detach(__u32 process, __u64 start,
					     struct mapping_change *change)
{
	struct seep_object_key key = range_key(process, start);
	const struct seep_mapping_object *range = bpf_map_lookup_elem(&live_mappings, &key);

	change->released = start;
	change->released_end = range ? start + range->object.bytes : start;
}

/* What the system call in @regs, which has succeeded, has changed. */
static __always_inline void change_of_call(struct pt_regs *regs, __u64 result, __u32 process,
					   const struct mapping_call *call,
					   struct mapping_change *change)
{
	switch (regs->orig_ax) {
	case NR_MUNMAP:
		change->released = regs->di;
		change->released_end = regs->di + page_align(regs->si);
		break;
	case NR_BRK:
		change_of_brk(call->brk, result, change);
		break;
	case NR_MREMAP:
		change_of_mremap(regs, result, change);
		break;
	case NR_SHMAT:
		change->mapped = result;
		change->mapped_end = end_of_vma(result);
		change->replaces = regs->dx & SHM_REMAP_FLAG;
		break;
	case NR_IO_SETUP: /* the context's id is the address of its ring (fs/aio.c) */
		if (!bpf_probe_read_user(&change->mapped, 8, (void *)regs->si))
			change->mapped_end = end_of_vma(change->mapped);
		break;
	case NR_SHMDT:
	case NR_IO_DESTROY:
		change_of_detach(process, regs->di, change);
		break;
	default:
		change->mapped = result;
		change->mapped_end = end_of_mapping(regs, result);
		change->replaces = regs->r10 & MAP_FIXED_FLAG;
	}
}

#endif
