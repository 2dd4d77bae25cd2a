// SPDX-License-Identifier: GPL-2.0-only
#include "unwind/uncovered.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/symbols.h"
#include "unwind/prologue.h"

/* Node has 11,000 in one piece of code. */
#define FUNCTIONS_MAX 65536
#define ROWS_MAX      (1u << 20)
#define PIECES_MAX    65536
#define ROUNDS_MAX    4	 /* over pieces of code that call each other */
#define RANGES_MAX    64 /* sections of code; a linker makes about five */

/* Its name is needed where what lies behind its call cannot be followed. */
static const char *const no_return[] = {
	"abort",	"exit",		  "_exit",
	"_Exit",	"longjmp",	  "siglongjmp",
	"_longjmp",	"__assert_fail",  "__stack_chk_fail",
	"pthread_exit", "_Unwind_Resume", "__cxa_throw",
};

struct symbol {
	uint64_t offset; /* in the file */
	uint64_t size;
	enum seep_function_kind kind;
};

struct rows {
	struct seep_cfi_row *items;
	size_t count;
	size_t max;
};

/* A range of code without CFI. If it has rows, they take the place of what was there. */
struct piece {
	uint64_t start; /* file offsets */
	uint64_t end;
	bool due;  /* it has functions that were not looked at */
	bool next; /* likewise, but to be looked at in the next round */
	struct rows rows;
	struct seep_prologue_counts counts;
};

struct reader {
	const struct seep_image *image;
	const struct seep_cfi *cfi;
	struct seep_prologue_budget budget;
	struct seep_uncovered result;
	struct symbol *symbols; /* of uncovered code, by offset */
	size_t num_symbols;
	size_t max_symbols;
	size_t num_sorted; /* of the symbols; those behind were found since */
	uint64_t entry; /* file offset of the program's first code; UINT64_MAX if there is none */
	struct seep_range ranges[RANGES_MAX];
	size_t num_ranges;
	struct piece *pieces;
	size_t num_pieces;
	size_t max_pieces;
	size_t num_rows;
};

static void reader_done(struct reader *reader)
{
	for (size_t i = 0; i < reader->num_pieces; i++)
		free(reader->pieces[i].rows.items);
	free(reader->pieces);
	free(reader->symbols);
}

/*
 * What is only known to be the program's first code (elf/cfi_stubs.c) is better known afterwards.
 */
static bool is_gap(const struct reader *reader, const struct seep_cfi_row *row)
{
	return row->rule.kind == SEEP_RULE_GAP ||
	       (row->rule.kind == SEEP_RULE_END && row->offset == reader->entry);
}

static int compare_range(const void *key, const void *element)
{
	const uint64_t *offset = key;
	const struct seep_range *range = element;

	return *offset < range->start ? -1 : *offset >= range->end;
}

static bool is_uncovered(const struct reader *reader, uint64_t offset)
{
	const struct seep_cfi *cfi = reader->cfi;
	size_t count = seep_cfi_rows_before(cfi, offset);

	return !count || is_gap(reader, &cfi->rows[count - 1]) ||
	       (cfi->num_paddings && bsearch(&offset, cfi->paddings, cfi->num_paddings,
					     sizeof(*cfi->paddings), compare_range));
}

static bool never_returns(const char *name)
{
	for (size_t i = 0; i < sizeof(no_return) / sizeof(*no_return); i++)
		if (strcmp(name, no_return[i]) == 0)
			return true;
	return false;
}

static int add_symbol(struct reader *reader, const struct symbol *symbol)
{
	if (reader->num_symbols == FUNCTIONS_MAX) {
		reader->result.capped++;
		return 0;
	}
	if (reader->num_symbols == reader->max_symbols) {
		size_t max = reader->max_symbols ? reader->max_symbols * 2 : 64;
		void *grown = reallocarray(reader->symbols, max, sizeof(*reader->symbols));

		if (!grown)
			return -ENOMEM;
		reader->symbols = grown;
		reader->max_symbols = max;
	}
	reader->symbols[reader->num_symbols++] = *symbol;
	return 0;
}

/*
 * Assemblers do not make every label a function: a global one without a type is taken for one, and
 * if it stands in the middle of a function, its returns do not fit. A compiler's name for the
 * rarely executed part of a function is none.
 */
