// SPDX-License-Identifier: GPL-2.0-only
/*
 * Read once by uncovered.c before it looks at any code; a symbol of covered code is not kept. While
 * the code is followed, functions that one piece calls in another one are added, and sorted in
 * before the next round. FUNCTIONS_MAX bounds all together.
 */
#include "unwind/uncovered_symbols.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "base/vector.h"
#include "elf/symbols.h"

/* Node has 11,000 in one piece of code. */
#define FUNCTIONS_MAX 65536

/*
 * The code of a function usually shows that it does not return. These are known by name, for when
 * what they call cannot be followed.
 */
static const char *const no_return[] = {
	"abort",	"exit",		  "_exit",
	"_Exit",	"longjmp",	  "siglongjmp",
	"_longjmp",	"__assert_fail",  "__stack_chk_fail",
	"pthread_exit", "_Unwind_Resume", "__cxa_throw",
};

/*
 * The row of the program's entry (elf/cfi_stubs.c) covers as many bytes as entries usually have.
 * Where the function really goes is found in its code, so the row counts as a gap.
 */
bool seep_uncovered_is_gap(const struct seep_uncovered_symbols *symbols,
			   const struct seep_cfi_row *row)
{
	return row->rule.kind == SEEP_RULE_GAP ||
	       (row->rule.kind == SEEP_RULE_END && row->offset == symbols->entry);
}

static int compare_range(const void *key, const void *element)
{
	const uint64_t *offset = key;
	const struct seep_range *range = element;

	return *offset < range->start ? -1 : *offset >= range->end;
}

/* Makes the list of gaps; what is before the first row is one. 0 or -ENOMEM. */
static int find_gaps(struct seep_uncovered_symbols *symbols)
{
	const struct seep_cfi *cfi = symbols->cfi;
	struct seep_range gap = {0, cfi->num_rows ? cfi->rows[0].offset : UINT64_MAX};
	int error = SEEP_APPEND(&symbols->gaps, gap);

	for (size_t i = 0; i < cfi->num_rows && !error; i++) {
		if (!seep_uncovered_is_gap(symbols, &cfi->rows[i]))
			continue;
		gap.start = cfi->rows[i].offset;
		gap.end = i + 1 < cfi->num_rows ? cfi->rows[i + 1].offset : UINT64_MAX;
		error = SEEP_APPEND(&symbols->gaps, gap);
	}
	return error;
}

static bool is_in(const struct seep_range *ranges, size_t count, uint64_t offset)
{
	return count && bsearch(&offset, ranges, count, sizeof(*ranges), compare_range);
}

/* In a gap, or in what usually is padding. */
static bool is_uncovered(const struct seep_uncovered_symbols *symbols, uint64_t offset)
{
	return is_in(symbols->gaps.items, symbols->gaps.count, offset) ||
	       is_in(symbols->cfi->paddings, symbols->cfi->num_paddings, offset);
}

static bool never_returns(const char *name)
{
	for (size_t i = 0; i < sizeof(no_return) / sizeof(*no_return); i++)
		if (strcmp(name, no_return[i]) == 0)
			return true;
	return false;
}

int seep_uncovered_symbols_add(struct seep_uncovered_symbols *symbols,
			       const struct seep_uncovered_symbol *symbol)
{
	if (symbols->count == FUNCTIONS_MAX) {
		symbols->capped++;
		return 0;
	}
	return SEEP_APPEND(symbols, *symbol);
}

/*
 * Assemblers do not make every label a function: a global one without a type is taken for one, and
 * if it stands in the middle of a function, its returns do not fit and it is refused.
 */
static bool is_function(const Elf64_Sym *entry)
{
	unsigned char type = ELF64_ST_TYPE(entry->st_info);

	if (entry->st_shndx == SHN_UNDEF || !entry->st_value)
		return false;
	return type == STT_FUNC || type == STT_GNU_IFUNC ||
	       (type == STT_NOTYPE && ELF64_ST_BIND(entry->st_info) != STB_LOCAL &&
		entry->st_shndx < SHN_LORESERVE);
}

