/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cache of mappings that stands in front of the kernel's VMAs (vmas.bpf.h), by process and page
 * of 64 KiB.
 *
 * An entry is trusted for MAPPING_FRESH_NS, and only as long as the process has changed no mapping
 * since: by the kernel's own count of such changes where it has one (mm_lock_seq, since 6.4), which
 * no mmap, munmap or mremap escapes, and by what its loader announces. After that the VMA that the
 * entry was read from is looked at again, without the lock, where the kernel says whether a VMA is
 * still in use (since 6.4). Before 6.4, without a loader that announces changes (static programs,
 * JIT code), a mapping that replaced another one may get the old name for that time. The map is an
 * LRU: an entry that is dropped costs one search.
 */
#ifndef SEEP_BPF_MAPPING_CACHE_H
#define SEEP_BPF_MAPPING_CACHE_H

#include <bpf/bpf_core_read.h>

#include "files.bpf.h"
#include "slots.bpf.h"

#define MAPPING_FRESH_NS (50 * 1000 * 1000)
#define VM_EXEC_FLAG	 0x4 /* include/linux/mm.h */
#define PAGE_SHIFT_X86	 12

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct seep_mapping_key);
	__type(value, struct seep_mapping_value);
} mappings SEC(".maps") __weak;

/* mm_lock_seq in both its shapes: a number since 6.4, a sequence count since 6.14. */
struct seqcount___mm {
	unsigned int sequence;
} __attribute__((preserve_access_index));

struct mm_struct___sequence {
	struct seqcount___mm mm_lock_seq;
} __attribute__((preserve_access_index));

struct mm_struct___number {
	int mm_lock_seq;
} __attribute__((preserve_access_index));

/*
 * A number that changes with the mappings of the process. Read by loads and not by BPF_CORE_READ,
 * which would be a call of a helper each: a walk asks at each change of mapping. @mm has a type
 * that the verifier knows. The loader announces each change twice, and what it maps or unmaps lies
 * between: _dl_close calls _dl_debug_state before it unmaps and again after it, _dl_open before it
 * maps and before the first instruction of the new code runs. While a change is in progress (the
 * sequence is odd) the old state counts: the new one is not in use yet.
 */
static __always_inline __u64 mapping_generation(struct mm_struct *mm, __u32 process)
{
	__u32 slot = SEEP_PROCESS_SLOT(process), changes = 0;
	struct seep_process_value *value = bpf_map_lookup_elem(&processes, &slot);
	struct mm_struct___sequence *sequence = (void *)mm;
	struct mm_struct___number *number = (void *)mm;

	if (!mm)
		return 0;
	if (bpf_core_field_exists(sequence->mm_lock_seq.sequence))
		changes = sequence->mm_lock_seq.sequence & ~1U;
	else if (bpf_core_field_exists(number->mm_lock_seq))
		changes = number->mm_lock_seq;
	return (value ? (__u64)value->library_changes << 32 : 0) | changes;
}

/* Has the loader announced a change between the two? */
static __always_inline bool library_changed(__u64 before, __u64 after)
{
	return (before ^ after) >> 32;
}

/*
 * A checksum, because a cache entry may be replaced while it is read: the kernel reuses elements of
 * a BPF hash at once.
 */
static __always_inline __u64 mapping_sum(const struct seep_mapping_value *mapping, __u32 process)
{
	return mapping->start * 3 + mapping->end * 5 + mapping->delta * 7 +
	       ((__u64)mapping->file << 32 | mapping->executable) * 11 + mapping->generation * 13 +
	       mapping->vma * 17 + process;
}

/* Whether a VMA is part of an address space: a flag since 6.4, a reference since 6.15. */
struct vm_area_struct___flag {
	bool detached;
} __attribute__((preserve_access_index));

struct refcount_struct___vma {
	atomic_t refs;
} __attribute__((preserve_access_index));

struct vm_area_struct___reference {
	struct refcount_struct___vma vm_refcnt;
} __attribute__((preserve_access_index));

static __always_inline bool vma_is_attached(struct vm_area_struct *vma)
{
	struct vm_area_struct___reference *reference = (void *)vma;
	struct vm_area_struct___flag *flag = (void *)vma;

	if (bpf_core_field_exists(reference->vm_refcnt))
		return BPF_CORE_READ(reference, vm_refcnt.refs.counter) != 0;
	if (bpf_core_field_exists(flag->detached))
		return !BPF_CORE_READ(flag, detached);
	return false;
}

/*
 * Does the VMA that slot->mapping was read from still say the same? Takes no lock: programs that
 * map and unmap all the time hardly ever leave it free. The VMA may have been freed, and its memory
 * may hold another one by now: any VMA of @mm that stands there, attached, with this range of this
 * file, is the mapping. Not for moved text, which depends on its neighbours. False where the kernel
 * cannot tell.
 */