static bool is_function(const Elf64_Sym *entry, const char *name)
{
	unsigned char type = ELF64_ST_TYPE(entry->st_info);

	if (entry->st_shndx == SHN_UNDEF || !entry->st_value || !name || strstr(name, ".cold"))
		return false;
	return type == STT_FUNC || type == STT_GNU_IFUNC ||
	       (type == STT_NOTYPE && ELF64_ST_BIND(entry->st_info) != STB_LOCAL &&
		entry->st_shndx < SHN_LORESERVE);
}

static int read_symbols(const struct seep_symbols *symbols, void *context)
{
	struct reader *reader = context;
	int error = 0;

	for (size_t i = 0; i < symbols->count && !error; i++) {
		const Elf64_Sym *entry = &symbols->entries[i];
		const char *name = seep_symbols_name(symbols, entry);
		struct symbol symbol = {.size = entry->st_size};

		if (!is_function(entry, name) ||
		    seep_image_address_to_offset(reader->image, entry->st_value, &symbol.offset) ||
		    !is_uncovered(reader, symbol.offset))
			continue;
		if (never_returns(name))
			symbol.kind = SEEP_FUNCTION_NO_RETURN;
		error = add_symbol(reader, &symbol);
	}
	return error;
}

static int compare_symbols(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind > b->kind ? -1 : 1;
	return a->size > b->size ? -1 : a->size < b->size;
}

static void sort_symbols(struct reader *reader)
{
	if (reader->num_symbols)
		qsort(reader->symbols, reader->num_symbols, sizeof(*reader->symbols),
		      compare_symbols);
	reader->num_sorted = reader->num_symbols;
}

static int find_entry(struct reader *reader)
{
	struct symbol entry = {.kind = SEEP_FUNCTION_ENTRY};
	GElf_Ehdr header;

	reader->entry = UINT64_MAX;
	if (!gelf_getehdr(seep_image_elf(reader->image), &header) || !header.e_entry ||
	    seep_image_address_to_offset(reader->image, header.e_entry, &entry.offset))
		return 0;
	reader->entry = entry.offset;
	return is_uncovered(reader, entry.offset) ? add_symbol(reader, &entry) : 0;
}

static int find_symbols(struct reader *reader)
{
	struct seep_symbols dynamic;
	int error = find_entry(reader);

	if (!error)
		error = seep_symbols_each_table(seep_image_elf(reader->image), read_symbols,
						reader);
	if (!error && !reader->num_symbols && !seep_symbols_of_dynamic(reader->image, &dynamic))
		error = read_symbols(&dynamic, reader);
	if (!error)
		sort_symbols(reader);
	return error;
}

