/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a user address to (file, offset in the file), through the kernel's own VMAs. A walk calls
 * mapping_locate for each frame that is not in the mapping of the frame before. It asks the cache
 * (mapping_recall), then the VMA (mapping_find); anonymous code may be text that the program has
 * moved (mapping_of_moved_text), which takes up to NEIGHBOURS_MAX VMAs on each side.
 *
 * bpf_find_vma (5.17) is the truth, but it only tries for the lock of the address space. Without
 * the lock the last known mapping is used for MAPPING_RETRY_NS, counted as a loss, or the stack
 * ends as "busy".
 */
#ifndef SEEP_BPF_VMAS_H
#define SEEP_BPF_VMAS_H

#include "mapping_cache.bpf.h"

#define MAPPING_RETRY_NS (5 * 1000 * 1000)
#define EBUSY_ERRNO	 16
#define NEIGHBOURS_MAX	 4 /* that moved text may have been cut into */

/* Results of mapping_recall and mapping_find. */
#define MAPPING_OLD	 1
#define MAPPING_UNKNOWN	 2
#define MAPPING_NAMELESS 3 /* anonymous code, perhaps moved text */

/*
 * If the mapping, taken for moved text of the file, lies inside the load segment, it becomes a
 * mapping of the file.
 */
static __always_inline bool mapping_name(struct slot *slot, const struct seep_unwind_file *table,
					 __s64 ahead_pages)
{
	struct seep_mapping_value *mapping = &slot->mapping;
	__u64 delta = slot->neighbour.delta;
	__u64 first, count;

	if (!slot->neighbour.executable)
		delta += ahead_pages * (1 << PAGE_SHIFT_X86);
	first = (mapping->start - delta) >> PAGE_SHIFT_X86;
	count = (mapping->end - mapping->start) >> PAGE_SHIFT_X86;
	if (mapping->start < delta || first < table->code_first || count > table->code_count ||
	    first - table->code_first > table->code_count - count)
		return false;
	mapping->delta = delta;
	mapping->file = slot->neighbour.file;
	return true;
}

/*
 * Programs move their code to anonymous memory, for huge pages, and mremap it to where it was.
 * Anonymous code in slot->mapping becomes code of a file again if it lies where the load segment of
 * its neighbour has its code. 0, or -EBUSY. A global function, as mapping_find.
 */
__weak long mapping_of_moved_text(__u32 index, __u32 behind)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_unwind_file *table;
	__u64 address;
	__u32 file = 0;
	long error = 0;

	if (!slot)
		return 0;
	if (slot->mapping.file)
		return 0;
	slot->anonymous = slot->mapping;
	slot->neighbour = slot->mapping;
	for (int i = 0; i < NEIGHBOURS_MAX && !file && !error; i++) {
		address = behind ? slot->neighbour.end : slot->neighbour.start - 1;
		slot->mapping.start = slot->mapping.end = 0;
		error = bpf_find_vma(bpf_get_current_task_btf(), address, mapping_from_vma, &index,
				     0);
		slot->neighbour = slot->mapping;
		file = error ? 0 : slot->neighbour.file;
	}
	slot->mapping = slot->anonymous;
	table = file > SEEP_FILE_VDSO ? bpf_map_lookup_elem(&tables, &file) : NULL;
	/*
	 * The file was never mapped as code, so user space has not been asked for its table: try
	 * again soon.
	 */
	if (table && table->state == SEEP_UNWIND_UNKNOWN && !table->code_count)
		error = -EBUSY_ERRNO;
	else if (table && table->code_count)
		mapping_name(slot, table, behind ? table->ahead_of_behind : table->ahead_of_before);
	slot->mapping.sum = mapping_sum(&slot->mapping, slot->process);
	return error == -EBUSY_ERRNO ? error : 0;
}

/* Puts slot->mapping, which covers @code, into the cache. 0. */
__weak long mapping_keep(__u32 index, __u64 code)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_mapping_key key;

	if (!slot)
		return 0;
	key = mapping_key(slot->process, code);
	mapping_store(slot, &key);
	return 0;
}

