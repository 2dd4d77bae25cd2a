// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before the code is followed, uncovered.c has the gaps divided into pieces; afterwards, the rows
 * of all pieces are merged with those of the CFI in one pass over both. A gap is code only where a
 * section or segment says so (RANGES_MAX of them). PIECES_MAX bounds what a crafted file can ask
 * for.
 */
#include "unwind/uncovered_pieces.h"

#include <stdlib.h>
#include <string.h>

#include "base/vector.h"

/* A piece takes 72 bytes, and its symbols are looked up in each round that it is due. */
#define PIECES_MAX 65536
#define RANGES_MAX 64 /* sections of code; a linker makes about five */

static const struct seep_rule gap_rule = {.kind = SEEP_RULE_GAP};

/* What the pieces are cut from. */
struct finder {
	const struct seep_uncovered_symbols *symbols;
	struct seep_range ranges[RANGES_MAX];
	size_t num_ranges;
	struct seep_uncovered_pieces *pieces;
};

static int compare_ranges(const void *left, const void *right)
{
	const struct seep_range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static int compare_pieces(const void *left, const void *right)
{
	const struct seep_uncovered_piece *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

/* A piece without a function stays a gap, but is kept: other pieces may call into it. */
static int add_piece(struct finder *finder, uint64_t start, uint64_t end)
{
	struct seep_uncovered_piece piece = {
		.start = start,
		.end = end,
		.due = seep_uncovered_symbols_has(finder->symbols, start, end),
	};

	return SEEP_APPEND(finder->pieces, piece);
}

/* From @start up to @end there is no CFI; what of it is code is in the ranges. 0 or -ENOMEM. */
static int find_in_gap(struct finder *finder, uint64_t start, uint64_t end)
{
	int error = 0;

	for (size_t i = 0; i < finder->num_ranges && !error; i++) {
		const struct seep_range *range = &finder->ranges[i];
		/* The part of the gap that this range has. */
		uint64_t from = start > range->start ? start : range->start;
		uint64_t to = end < range->end ? end : range->end;

		while (from < to && !error) {
			uint64_t piece_end = to - from > SEEP_PROLOGUE_MAX_BYTES ?
						     from + SEEP_PROLOGUE_MAX_BYTES :
						     to;

			/* A crafted file may have ranges that all its pieces never get through. */
			if (finder->pieces->count == PIECES_MAX) {
				finder->pieces->capped++;
				return 0;
			}
			error = add_piece(finder, from, piece_end);
			from = piece_end;
			start = from; /* ranges may overlap */
		}
	}
	return error;
}

/* The gaps of the CFI, neighbouring ones as one, and what lies before its first row. */
static int find_in_gaps(struct finder *finder)
{
	const struct seep_cfi *cfi = finder->symbols->cfi;
	int error = cfi->num_rows ? find_in_gap(finder, 0, cfi->rows[0].offset) : 0;
	size_t next;

	for (size_t i = 0; i < cfi->num_rows && !error; i = next) {
		next = i + 1;
		if (!seep_uncovered_is_gap(finder->symbols, &cfi->rows[i]))
			continue;
		while (next < cfi->num_rows &&
		       seep_uncovered_is_gap(finder->symbols, &cfi->rows[next]))
			next++;
		error = find_in_gap(finder, cfi->rows[i].offset,
				    next < cfi->num_rows ? cfi->rows[next].offset : UINT64_MAX);
	}
	return error;
}

/* Functions that are no longer than what is usually padding. */
static int find_in_paddings(struct finder *finder)
{
	const struct seep_cfi *cfi = finder->symbols->cfi;
	struct seep_uncovered_pieces *pieces = finder->pieces;
	size_t num_gaps = pieces->count;
	int error = 0;

	for (size_t i = 0; i < cfi->num_paddings && !error; i++) {
		const struct seep_range *padding = &cfi->paddings[i];

		if (seep_uncovered_symbols_has(finder->symbols, padding->start, padding->end))
			error = find_in_gap(finder, padding->start, padding->end);
	}
	if (pieces->count > num_gaps)
		qsort(pieces->items, pieces->count, sizeof(*pieces->items), compare_pieces);
	return error;
}

int seep_uncovered_pieces_find(const struct seep_uncovered_symbols *symbols,
			       struct seep_uncovered_pieces *ret_pieces)
{
	struct finder finder = {.symbols = symbols, .pieces = ret_pieces};
	int error;

	*ret_pieces = (struct seep_uncovered_pieces){0};
	finder.num_ranges = seep_image_code_ranges(symbols->image, finder.ranges, RANGES_MAX);
	qsort(finder.ranges, finder.num_ranges, sizeof(*finder.ranges), compare_ranges);
	error = find_in_gaps(&finder);
	return error ? error : find_in_paddings(&finder);
}

void seep_uncovered_pieces_done(struct seep_uncovered_pieces *pieces)
{
	for (size_t i = 0; i < pieces->count; i++)
		free(pieces->items[i].rows.items);
	free(pieces->items);
}

/* For bsearch: pieces do not overlap, so an offset is in one of them at most. */
static int compare_piece(const void *key, const void *element)
{
	const uint64_t *offset = key;
	const struct seep_uncovered_piece *piece = element;

	return *offset < piece->start ? -1 : *offset >= piece->end;
}

struct seep_uncovered_piece *seep_uncovered_pieces_at(const struct seep_uncovered_pieces *pieces,
						      uint64_t offset)
{
	if (!pieces->count)
		return NULL;
	return bsearch(&offset, pieces->items, pieces->count, sizeof(*pieces->items),
		       compare_piece);
}

int seep_uncovered_rows_add(struct seep_uncovered_rows *rows, uint64_t offset,
			    const struct seep_rule *rule)
{
	struct seep_cfi_row row = {offset, *rule};

	/* A later row at the same offset takes the place of the earlier one. */
	if (rows->count && rows->items[rows->count - 1].offset == offset)
		rows->count--;
	if (rows->count && memcmp(&rows->items[rows->count - 1].rule, rule, sizeof(*rule)) == 0)
		return 0;
	return SEEP_APPEND(rows, row);
}

/* Goes over the rows of the CFI and of the pieces side by side, both ascending. */
struct merger {
	const struct seep_cfi *cfi;
	size_t next;		     /* old row */
	const struct seep_rule *old; /* in force */
	struct seep_uncovered_rows merged;
};

/* Old rows up to @limit; with @skip they only take effect behind it. */
static int take_old(struct merger *merger, uint64_t limit, bool skip)
{
	int error = 0;

	for (; merger->next < merger->cfi->num_rows && !error; merger->next++) {
		const struct seep_cfi_row *row = &merger->cfi->rows[merger->next];

		if (row->offset >= limit)
			break;
		merger->old = &row->rule;
		if (!skip)
			error = seep_uncovered_rows_add(&merger->merged, row->offset, &row->rule);
	}
	return error;
}

static int take_piece(struct merger *merger, const struct seep_uncovered_piece *piece)
{
	int error = take_old(merger, piece->start, false);

	for (size_t i = 0; i < piece->rows.count && !error; i++)
		error = seep_uncovered_rows_add(&merger->merged, piece->rows.items[i].offset,
						&piece->rows.items[i].rule);
	/*
	 * What the CFI says within the piece is replaced, but its last rule holds again
	 * behind it.
	 */
	if (!error)
		error = take_old(merger, piece->end, true);
	if (!error)
		error = seep_uncovered_rows_add(&merger->merged, piece->end,
						merger->old ? merger->old : &gap_rule);
	return error;
}

int seep_uncovered_pieces_merge(const struct seep_uncovered_pieces *pieces, struct seep_cfi *cfi)
{
	struct merger merger = {.cfi = cfi};
	int error = 0;

	for (size_t i = 0; i < pieces->count && !error; i++)
		if (pieces->items[i].rows.count)
			error = take_piece(&merger, &pieces->items[i]);
	if (!error)
		error = take_old(&merger, UINT64_MAX, false);
	if (error) {
		free(merger.merged.items);
		return error;
	}
	free(cfi->rows);
	cfi->rows = merger.merged.items;
	cfi->num_rows = merger.merged.count;
	return 0;
}
