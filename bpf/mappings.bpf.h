/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a user address to (file, offset in the file), through the kernel's own VMAs.
 *
 * bpf_find_vma (5.17) is the truth; in front of it stands a cache whose entries are trusted for a
 * short time only. So mmap, munmap, dlclose and dlopen need no bookkeeping, at the price that a
 * mapping which replaced another one may be named wrongly for that time.
 */
#ifndef SEEP_BPF_MAPPINGS_H
#define SEEP_BPF_MAPPINGS_H

#include "slots.bpf.h"

#define MAPPING_FRESH_NS   (50 * 1000 * 1000)
#define MAPPING_PAGE_SHIFT 16
#define VM_EXEC_FLAG	   0x4 /* include/linux/mm.h */
#define PAGE_SHIFT_X86	   12
#define EBUSY_ERRNO	   16

struct mapping_key {
	__u32 process; /* changes with exec, so that the old image's mappings are forgotten */
	__u32 page_low;
	__u32 page_high;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 32768);
	__type(key, struct mapping_key);
	__type(value, struct mapping);
} mappings SEC(".maps") __weak;

struct file_value {
	__u32 id;
	__u32 sent; /* user space was told */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SEEP_MAX_FILES);
	__type(key, struct seep_file_key);
	__type(value, struct file_value);
} files SEC(".maps") __weak;

__u32 last_file SEC(".bss") __weak;

static __always_inline void file_announce(struct slot *slot, const struct seep_file_key *key,
					  struct file_value *file)
{
	struct seep_file_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_loss(SEEP_LOSS_RING_FULL, 1);
		return;
	}
	event->type = SEEP_EVENT_FILE;
	event->file = file->id;
	event->process = slot->process;
	event->device = key->device;
	event->inode = key->inode;
	event->start = slot->mapping.start;
	event->end = slot->mapping.end;
	event->offset = slot->mapping.start - slot->mapping.delta;
	bpf_ringbuf_submit(event, 0);
	file->sent = 1;
}

/* The id of a file, 0 if there is no room for another one. Tells user space about new ones. */
static __always_inline __u32 file_id(struct slot *slot, const struct seep_file_key *key)
{
	struct file_value *file = bpf_map_lookup_elem(&files, key);

	if (!file) {
		struct file_value fresh = {.id = __sync_fetch_and_add(&last_file, 1) + 1};

		/* Whoever comes second uses the id of the first. */
		bpf_map_update_elem(&files, key, &fresh, BPF_NOEXIST);
		file = bpf_map_lookup_elem(&files, key);
		if (!file) {
			count_loss(SEEP_LOSS_FILES_FULL, 1);
			return 0;
		}
	}
	if (!file->sent)
		file_announce(slot, key, file);
	return file->id;
}

/* Runs under the mmap lock, in bpf_find_vma. */
static long mapping_from_vma(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	__u32 index = *(__u32 *)context;
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_file_key key = {};
	struct file *file;

	if (!slot)
		return 0;
	slot->mapping.start = vma->vm_start;
	slot->mapping.end = vma->vm_end;
	slot->mapping.delta = vma->vm_start - (vma->vm_pgoff << PAGE_SHIFT_X86);
	slot->mapping.seen_ns = slot->now_ns;
	slot->mapping.executable = !!(vma->vm_flags & VM_EXEC_FLAG);
	slot->mapping.file = 0;
	file = vma->vm_file;
	if (!file)
		return 0;
	key.inode = file->f_inode->i_ino;
	key.device = file->f_inode->i_sb->s_dev;
	key.generation = file->f_inode->i_generation;
	slot->mapping.file = file_id(slot, &key);
	return 0;
}

/*
 * Fills slot->mapping for the user address @address. 0, or -1 if no mapping covers it. Not inlined:
 * it is the rare path, and a subprogram has a stack frame of its own.
 */
static __noinline int mapping_find(__u32 index, __u64 address)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct mapping_key key = {};
	struct mapping *cached;
	long error;

	if (!slot)
		return -1;
	key.process = slot->process;
	key.page_low = address >> MAPPING_PAGE_SHIFT;
	key.page_high = address >> MAPPING_PAGE_SHIFT >> 32;
	cached = bpf_map_lookup_elem(&mappings, &key);
	if (cached && address - cached->start < cached->end - cached->start &&
	    slot->now_ns - cached->seen_ns < MAPPING_FRESH_NS) {
		slot->mapping = *cached;
		return 0;
	}
	error = bpf_find_vma(bpf_get_current_task_btf(), address, mapping_from_vma, &index, 0);
	if (error == -EBUSY_ERRNO && cached &&
	    address - cached->start < cached->end - cached->start) {
		/* Another thread is changing the address space: better the last known than none. */
		count_loss(SEEP_LOSS_VMA_BUSY, 1);
		slot->mapping = *cached;
		return 0;
	}
	if (error)
		return -1;
	bpf_map_update_elem(&mappings, &key, &slot->mapping, BPF_ANY);
	return 0;
}

#endif
