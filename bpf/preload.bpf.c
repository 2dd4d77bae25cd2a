// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks at all executable mappings of a process before its probes count. So user space knows their
 * files early, and the cache is warm when other threads hold the mmap lock: uprobe programs can
 * only try for it, the iterator may wait.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "vmas.bpf.h"

/* The process; user space sets these before it reads the iterator. */
pid_t preload_pid = 0;
pid_t preload_thread = 0; /* any living one: all have the same mappings */
__u32 preload_process = 0;

/* Cache entries per mapping: enough for the first 64 MiB of code; the verifier follows no more. */
#define MAX_PRELOAD_PAGES 1024

/*
 * Caches slot->mapping for the page of @address. A global function: verified once, not once per
 * page.
 */
__weak int mapping_preload(__u32 index, __u64 address)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &index);
	struct seep_mapping_key key;

	if (!slot)
		return -1;
	key = mapping_key(slot->process, address);
	mapping_store(slot, &key);
	return 0;
}

SEC("iter/task_vma")
int mappings_preload(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *task = ctx->task;
	struct vm_area_struct *vma = ctx->vma;
	struct slot *slot;
	__u64 address;
	__u32 index;
	int claimed;

	if (!task || !vma || task->tgid != preload_pid || task->pid != preload_thread ||
	    !(vma->vm_flags & VM_EXEC_FLAG))
		return 0;
	/* Anonymous code is named later, by its neighbours (mapping_of_moved_text). */
	if (!vma->vm_file && vma->vm_start != (__u64)vma->vm_mm->context.vdso)
		return 0;
	claimed = slot_claim();
	if (claimed < 0)
		return 0;
	index = claimed;
	slot = bpf_map_lookup_elem(&slots, &index);
	if (!slot)
		return 0;
	slot->process = preload_process;
	slot->now_ns = bpf_ktime_get_ns();
	slot->generation = mapping_generation(task->mm, preload_process);
	mapping_set(slot, vma);
	address = slot->mapping.start;
	for (int i = 0; i < MAX_PRELOAD_PAGES && address < slot->mapping.end; i++) {
		mapping_preload(index, address);
		address = ((address >> SEEP_MAPPING_PAGE_SHIFT) + 1) << SEEP_MAPPING_PAGE_SHIFT;
	}
	slot_release(slot);
	return 0;
}