static __always_inline bool mapping_is_fresh(const struct slot *slot,
					     const struct seep_mapping_value *mapping)
{
	return mapping->generation == slot->generation &&
	       slot->now_ns - mapping->seen_ns < MAPPING_FRESH_NS;
}

/*
 * Fills slot->mapping from what this slot remembers: an entry is as good as when it was read, and
 * nobody else writes it, so it needs no lookup and no checksum.
 */
static __always_inline bool mapping_recent(struct slot *slot, __u64 address)
{
	if (slot->recent_process != slot->process)
		return false;
	for (int i = 0; i < RECENT_MAPPINGS; i++) {
		const struct seep_mapping_value *recent = &slot->recent[i];

		if (mapping_covers(recent, address) && mapping_is_fresh(slot, recent)) {
			slot->mapping = *recent;
			return true;
		}
	}
	return false;
}

/* slot->mapping was found in the cache, and is fresh. */
static __always_inline void mapping_remember(struct slot *slot)
{
	if (slot->recent_process != slot->process) {
		__builtin_memset(slot->recent, 0, sizeof(slot->recent));
		slot->recent_process = slot->process;
	}
	slot->recent[slot->recent_next++ & (RECENT_MAPPINGS - 1)] = slot->mapping;
}

/*
 * Fills slot->mapping for the user address @address from the cache. 0; MAPPING_OLD if it may have
 * changed; MAPPING_UNKNOWN. A global function, as the next one.
 */
__weak long mapping_recall(__u32 index, __u64 address)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	struct seep_mapping_key key;
	__u64 before;

	if (!slot)
		return MAPPING_UNKNOWN;
	key = mapping_key(slot->process, address);
	/* Read before the VMA: a change in between makes the entry an old one. */
	slot->generation = mapping_generation(mm, slot->process);
	if (mapping_recent(slot, address))
		return 0;
	if (mapping_cached(slot, &key, address))
		return MAPPING_UNKNOWN;
	before = slot->mapping.generation;
	if (mapping_is_fresh(slot, &slot->mapping)) {
		mapping_remember(slot);
		return 0;
	}
	if (mapping_stands(slot, mm)) {
		mapping_renew(slot, &key, MAPPING_FRESH_NS);
		return 0;
	}
	/* Not even as a last resort: another library may be there. */
	return library_changed(before, slot->generation) ? MAPPING_UNKNOWN : MAPPING_OLD;
}

/*
 * Fills slot->mapping from the kernel's VMAs; it holds what mapping_recall has left there, and
 * @recalled is its result. 0; MAPPING_NAMELESS; -EBUSY while another thread changes the address
 * space and nothing is known from before; else another -errno: no mapping covers it. A global
 * function: the rare path, verified once, with a stack frame of its own.
 */
__weak long mapping_find(__u32 index, __u64 address, __u32 recalled)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_mapping_key key;
	long error;

	if (!slot)
		return -EBUSY_ERRNO;
	key = mapping_key(slot->process, address);
	/* Only tries for the lock; the callback overwrites slot->mapping. */
	error = bpf_find_vma(bpf_get_current_task_btf(), address, mapping_from_vma, &index, 0);
	if (error == -EBUSY_ERRNO && recalled == MAPPING_OLD) {
		/* The last known mapping is better than none, and not every frame has to try. */
		count_loss(SEEP_LOSS_VMA_BUSY, 1);
		mapping_renew(slot, &key, MAPPING_RETRY_NS);
		return 0;
	}
	if (!error && slot->mapping.executable && !slot->mapping.file)
		return MAPPING_NAMELESS;
	if (!error)
		mapping_store(slot, &key);
	return error;
}

/*
 * Fills slot->mapping for @address, with moved text taken for that of its file. 0 or -errno. All
 * steps are called from here, side by side: the stack frames of all functions in a chain of calls
 * share 512 bytes.
 */
static __always_inline long mapping_locate(__u32 index, __u64 address)
{
	long error = mapping_recall(index, address);

	if (error)
		error = mapping_find(index, address, error);
	if (error != MAPPING_NAMELESS)
		return error;
	error = mapping_of_moved_text(index, 0);
	if (!error)
		error = mapping_of_moved_text(index, 1);
	return error ? error : mapping_keep(index, address);
}

#endif
