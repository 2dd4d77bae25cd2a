/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The unwind tables in the kernel: built from a file's CFI when the file is first met, published in
 * chunks, shared by all files with the same build ID, and given up again when they were not used
 * for longest and the memory cap is reached. One thread.
 */
#ifndef SEEP_STACK_TABLES_H
#define SEEP_STACK_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "seep/unwind.h"

struct seep_tables;

/*
 * @max_bytes caps the kernel memory of all tables. @kernel must outlive the tables. The vDSO's
 * table is made here. 0 or -errno.
 */
int seep_tables_new(struct seep_kernel *kernel, uint64_t max_bytes,
		    struct seep_tables **ret_tables);
void seep_tables_free(struct seep_tables *tables);

/*
 * Makes the table of the file that BPF knows as @file: from the descriptor @fd (-1: the file could
 * not be opened, stacks will end there), which must stay open; named @path. BPF sees it after the
 * next seep_tables_flush. 0; -ENOMEM; a file without (sound) CFI is no error.
 */
int seep_tables_add(struct seep_tables *tables, uint32_t file, const char *path, int fd);

/* BPF asks for the table of a file that was added: builds it again if it was given up. 0 or
 * -ENOMEM. */
int seep_tables_again(struct seep_tables *tables, uint32_t file);

/* Shows BPF all tables made since the last time. Waits some 10 ms if there are any. 0 or -errno. */
int seep_tables_flush(struct seep_tables *tables);

/*
 * Takes what the ring buffer holds (its receivers make tables of the files in it), and shows BPF
 * what came of it. A failure is said.
 */
void seep_tables_drain(struct seep_tables *tables);

/* What became of a file, for doctor and -v. */
struct seep_table_info {
	uint32_t file;
	const char *path;
	enum seep_unwind_state state;
	size_t num_rows;
	size_t num_bytes; /* in the kernel; 0 for the second file with a build ID */
	uint64_t build_ns;
};
/* Calls @fn for every file in the order in which they came, until it returns non-zero. */
int seep_tables_each(const struct seep_tables *tables,
		     int (*fn)(const struct seep_table_info *info, void *context), void *context);
#endif
