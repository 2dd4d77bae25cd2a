// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of processes is mapped memory that BPF programs write at the same time: exec changes
 * the id, a hazard clears "active". So single words of it are written, atomically, and never a
 * whole entry.
 */
#include <errno.h>

#include "kernel/kernel_private.h"
#include "kernel/processes.h"

uint32_t seep_kernel_process_id(const struct seep_kernel *kernel, uint32_t slot)
{
	return __atomic_load_n(&kernel->processes[slot].id, __ATOMIC_RELAXED);
}

uint32_t seep_kernel_library_changes(const struct seep_kernel *kernel, uint32_t slot)
{
	return __atomic_load_n(&kernel->processes[slot].library_changes, __ATOMIC_ACQUIRE);
}

void seep_kernel_set_process(struct seep_kernel *kernel, uint32_t slot, uint32_t process)
{
	seep_kernel_set_active(kernel, slot, false);
	__atomic_store_n(&kernel->processes[slot].id, process, __ATOMIC_RELEASE);
}

void seep_kernel_set_active(struct seep_kernel *kernel, uint32_t slot, bool active)
{
	/* Only this word: exec writes the other one at any time. */
	__atomic_store_n(&kernel->processes[slot].active, active, __ATOMIC_RELEASE);
}

void seep_kernel_set_thread(struct seep_kernel *kernel, uint32_t slot, pid_t thread)
{
	__atomic_store_n(&kernel->processes[slot].thread, (uint32_t)thread, __ATOMIC_RELEASE);
}

int seep_kernel_set_jit(struct seep_kernel *kernel, uint32_t slot, uint32_t process,
			enum seep_jit_kind jit)
{
	struct seep_jit_value value = {.process = process, .jit = jit};

	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.jits), &slot, &value,
				   BPF_ANY);
}

int seep_kernel_take_slot(struct seep_kernel *kernel, uint32_t *ret_slot)
{
	int error = bpf_map_lookup_and_delete_elem(bpf_map__fd(kernel->skeleton->maps.free_slots),
						   NULL, ret_slot);

	/* Numbers of free slots come out of a map without keys: when it is empty, all are taken. */
	return error == -ENOENT ? -ENOSPC : error;
}

void seep_kernel_give_slot(struct seep_kernel *kernel, uint32_t slot)
{
	/* There is room for every slot. */
	bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.free_slots), NULL, &slot, BPF_ANY);
}

int seep_kernel_watch(struct seep_kernel *kernel, pid_t pid, uint32_t slot)
{
	__u32 key = (__u32)pid;

	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.targets), &key, &slot,
				   BPF_NOEXIST);
}

int seep_kernel_unwatch(struct seep_kernel *kernel, pid_t pid)
{
	__u32 key = (__u32)pid;

	return bpf_map_delete_elem(bpf_map__fd(kernel->skeleton->maps.targets), &key);
}

bool seep_kernel_is_watched(const struct seep_kernel *kernel, pid_t pid, uint32_t slot)
{
	__u32 key = (__u32)pid, found;

	return bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.targets), &key, &found) ==
		       0 &&
	       found == slot;
}

int seep_kernel_read_unmatched(const struct seep_kernel *kernel, uint32_t process,
			       struct seep_unmatched *ret_unmatched)
{
	struct seep_process_key key = {.process = process};
	int error;

	/* An unknown block may be one that was too small or too large to be tracked. */
	if (!(kernel->skeleton->rodata->cfg_kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY)) ||
	    kernel->skeleton->rodata->cfg_min_bytes ||
	    kernel->skeleton->rodata->cfg_max_bytes != UINT64_MAX)
		return -ENODATA;
	error = bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.unmatched), &key,
				    ret_unmatched);
	if (error != -ENOENT)
		return error;
	*ret_unmatched = (struct seep_unmatched){0};
	return 0;
}

int seep_kernel_find_hazards(struct seep_kernel *kernel, pid_t pid, uint32_t *ret_hazards)
{
	int error;

	/* The iterator adds what it finds at each thread. */
	kernel->skeleton->bss->hazards_found = 0;
	error = seep_kernel_iterate(kernel->skeleton->progs.hazards_find, pid, NULL, NULL);
	if (!error)
		*ret_hazards = kernel->skeleton->bss->hazards_found;
	return error;
}

int seep_kernel_map_count(struct seep_kernel *kernel, pid_t pid, uint64_t *ret_mappings)
{
	int error;

	/* The iterator writes it at each thread. */
	kernel->skeleton->bss->mappings_counted = 0;
	error = seep_kernel_iterate(kernel->skeleton->progs.map_count_read, pid, NULL, NULL);
	if (error)
		return error;
	if (!kernel->skeleton->bss->mappings_counted)
		return -ESRCH;
	*ret_mappings = kernel->skeleton->bss->mappings_counted;
	return 0;
}

int seep_kernel_user_time(struct seep_kernel *kernel, pid_t pid, uint64_t *ret_ns)
{
	int error;

	/* The iterator adds that of each thread. */
	kernel->skeleton->bss->user_time_read = 0;
	error = seep_kernel_iterate(kernel->skeleton->progs.user_time_sum, pid, NULL, NULL);
	if (!error)
		*ret_ns = kernel->skeleton->bss->user_time_read;
	return error;
}
