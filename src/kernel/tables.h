/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Unwind tables as BPF reads them, see seep/unwind.h: rules by number, tables by file id, and the
 * chunks that hold the rows. A table is set after its rules and chunks are there.
 */
#ifndef SEEP_KERNEL_TABLES_H
#define SEEP_KERNEL_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "seep/unwind.h"

/* 0 or -errno. */
int seep_kernel_set_rule(struct seep_kernel *kernel, uint32_t number, const struct seep_rule *rule);
int seep_kernel_set_table(struct seep_kernel *kernel, uint32_t file,
			  const struct seep_unwind_file *table);
int seep_kernel_get_table(const struct seep_kernel *kernel, uint32_t file,
			  struct seep_unwind_file *ret_table);

/*
 * A new chunk, a map of its own: its descriptor, owned by the caller, or -errno. Programs see it
 * once it is in the table of chunks.
 */
int seep_kernel_new_chunk(const seep_row words[SEEP_CHUNK_WORDS]);
/* Replaces the words of a chunk that no table names yet; programs see them at once. 0 or -errno. */
int seep_kernel_fill_chunk(int chunk, const seep_row words[SEEP_CHUNK_WORDS]);

/*
 * Puts chunks into the table of chunks at @numbers, or removes them. Waits for all running programs
 * (some 10 ms), however many chunks there are. 0 or -errno.
 */
int seep_kernel_put_chunks(struct seep_kernel *kernel, const uint32_t *numbers, const int *chunks,
			   size_t count);
int seep_kernel_remove_chunks(struct seep_kernel *kernel, const uint32_t *numbers, size_t count);

#endif
