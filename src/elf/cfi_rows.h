/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows of a file while they are gathered, a block for each FDE, and how they become those of
 * struct seep_cfi. Offsets are of the file.
 */
#ifndef SEEP_ELF_CFI_ROWS_H
#define SEEP_ELF_CFI_ROWS_H

#include "elf/cfi_private.h"

/* The rows while they are gathered: one block for each FDE. */
struct seep_cfi_block {
	uint64_t start; /* file offsets */
	uint64_t end;
	uint32_t first; /* row */
	uint32_t count;
};

struct seep_cfi_rows {
	struct seep_cfi_row *rows;
	size_t num_rows;
	size_t max_rows; /* allocated */
	struct seep_cfi_block *blocks;
	size_t num_blocks;
	size_t max_blocks;
	bool unsorted;
};

/*
 * A block from file offset @start up to @end, then its rows in ascending order, then either commit
 * or abort. begin and add return 0, -E2BIG or -ENOMEM.
 */
int seep_cfi_rows_begin(struct seep_cfi_rows *rows, uint64_t start, uint64_t end);
int seep_cfi_rows_add(struct seep_cfi_rows *rows, uint64_t offset, const struct seep_rule *rule);
void seep_cfi_rows_commit(struct seep_cfi_rows *rows);
void seep_cfi_rows_abort(struct seep_cfi_rows *rows);
void seep_cfi_rows_done(struct seep_cfi_rows *rows);

/*
 * Orders the blocks and sets rows and num_rows of @cfi. Where blocks overlap, the one that begins
 * first has the code. 0, -E2BIG or -ENOMEM.
 */
int seep_cfi_rows_finish(struct seep_cfi_rows *rows, struct seep_cfi *cfi);

#endif
