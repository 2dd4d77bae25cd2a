/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the CFI of a file to chunks as BPF reads them (seep/unwind.h). Pure: bytes in, chunks out.
 */
#ifndef SEEP_UNWIND_TABLE_H
#define SEEP_UNWIND_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "elf/cfi.h"
#include "seep/unwind.h"
#include "unwind/rules.h"

union seep_chunk {
	seep_row words[SEEP_CHUNK_WORDS];
	struct seep_unwind_page pages[SEEP_CHUNK_WORDS / 2];
};

/*
 * Chunk numbers in the page index count from 0 here; who publishes the table adds the number of its
 * first chunk or maps them (seep_unwind_table_relocate).
 */
struct seep_unwind_table {
	size_t num_chunks;
	union seep_chunk *chunks; /* the index is at the beginning, in the first ones */
	uint32_t first_page;
	uint32_t num_pages;
	size_t num_rows;
	size_t short_rows;   /* of one byte, left to the rule before them in a page that is full */
	size_t dropped_rows; /* did not fit all the same: their code has SEEP_RULE_BAD */
};

/*
 * Builds the table of one file. Equal neighbours are merged, rows split by page of 64 KiB of file
 * offset, the rule in force repeated at the start of each page. 0; -ENOENT if @cfi has no rows;
 * -E2BIG (more code than the index holds); -ENOMEM.
 */
int seep_unwind_table_build(const struct seep_cfi *cfi, struct seep_rules *rules,
			    struct seep_unwind_table *ret_table);
void seep_unwind_table_done(struct seep_unwind_table *table);

/* Replaces chunk number n by @numbers[n] in the page index, before the table is published. */
void seep_unwind_table_relocate(struct seep_unwind_table *table, const uint32_t *numbers);

/* The rule number at a file offset, found the way BPF does; -ENOENT outside of the table. */
int seep_unwind_table_find(const struct seep_unwind_table *table, uint64_t offset,
			   uint32_t *ret_rule);

#endif