static int read_table(const struct seep_symbols *table, void *context)
{
	struct seep_uncovered_symbols *symbols = context;
	int error = 0;

	for (size_t i = 0; i < table->count && !error; i++) {
		const Elf64_Sym *entry = &table->entries[i];
		struct seep_uncovered_symbol symbol = {.size = entry->st_size};
		const char *name;

		if (!is_function(entry) ||
		    seep_image_address_to_offset(symbols->image, entry->st_value, &symbol.offset) ||
		    !is_uncovered(symbols, symbol.offset))
			continue;
		/*
		 * After the offset, as nearly all code is covered, and names are all over the file.
		 * What a compiler calls the rarely executed part of a function is none.
		 */
		name = seep_symbols_name(table, entry);
		if (!name || strstr(name, ".cold"))
			continue;
		if (never_returns(name))
			symbol.kind = SEEP_FUNCTION_NO_RETURN;
		error = seep_uncovered_symbols_add(symbols, &symbol);
	}
	return error;
}

/*
 * Of several symbols at one offset the first counts: what is known not to return, then the largest.
 */
static int compare_symbols(const void *left, const void *right)
{
	const struct seep_uncovered_symbol *a = left, *b = right;

	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	/* Above USUAL are NO_RETURN, STORED and ENTRY (enum seep_function_kind). */
	if (a->kind != b->kind)
		return a->kind > b->kind ? -1 : 1;
	return a->size > b->size ? -1 : a->size < b->size;
}

void seep_uncovered_symbols_sort(struct seep_uncovered_symbols *symbols)
{
	if (symbols->count)
		qsort(symbols->items, symbols->count, sizeof(*symbols->items), compare_symbols);
	symbols->num_sorted = symbols->count;
}

/* The program's entry comes before all symbols, and is a function even without one. */
static int find_entry(struct seep_uncovered_symbols *symbols)
{
	struct seep_uncovered_symbol entry = {.kind = SEEP_FUNCTION_ENTRY};
	GElf_Ehdr header;
	int error;

	/* Matches no row if there is no entry */
	symbols->entry = UINT64_MAX;
	if (gelf_getehdr(seep_image_elf(symbols->image), &header) && header.e_entry &&
	    !seep_image_address_to_offset(symbols->image, header.e_entry, &entry.offset))
		symbols->entry = entry.offset;
	/* The row of the entry is a gap, which has to be known before. */
	error = find_gaps(symbols);
	if (error || symbols->entry == UINT64_MAX || !is_uncovered(symbols, entry.offset))
		return error;
	return seep_uncovered_symbols_add(symbols, &entry);
}

int seep_uncovered_symbols_read(const struct seep_image *image, const struct seep_cfi *cfi,
				struct seep_uncovered_symbols *ret_symbols)
{
	struct seep_symbols dynamic;
	int error;

	*ret_symbols = (struct seep_uncovered_symbols){.image = image, .cfi = cfi};
	error = find_entry(ret_symbols);
	if (!error)
		error = seep_symbols_each_table(seep_image_elf(image), read_table, ret_symbols);
	/* A file that has lost its section headers still has the table of the dynamic loader. */
	if (!error && !ret_symbols->count && !seep_symbols_of_dynamic(image, &dynamic))
		error = read_table(&dynamic, ret_symbols);
	if (!error)
		seep_uncovered_symbols_sort(ret_symbols);
	return error;
}

void seep_uncovered_symbols_done(struct seep_uncovered_symbols *symbols)
{
	free(symbols->items);
	free(symbols->gaps.items);
}

size_t seep_uncovered_symbols_from(const struct seep_uncovered_symbols *symbols, uint64_t offset)
{
	size_t low = 0, high = symbols->num_sorted;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->items[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool seep_uncovered_symbols_has(const struct seep_uncovered_symbols *symbols, uint64_t start,
				uint64_t end)
{
	size_t first = seep_uncovered_symbols_from(symbols, start);

	return first < symbols->num_sorted && symbols->items[first].offset < end;
}
