/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the unwind tables, for tables.c (files and their tables) and publish.c (room in the
 * kernel). */
#ifndef SEEP_STACK_TABLES_PRIVATE_H
#define SEEP_STACK_TABLES_PRIVATE_H

#include <uthash.h>

#include "elf/image.h"
#include "stack/chunks.h"
#include "stack/code_kind.h"
#include "stack/tables.h"
#include "unwind/rules.h"

/* Maps of chunks cost a little more than their bytes: struct bpf_array and a page of slack. */
#define CHUNK_BYTES (sizeof(union seep_chunk) + 4096)

/* The content of one file, by build ID: what several files may share. */
struct seep_content {
	size_t id_length;
	uint8_t id[SEEP_BUILD_ID_MAX];
	struct seep_unwind_file value; /* state UNKNOWN: given up */
	size_t num_chunks;
	uint32_t *chunks;
	size_t num_rows;
	uint64_t build_ns;
	UT_hash_handle hh;
};

struct seep_table_entry {
	struct seep_table_info info;
	int fd; /* the caller's, -1 if the file cannot be read */
	enum seep_jit_kind jit;
	bool frame_pointers; /* its code without CFI keeps them */
	struct seep_code_segment code;
	struct seep_content *content; /* NULL: no CFI, or not readable */
	bool dirty;		      /* BPF has not been shown its present state */
	struct seep_table_entry *next;
	UT_hash_handle hh;
};

struct seep_tables {
	struct seep_kernel *kernel;
	struct seep_rules *rules;
	int vdso_fd;
	size_t published_rules;
	uint64_t max_chunks;
	struct seep_chunks *chunks;
	struct seep_content *by_id;
	struct seep_table_entry *by_file;
	struct seep_table_entry *first;
	struct seep_table_entry **last;
};

/* What BPF is to know of the file now. */
struct seep_unwind_file seep_table_entry_value(const struct seep_table_entry *entry);

#endif