/* The first symbol at or behind @offset. */
static size_t symbol_behind(const struct reader *reader, uint64_t offset)
{
	size_t low = 0, high = reader->num_sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (reader->symbols[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Makes room for one more in an array. 0 or -ENOMEM. */
static int grow(void **items, size_t count, size_t *max, size_t size)
{
	size_t new_max = *max ? *max * 2 : 64;
	void *grown;

	if (count < *max)
		return 0;
	grown = reallocarray(*items, new_max, size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*max = new_max;
	return 0;
}

/* One more row, unless it says nothing new. */
static int add_row(struct rows *rows, uint64_t offset, const struct seep_rule *rule)
{
	int error;

	if (rows->count && rows->items[rows->count - 1].offset == offset)
		rows->count--;
	if (rows->count && memcmp(&rows->items[rows->count - 1].rule, rule, sizeof(*rule)) == 0)
		return 0;
	error = grow((void **)&rows->items, rows->count, &rows->max, sizeof(*rows->items));
	if (!error)
		rows->items[rows->count++] = (struct seep_cfi_row){offset, *rule};
	return error;
}

static int add_rows(struct reader *reader, const struct seep_prologues *prologues,
		    struct piece *piece)
{
	static const struct seep_rule gap_rule = {.kind = SEEP_RULE_GAP};
	size_t length = piece->end - piece->start, known_end = 0;
	int error = 0;

	reader->num_rows -= piece->rows.count;
	piece->rows.count = 0;
	for (size_t at = 0; at < length && !error; at++) {
		const struct seep_rule *rule = NULL;
		size_t bytes;

		if (reader->num_rows + piece->rows.count < ROWS_MAX)
			rule = seep_prologues_at(prologues, at, &bytes);
		if (rule)
			known_end = at + bytes;
		else if (at < known_end)
			continue;
		/* Where the code does not say it, frame pointers may: V8's builtins keep them. */
		if (rule && rule->kind == SEEP_RULE_BAD)
			rule = &gap_rule;
		error = add_row(&piece->rows, piece->start + at, rule ? rule : &gap_rule);
	}
	reader->num_rows += piece->rows.count;
	return error;
}

static int add_functions(struct reader *reader, struct seep_prologues *prologues,
			 const struct piece *piece)
{
	int error = 0;

	for (size_t i = symbol_behind(reader, piece->start); i < reader->num_sorted && !error;
	     i++) {
		const struct symbol *symbol = &reader->symbols[i];
		struct seep_function function = {.kind = symbol->kind};

		if (symbol->offset >= piece->end)
			break;
		function.start = (uint32_t)(symbol->offset - piece->start);
		if (symbol->size <= piece->end - symbol->offset)
			function.size = (uint32_t)symbol->size;
		error = seep_prologues_add(prologues, &function);
	}
	return error == -E2BIG ? 0 : error;
}

static int compare_piece(const void *key, const void *element)
{
	const uint64_t *offset = key;
	const struct piece *piece = element;

	return *offset < piece->start ? -1 : *offset >= piece->end;
}

/* What one piece calls in another one is a function there. */
static int add_called(struct reader *reader, const struct seep_prologues *prologues)
{
	size_t count;
	const uint64_t *targets = seep_prologues_outside(prologues, &count);
	int error = 0;

	for (size_t i = 0; i < count && !error; i++) {
		struct symbol symbol = {0};
		struct piece *piece;
		size_t behind;

		if (seep_image_address_to_offset(reader->image, targets[i], &symbol.offset))
			continue;
		piece = bsearch(&symbol.offset, reader->pieces, reader->num_pieces, sizeof(*piece),
				compare_piece);
		behind = piece ? symbol_behind(reader, symbol.offset) : 0;
		if (!piece || (behind < reader->num_sorted &&
			       reader->symbols[behind].offset == symbol.offset))
			continue;
		piece->next = true;
		error = add_symbol(reader, &symbol);
	}
	return error;
}

/* One piece of uncovered code with functions. */
static int read_piece(struct reader *reader, struct piece *piece)
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
	piece->end = piece->start + length;
	error = seep_prologues_new(code, length, address, &reader->budget, &prologues);
	if (!error)
		error = add_functions(reader, prologues, piece);
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
	bool more = true;
	int error = 0;

	for (unsigned int round = 0; round < ROUNDS_MAX && more && !error; round++) {
		more = false;
		sort_symbols(reader);
		for (size_t i = 0; i < reader->num_pieces && !error; i++)
			if (reader->pieces[i].due)
				error = read_piece(reader, &reader->pieces[i]);
		for (size_t i = 0; i < reader->num_pieces; i++) {
			struct piece *piece = &reader->pieces[i];

			piece->due = piece->next;
			piece->next = false;
			more |= piece->due;
		}
	}
	return error;
}

static int add_piece(struct reader *reader, uint64_t start, uint64_t end)
{
	size_t first = symbol_behind(reader, start);
	struct piece piece = {.start = start, .end = end};
	int error;

	piece.due = first < reader->num_sorted && reader->symbols[first].offset < end;
	error = grow((void **)&reader->pieces, reader->num_pieces, &reader->max_pieces,
		     sizeof(*reader->pieces));
	if (!error)
		reader->pieces[reader->num_pieces++] = piece;
	return error;
}

/* From the file offset @start up to @end there is no CFI; what of it is code is in the ranges. */
static int read_gap(struct reader *reader, uint64_t start, uint64_t end)
{
	int error = 0;

	for (size_t i = 0; i < reader->num_ranges && !error; i++) {
		const struct seep_range *range = &reader->ranges[i];
		uint64_t from = start > range->start ? start : range->start;
		uint64_t to = end < range->end ? end : range->end;

		while (from < to && !error) {
			uint64_t piece_end = to - from > SEEP_PROLOGUE_MAX_BYTES ?
						     from + SEEP_PROLOGUE_MAX_BYTES :
						     to;

			/* A crafted file may have ranges that all its pieces never get through. */
			if (reader->num_pieces == PIECES_MAX) {
				reader->result.capped++;
				return 0;
			}
			error = add_piece(reader, from, piece_end);
			from = piece_end;
			start = from; /* ranges may overlap */
		}
	}
	return error;
}

static int compare_pieces(const void *left, const void *right)
{
	const struct piece *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static int read_gaps(struct reader *reader)
{
	const struct seep_cfi *cfi = reader->cfi;
	int error = cfi->num_rows ? read_gap(reader, 0, cfi->rows[0].offset) : 0;
	size_t next;

	for (size_t i = 0; i < cfi->num_rows && !error; i = next) {
		next = i + 1;
		if (!is_gap(reader, &cfi->rows[i]))
			continue;
		while (next < cfi->num_rows && is_gap(reader, &cfi->rows[next]))
			next++;
		error = read_gap(reader, cfi->rows[i].offset,
				 next < cfi->num_rows ? cfi->rows[next].offset : UINT64_MAX);
	}
	return error;
}

/* Functions that are no longer than what is usually padding. */
static int read_paddings(struct reader *reader)
{
	const struct seep_cfi *cfi = reader->cfi;
	size_t num_gaps = reader->num_pieces;
	int error = 0;

	for (size_t i = 0; i < cfi->num_paddings && !error; i++) {
		size_t first = symbol_behind(reader, cfi->paddings[i].start);

		if (first < reader->num_sorted &&
		    reader->symbols[first].offset < cfi->paddings[i].end)
			error = read_gap(reader, cfi->paddings[i].start, cfi->paddings[i].end);
	}
	if (reader->num_pieces > num_gaps)
		qsort(reader->pieces, reader->num_pieces, sizeof(*reader->pieces), compare_pieces);
	return error;
}

struct merger {
	const struct seep_cfi *cfi;
	size_t next;		     /* old row */
	const struct seep_rule *old; /* in force */
	struct rows merged;
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
			error = add_row(&merger->merged, row->offset, &row->rule);
	}
	return error;
}

static int take_piece(struct merger *merger, const struct piece *piece)
{
	static const struct seep_rule gap_rule = {.kind = SEEP_RULE_GAP};
	int error = take_old(merger, piece->start, false);

	for (size_t i = 0; i < piece->rows.count && !error; i++)
		error = add_row(&merger->merged, piece->rows.items[i].offset,
				&piece->rows.items[i].rule);
	if (!error)
		error = take_old(merger, piece->end, true);
	if (!error)
		error = add_row(&merger->merged, piece->end, merger->old ? merger->old : &gap_rule);
	return error;
}

static int merge(const struct reader *reader, struct seep_cfi *cfi)
{
	struct merger merger = {.cfi = cfi};
	int error = 0;

	for (size_t i = 0; i < reader->num_pieces && !error; i++)
		if (reader->pieces[i].rows.count)
			error = take_piece(&merger, &reader->pieces[i]);
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

static int compare_ranges(const void *left, const void *right)
{
	const struct seep_range *a = left, *b = right;

	return a->start < b->start ? -1 : a->start > b->start;
}

int seep_uncovered_add(const struct seep_image *image, struct seep_cfi *cfi,
		       struct seep_uncovered *ret_uncovered)
{
	SEEP_CLEANUP(reader_done)
	struct reader reader = {.image = image, .cfi = cfi, .budget = SEEP_PROLOGUE_BUDGET};
	int error = find_symbols(&reader);

	reader.num_ranges = seep_image_code_ranges(image, reader.ranges, RANGES_MAX);
	qsort(reader.ranges, reader.num_ranges, sizeof(*reader.ranges), compare_ranges);
	if (!error && reader.num_symbols)
		error = read_gaps(&reader);
	if (!error && reader.num_symbols)
		error = read_paddings(&reader);
	if (!error)
		error = read_pieces(&reader);
	if (!error && reader.num_rows)
		error = merge(&reader, cfi);
	if (error)
		return error;
	for (size_t i = 0; i < reader.num_pieces; i++) {
		reader.result.functions += reader.pieces[i].counts.functions;
		reader.result.refused += reader.pieces[i].counts.refused;
		reader.result.capped += reader.pieces[i].counts.capped;
	}
	reader.result.rows = reader.num_rows;
	*ret_uncovered = reader.result;
	return 0;
}
