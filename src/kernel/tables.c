// SPDX-License-Identifier: GPL-2.0-only
/*
 * Plain writes into the maps; what may be written when is decided by src/stack. A chunk is an array
 * map with a single value of 32 KiB, so it is freed when nobody names it any more.
 */
#include "kernel/tables.h"

#include "base/cleanup.h"
#include "kernel/kernel_private.h"

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
