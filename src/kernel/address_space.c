// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two ways to ask the kernel for mappings, because uprobe programs can only try for the lock of an
 * address space: the iterator, which waits for the lock, fills the cache before it is needed, and
 * mapping_identify looks at a mapping of seep itself.
 */
#include "kernel/address_space.h"
#include "kernel/kernel_private.h"
#include "proc/process.h"

int seep_kernel_preload(struct seep_kernel *kernel, pid_t pid, uint32_t process)
{
	kernel->skeleton->bss->preload_pid = pid;
	/* All threads have the same mappings; the leader may have ended, and then has none. */
	kernel->skeleton->bss->preload_thread = seep_proc_living_thread(pid);
	kernel->skeleton->bss->preload_process = process;
	return seep_kernel_iterate(kernel->skeleton->progs.mappings_preload, pid, NULL, NULL);
}

int seep_kernel_get_mapping(const struct seep_kernel *kernel, uint32_t process, uint64_t address,
			    struct seep_mapping_value *ret_mapping)
{
	struct seep_mapping_key key = {
		.process = process,
		.page_low = (__u32)(address >> SEEP_MAPPING_PAGE_SHIFT),
		.page_high = (__u32)(address >> SEEP_MAPPING_PAGE_SHIFT >> 32),
	};

	return bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.mappings), &key, ret_mapping);
}

int seep_kernel_identify(struct seep_kernel *kernel, struct seep_identify_pass *pass)
{
	return seep_kernel_run_pass(kernel->skeleton->progs.mapping_identify, pass, sizeof(*pass));
}
