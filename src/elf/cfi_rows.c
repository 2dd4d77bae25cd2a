// SPDX-License-Identifier: GPL-2.0-only
/*
 * FDEs mostly come by address, but a linker may put them as it likes and a crafted file overlaps
 * them. So rows are gathered in blocks, one for each FDE; finish sorts the blocks if they need it,
 * and goes over them once: what overlaps is cut, and what lies between becomes a gap or a padding.
 * Equal neighbours become one row, in a block and across blocks.
 *
 * An FDE that turns out to be broken takes its rows back (abort). Bounded by SEEP_CFI_MAX_ROWS.
 */
#include "elf/cfi_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* Functions are aligned to 16 bytes, so up to 15 bytes between two are padding. */
#define GAP_MIN_BYTES 16

/* A call and a return. */
#define FUNCTION_MIN_BYTES 6

static const struct seep_rule gap_rule = {.kind = SEEP_RULE_GAP};

/* Makes room for one more in an array. 0 or -ENOMEM. */
static int grow(void *array, size_t count, size_t *max, size_t size)
{
	size_t new_max = *max ? *max * 2 : 1024;
	void *grown;

	if (count < *max)
		return 0;
	grown = reallocarray(*(void **)array, new_max, size);
	if (!grown)
		return -ENOMEM;
	*(void **)array = grown;
	*max = new_max;
	return 0;
}

static bool same_rule(const struct seep_rule *a, const struct seep_rule *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

int seep_cfi_rows_begin(struct seep_cfi_rows *rows, uint64_t start, uint64_t end)
{
	int error = grow(&rows->blocks, rows->num_blocks, &rows->max_blocks, sizeof(*rows->blocks));

	if (error)
		return error;
	/* Counted only by commit, so abort has to take back the rows alone. */
	rows->blocks[rows->num_blocks] = (struct seep_cfi_block){
		.start = start,
		.end = end,
		.first = (uint32_t)rows->num_rows,
	};
	return 0;
}

int seep_cfi_rows_add(struct seep_cfi_rows *rows, uint64_t offset, const struct seep_rule *rule)
{
	struct seep_cfi_block *block = &rows->blocks[rows->num_blocks];
	int error;

	/* Many instructions of an FDE are about registers that rules do not follow. */
	if (block->count && same_rule(&rows->rows[rows->num_rows - 1].rule, rule))
		return 0;
	if (rows->num_rows == SEEP_CFI_MAX_ROWS)
		return -E2BIG;
	error = grow(&rows->rows, rows->num_rows, &rows->max_rows, sizeof(*rows->rows));
	if (error)
		return error;
	rows->rows[rows->num_rows++] = (struct seep_cfi_row){offset, *rule};
	block->count++;
	return 0;
}

void seep_cfi_rows_commit(struct seep_cfi_rows *rows)
{
	const struct seep_cfi_block *block = &rows->blocks[rows->num_blocks];

	if (!block->count)
		return;
	/* Blocks that overlap need sorting too. */
	if (rows->num_blocks && block->start < block[-1].end)
		rows->unsorted = true;
	rows->num_blocks++;
}

void seep_cfi_rows_abort(struct seep_cfi_rows *rows)
{
	rows->num_rows = rows->blocks[rows->num_blocks].first;
}

void seep_cfi_rows_done(struct seep_cfi_rows *rows)
{
	free(rows->rows);
	free(rows->blocks);
	*rows = (struct seep_cfi_rows){0};
}

/* By start; of blocks with the same start the one that was read first comes first. */
static int compare_blocks(const void *left, const void *right)
{
	const struct seep_cfi_block *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* The next row of the result, unless it says what the one before says. */
static void put(struct seep_cfi *cfi, uint64_t offset, const struct seep_rule *rule)
{
	if (cfi->num_rows && same_rule(&cfi->rows[cfi->num_rows - 1].rule, rule))
		return;
	cfi->rows[cfi->num_rows++] = (struct seep_cfi_row){offset, *rule};
	cfi->num_bad += rule->kind == SEEP_RULE_BAD;
}

/* What of the block lies behind @covered. */
static void put_block(struct seep_cfi *cfi, const struct seep_cfi_block *block,
		      const struct seep_cfi_row *rows, uint64_t covered)
{
	for (uint32_t i = 0; i < block->count; i++) {
		uint64_t next = i + 1 < block->count ? rows[i + 1].offset : block->end;

		if (next > covered)
			put(cfi, rows[i].offset > covered ? rows[i].offset : covered,
			    &rows[i].rule);
	}
}

/* What lies between two blocks. 0 or -ENOMEM. */
static int put_gap(struct seep_cfi *cfi, uint64_t start, uint64_t end, size_t *max_paddings)
{
	int error;

	/* Long enough to be code that no FDE describes. */
	if (end - start >= GAP_MIN_BYTES) {
		put(cfi, start, &gap_rule);
		return 0;
	}
	/* Padding for certain, over which the rule before it just goes on. */
	if (end - start < FUNCTION_MIN_BYTES)
		return 0;
	error = grow(&cfi->paddings, cfi->num_paddings, max_paddings, sizeof(*cfi->paddings));
	if (!error)
		cfi->paddings[cfi->num_paddings++] = (struct seep_range){start, end};
	return error;
}

int seep_cfi_rows_finish(struct seep_cfi_rows *rows, struct seep_cfi *cfi)
{
	size_t max_paddings = 0;
	uint64_t covered = 0; /* the end of what has been put */

	/* One more for the gap behind each block. */
	cfi->rows = reallocarray(NULL, rows->num_rows + rows->num_blocks, sizeof(*cfi->rows));
	if (!cfi->rows)
		return -ENOMEM;
	if (rows->unsorted)
		qsort(rows->blocks, rows->num_blocks, sizeof(*rows->blocks), compare_blocks);
	for (size_t i = 0; i < rows->num_blocks; i++) {
		const struct seep_cfi_block *block = &rows->blocks[i];

		/* All of it belongs to blocks that began before. */
		if (block->end <= covered)
			continue;
		/* Before the first block there is no rule that would have to end. */
		if (covered && block->start > covered &&
		    put_gap(cfi, covered, block->start, &max_paddings))
			return -ENOMEM;
		put_block(cfi, block, rows->rows + block->first, covered);
		covered = block->end;
	}
	/* Nothing is known of what lies behind the last FDE. */
	put(cfi, covered, &gap_rule);
	return 0;
}
