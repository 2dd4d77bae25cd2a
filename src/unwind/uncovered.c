// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called once for each file, after its CFI was read and before its table is built. First the
 * symbols of uncovered code (uncovered_symbols.c), then the pieces that it consists of
 * (uncovered_pieces.c). Each piece with functions is followed by an analysis of its own
 * (prologue.c). What it calls in another piece is a function there, so pieces are followed in
 * rounds until nothing new comes up, ROUNDS_MAX of them. In the end the rows of all pieces take the
 * place of the gaps.
 *
 * A piece's symbols are read again in each round, and so is its code. What bounds it all is
 * SEEP_PROLOGUE_BUDGET for the file, and ROWS_MAX for what comes out.
 */
#include "unwind/uncovered.h"

#include <errno.h>

#include "base/cleanup.h"
#include "unwind/prologue.h"
#include "unwind/uncovered_pieces.h"
#include "unwind/uncovered_symbols.h"

#define ROWS_MAX   (1u << 20)
#define ROUNDS_MAX 4 /* over pieces of code that call each other */

/* What is carried from piece to piece of one file. */
struct reader {
	const struct seep_image *image;
	struct seep_prologue_budget budget;
	struct seep_uncovered_symbols symbols;
	struct seep_uncovered_pieces pieces;
	size_t num_rows;
};

static void reader_done(struct reader *reader)
{
	seep_uncovered_pieces_done(&reader->pieces);
	seep_uncovered_symbols_done(&reader->symbols);
}

/*
 * Makes the rows of @piece from what was found, in place of those of an earlier round. 0 or
 * -ENOMEM.
 */
static int add_rows(struct reader *reader, const struct seep_prologues *prologues,
		    struct seep_uncovered_piece *piece)
{
	static const struct seep_rule gap_rule = {.kind = SEEP_RULE_GAP};
	size_t length = piece->end - piece->start, known_end = 0;
	int error = 0;

	/* ROWS_MAX is for the file, so what this piece had before no longer counts. */
	reader->num_rows -= piece->rows.count;
	piece->rows.count = 0;
	/* Byte by byte, because rules are only known where an instruction begins. */
	for (size_t at = 0; at < length && !error; at++) {
		const struct seep_rule *rule = NULL;
		size_t bytes;

		if (reader->num_rows + piece->rows.count < ROWS_MAX)
			rule = seep_prologues_at(prologues, at, &bytes);
		if (rule)
			known_end = at + bytes;
		/* Inside an instruction that has a rule. */
		else if (at < known_end)
			continue;
		/* Where the code does not say it, frame pointers may: V8's builtins keep them. */
		if (rule && rule->kind == SEEP_RULE_BAD)
			rule = &gap_rule;
		error = seep_uncovered_rows_add(&piece->rows, piece->start + at,
						rule ? rule : &gap_rule);
	}
	reader->num_rows += piece->rows.count;
	return error;
}

/* 0 or -ENOMEM; functions that a cap leaves out are counted in @prologues. */
static int add_functions(const struct seep_uncovered_symbols *symbols,
			 struct seep_prologues *prologues, const struct seep_uncovered_piece *piece)
{
	int error = 0;

	for (size_t i = seep_uncovered_symbols_from(symbols, piece->start);
	     i < symbols->num_sorted && !error; i++) {
		const struct seep_uncovered_symbol *symbol = &symbols->items[i];
		struct seep_function function = {.kind = symbol->kind};

		if (symbol->offset >= piece->end)
			break;
		function.start = (uint32_t)(symbol->offset - piece->start);
		/* A size that leads out of the piece is not used; 0 is an unknown one. */
		if (symbol->size <= piece->end - symbol->offset)
			function.size = (uint32_t)symbol->size;
		error = seep_prologues_add(prologues, &function);
	}
	return error == -E2BIG ? 0 : error;
}

