// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/kernel_private.h"
#include "proc/process.h"

/* --- processes and probes ---------------------------------------------------------------------- */

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

int seep_kernel_iterate(const struct bpf_program *program, pid_t pid,
			int (*fn)(void *context, const void *data, size_t size), void *context)
{
	union bpf_iter_link_info info = {.task.pid = (__u32)pid};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info,
		    .link_info_len = sizeof(info));
	struct bpf_link *link;
	SEEP_AUTO_CLOSE int iterator = -1;
	ssize_t length;
	/* As much as the kernel gives at once; records are not cut by it (bpf_seq_read). */
	_Alignas(8) char data[4096];
	int stop = 0;

	link = bpf_program__attach_iter(program, &options);
	if (!link)
		return -errno;
	iterator = bpf_iter_create(bpf_link__fd(link));
	bpf_link__destroy(link);
	if (iterator < 0)
		return iterator;
	do { /* reading is what runs it */
		length = read(iterator, data, sizeof(data));
		if (length > 0 && fn)
			stop = fn(context, data, (size_t)length);
	} while (!stop && (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR))));
	return length < 0 ? -errno : stop;
}

int seep_kernel_preload(struct seep_kernel *kernel, pid_t pid, uint32_t process)
{
	kernel->skeleton->bss->preload_pid = pid;
	kernel->skeleton->bss->preload_thread = seep_proc_living_thread(pid);
	kernel->skeleton->bss->preload_process = process;
	return seep_kernel_iterate(kernel->skeleton->progs.mappings_preload, pid, NULL, NULL);
}

int seep_kernel_find_hazards(struct seep_kernel *kernel, pid_t pid, uint32_t *ret_hazards)
{
	int error;

	kernel->skeleton->bss->hazards_found = 0;
	error = seep_kernel_iterate(kernel->skeleton->progs.hazards_find, pid, NULL, NULL);
	if (!error)
		*ret_hazards = kernel->skeleton->bss->hazards_found;
	return error;
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

int seep_kernel_set_probe(struct seep_kernel *kernel, uint32_t index,
			  const struct seep_probe *probe)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.probes), &index, probe,
				   BPF_ANY);
}

/* --- unwind tables ----------------------------------------------------------------------------- */

int seep_kernel_set_rule(struct seep_kernel *kernel, uint32_t number, const struct seep_rule *rule)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.rules), &number, rule,
				   BPF_ANY);
}

int seep_kernel_new_chunk(const seep_row words[SEEP_CHUNK_WORDS])
{
	SEEP_AUTO_CLOSE int chunk = bpf_map_create(BPF_MAP_TYPE_ARRAY, "chunk", sizeof(__u32),
						   SEEP_CHUNK_WORDS * sizeof(seep_row), 1, NULL);
	int error;

	if (chunk < 0)
		return chunk;
	error = seep_kernel_fill_chunk(chunk, words);
	return error ? error : SEEP_TAKE_FD(chunk);
}

int seep_kernel_fill_chunk(int chunk, const seep_row words[SEEP_CHUNK_WORDS])
{
	__u32 zero = 0;

	return bpf_map_update_elem(chunk, &zero, words, BPF_ANY);
}

/*
 * In one batch: after each change of a map of maps the kernel waits for an RCU grace period
 * (maybe_wait_bpf_programs in kernel/bpf/syscall.c).
 */
int seep_kernel_put_chunks(struct seep_kernel *kernel, const uint32_t *numbers, const int *chunks,
			   size_t count)
{
	__u32 done = (__u32)count;

	return bpf_map_update_batch(bpf_map__fd(kernel->skeleton->maps.chunks), numbers, chunks,
				    &done, NULL);
}

int seep_kernel_remove_chunks(struct seep_kernel *kernel, const uint32_t *numbers, size_t count)
{
	__u32 done = (__u32)count;

	return bpf_map_delete_batch(bpf_map__fd(kernel->skeleton->maps.chunks), numbers, &done,
				    NULL);
}

int seep_kernel_set_table(struct seep_kernel *kernel, uint32_t file,
			  const struct seep_unwind_file *table)
{
	return bpf_map_update_elem(bpf_map__fd(kernel->skeleton->maps.tables), &file, table,
				   BPF_ANY);
}

int seep_kernel_get_table(const struct seep_kernel *kernel, uint32_t file,
			  struct seep_unwind_file *ret_table)
{
	return bpf_map_lookup_elem(bpf_map__fd(kernel->skeleton->maps.tables), &file, ret_table);
}