static __always_inline bool mapping_stands(struct slot *slot, struct mm_struct *mm)
{
	struct seep_mapping_value *mapping = &slot->mapping;
	struct vm_area_struct *vma = (void *)mapping->vma;
	__u64 start = BPF_CORE_READ(vma, vm_start);
	struct file *file = BPF_CORE_READ(vma, vm_file);
	struct file_value *known;
	struct seep_file_key key;

	if (start != mapping->start || BPF_CORE_READ(vma, vm_end) != mapping->end ||
	    !(BPF_CORE_READ(vma, vm_flags) & VM_EXEC_FLAG) != !mapping->executable)
		return false;
	if (file) {
		key = file_key(file);
		known = bpf_map_lookup_elem(&files, &key);
		if (!known || known->id != mapping->file || file_is_missing(slot, known->id) ||
		    start - (BPF_CORE_READ(vma, vm_pgoff) << PAGE_SHIFT_X86) != mapping->delta)
			return false;
	} else if (mapping->file != 0 && mapping->file != SEEP_FILE_VDSO) {
		return false;
	}
	return BPF_CORE_READ(vma, vm_mm) == mm && vma_is_attached(vma);
}

/* Fills slot->mapping from a VMA. Runs under the mmap lock. */
static __always_inline void mapping_set(struct slot *slot, struct vm_area_struct *vma)
{
	struct file *file = vma->vm_file;
	struct seep_file_key key;

	slot->mapping.start = vma->vm_start;
	slot->mapping.end = vma->vm_end;
	slot->mapping.delta = vma->vm_start - (vma->vm_pgoff << PAGE_SHIFT_X86);
	slot->mapping.seen_ns = slot->now_ns;
	slot->mapping.executable = !!(vma->vm_flags & VM_EXEC_FLAG);
	slot->mapping.file = 0;
	if (file) {
		key = file_key(file);
		slot->mapping.file = file_id(slot, &key, file);
	} else if (vma->vm_start == (__u64)vma->vm_mm->context.vdso) {
		slot->mapping.file = SEEP_FILE_VDSO;
		slot->mapping.delta = vma->vm_start;
	}
	slot->mapping.vma = (__u64)vma;
	slot->mapping.generation = slot->generation;
	barrier(); /* no arithmetic with the pointer, which the verifier refuses: sum up the slot */
	slot->mapping.sum = mapping_sum(&slot->mapping, slot->process);
}

static long mapping_from_vma(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	__u32 index = *(__u32 *)context;
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);

	if (slot)
		mapping_set(slot, vma);
	return 0;
}

static __always_inline bool mapping_covers(const struct seep_mapping_value *mapping, __u64 address)
{
	return address - mapping->start < mapping->end - mapping->start;
}

static __always_inline struct seep_mapping_key mapping_key(__u32 process, __u64 address)
{
	return (struct seep_mapping_key){
		.process = process,
		.page_low = address >> SEEP_MAPPING_PAGE_SHIFT,
		.page_high = address >> SEEP_MAPPING_PAGE_SHIFT >> 32,
	};
}

/* Copies the cache entry of @address to slot->mapping. 0, or -1 if there is no valid one. */
static __always_inline int mapping_cached(struct slot *slot, const struct seep_mapping_key *key,
					  __u64 address)
{
	struct seep_mapping_value *cached = bpf_map_lookup_elem(&mappings, key);

	if (!cached)
		return -1;
	slot->mapping = *cached;
	if (slot->mapping.sum != mapping_sum(&slot->mapping, slot->process) ||
	    !mapping_covers(&slot->mapping, address))
		return -1;
	return 0;
}

/*
 * Puts slot->mapping into the cache. An entry that says the same only gets the new time, in place:
 * replacing it would recycle the element, which others may be reading.
 */
static __always_inline void mapping_store(struct slot *slot, const struct seep_mapping_key *key)
{
	struct seep_mapping_value *cached = bpf_map_lookup_elem(&mappings, key);

	if (cached && cached->sum == slot->mapping.sum)
		cached->seen_ns = slot->mapping.seen_ns;
	else
		bpf_map_update_elem(&mappings, key, &slot->mapping, BPF_ANY);
}

/* slot->mapping, which is in the cache, is true now, and is trusted for @trusted_ns. */
static __always_inline void mapping_renew(struct slot *slot, const struct seep_mapping_key *key,
					  __u64 trusted_ns)
{
	slot->mapping.seen_ns = slot->now_ns - MAPPING_FRESH_NS + trusted_ns;
	slot->mapping.generation = slot->generation;
	slot->mapping.sum = mapping_sum(&slot->mapping, slot->process);
	mapping_store(slot, key);
}

#endif