/* What one piece calls in another one is a function there. */
static int add_called(struct reader *reader, const struct seep_prologues *prologues)
{
	struct seep_uncovered_symbols *symbols = &reader->symbols;
	size_t count;
	const uint64_t *targets = seep_prologues_outside(prologues, &count);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		struct seep_uncovered_symbol symbol = {0};
		struct seep_uncovered_piece *piece;

		if (seep_image_address_to_offset(reader->image, targets[i], &symbol.offset))
			continue;
		piece = seep_uncovered_pieces_at(&reader->pieces, symbol.offset);
		/* Code with CFI, or a function that is known already. */
		if (!piece || seep_uncovered_symbols_has(symbols, symbol.offset, symbol.offset + 1))
			continue;
		/* Not due: that would be looked at in this round, before the symbols are sorted. */
		piece->next = true;
		error = seep_uncovered_symbols_add(symbols, &symbol);
	}
	return error;
}

/* One piece of uncovered code with functions. */
static int read_piece(struct reader *reader, struct seep_uncovered_piece *piece)
{
	SEEP_CLEANUP(seep_prologues_cleanup) struct seep_prologues *prologues = NULL;
	const uint8_t *code;
	uint64_t address;
	size_t length = 0;
	int error;

	piece->due = false;
	if (!seep_image_offset_to_address(reader->image, piece->start, &address))
		length = seep_image_code(reader->image, address, piece->end - piece->start, &code);
	if (!length)
		return 0;
	/* The code ends where its segment does, whatever the section says. */
	piece->end = piece->start + length;
	error = seep_prologues_new(code, length, address, &reader->budget, &prologues);
	if (!error)
		error = add_functions(&reader->symbols, prologues, piece);
	if (!error)
		error = seep_prologues_run(prologues);
	if (!error)
		error = add_rows(reader, prologues, piece);
	if (!error)
		error = add_called(reader, prologues);
	if (!error)
		seep_prologues_count(prologues, &piece->counts);
	return error;
}

static int read_pieces(struct reader *reader)
{
	struct seep_uncovered_piece *pieces = reader->pieces.items;
	bool more = true;
	int error = 0;

	/*
	 * A round looks at the pieces that are due. What they call in other pieces, or in pieces
	 * that are done already, is due in the next one.
	 */
	for (unsigned int round = 0; round < ROUNDS_MAX && more && !error; round++) {
		more = false;
		seep_uncovered_symbols_sort(&reader->symbols);
		for (size_t i = 0; i < reader->pieces.count && !error; i++)
			if (pieces[i].due)
				error = read_piece(reader, &pieces[i]);
		for (size_t i = 0; i < reader->pieces.count; i++) {
			pieces[i].due = pieces[i].next;
			pieces[i].next = false;
			more |= pieces[i].due;
		}
	}
	return error;
}

static struct seep_uncovered sum_up(const struct reader *reader)
{
	struct seep_uncovered result = {
		.capped = reader->symbols.capped + reader->pieces.capped,
		.rows = reader->num_rows,
	};

	for (size_t i = 0; i < reader->pieces.count; i++) {
		const struct seep_prologue_counts *counts = &reader->pieces.items[i].counts;

		result.functions += counts->functions;
		result.refused += counts->refused;
		result.capped += counts->capped;
	}
	return result;
}

int seep_uncovered_add(const struct seep_image *image, struct seep_cfi *cfi,
		       struct seep_uncovered *ret_uncovered)
{
	SEEP_CLEANUP(reader_done)
	struct reader reader = {.image = image, .budget = SEEP_PROLOGUE_BUDGET};
	int error = seep_uncovered_symbols_read(image, cfi, &reader.symbols);

	if (!error && reader.symbols.count)
		error = seep_uncovered_pieces_find(&reader.symbols, &reader.pieces);
	if (!error)
		error = read_pieces(&reader);
	if (!error && reader.num_rows)
		error = seep_uncovered_pieces_merge(&reader.pieces, cfi);
	if (error)
		return error;
	*ret_uncovered = sum_up(&reader);
	return 0;
}
