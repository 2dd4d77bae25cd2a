/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pieces of a file's code that its CFI does not cover, each with the rows that are found for
 * it, and how these rows join those of the CFI. All offsets are of the file.
 */
#ifndef SEEP_UNWIND_UNCOVERED_PIECES_H
#define SEEP_UNWIND_UNCOVERED_PIECES_H

#include <stdbool.h>

#include "unwind/uncovered_symbols.h"

/* Rows in ascending order, no two alike in a row. */
struct seep_uncovered_rows {
	struct seep_cfi_row *items;
	size_t count, max;
};

/* One piece, SEEP_PROLOGUE_MAX_BYTES at most. If it has rows, they replace what was there. */
struct seep_uncovered_piece {
	uint64_t start;
	uint64_t end;
	bool due;  /* it has functions that were not looked at */
	bool next; /* likewise, but to be looked at in the next round */
	struct seep_uncovered_rows rows;
	struct seep_prologue_counts counts;
};

struct seep_uncovered_pieces {
	struct seep_uncovered_piece *items; /* ascending */
	size_t count, max;
	size_t capped; /* gaps that were not divided to their end because there are too many */
};

/*
 * The gaps of the CFI that @symbols is of, and paddings with a symbol. 0 or -ENOMEM; done in any
 * case.
 */
int seep_uncovered_pieces_find(const struct seep_uncovered_symbols *symbols,
			       struct seep_uncovered_pieces *ret_pieces);
void seep_uncovered_pieces_done(struct seep_uncovered_pieces *pieces);

/* The piece that has @offset, NULL if none has. */
struct seep_uncovered_piece *seep_uncovered_pieces_at(const struct seep_uncovered_pieces *pieces,
						      uint64_t offset);

/* One more row at the end, unless it says nothing new. 0 or -ENOMEM. */
int seep_uncovered_rows_add(struct seep_uncovered_rows *rows, uint64_t offset,
			    const struct seep_rule *rule);

/* Puts the rows of all pieces into @cfi. 0 or -ENOMEM; on failure @cfi stays as it was. */
int seep_uncovered_pieces_merge(const struct seep_uncovered_pieces *pieces, struct seep_cfi *cfi);

#endif
