/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions that begin in uncovered code: by the file's own symbol tables, by its entry point,
 * and those that are found because other code calls them. All offsets are of the file.
 */
#ifndef SEEP_UNWIND_UNCOVERED_SYMBOLS_H
#define SEEP_UNWIND_UNCOVERED_SYMBOLS_H

#include <stdbool.h>

#include "base/vector.h"
#include "elf/cfi.h"
#include "unwind/prologue.h"

struct seep_uncovered_symbol {
	uint64_t offset;
	uint64_t size; /* bytes, 0 if unknown */
	enum seep_function_kind kind;
};

struct seep_uncovered_symbols {
	const struct seep_image *image;
	const struct seep_cfi *cfi;
	struct seep_uncovered_symbol *items;
	size_t count, max;
	size_t num_sorted; /* by offset; those behind were added since */
	/* What no row of CFI says anything of, in order: few, where rows are very many. */
	SEEP_VECTOR(struct seep_range) gaps;
	uint64_t entry; /* of the program's first code; UINT64_MAX if there is none */
	size_t capped;	/* left out because there are too many */
};

/*
 * Of the code of @image that @cfi does not cover; both must stay. 0 or -ENOMEM; done in any case.
 */
int seep_uncovered_symbols_read(const struct seep_image *image, const struct seep_cfi *cfi,
				struct seep_uncovered_symbols *ret_symbols);
void seep_uncovered_symbols_done(struct seep_uncovered_symbols *symbols);

/* One more, which is found by offset only after the next sort. 0 or -ENOMEM. */
int seep_uncovered_symbols_add(struct seep_uncovered_symbols *symbols,
			       const struct seep_uncovered_symbol *symbol);
void seep_uncovered_symbols_sort(struct seep_uncovered_symbols *symbols);

/* The index of the first sorted one at or behind @offset, num_sorted if there is none. */
size_t seep_uncovered_symbols_from(const struct seep_uncovered_symbols *symbols, uint64_t offset);
/* Is there a sorted one from @start up to @end? */
bool seep_uncovered_symbols_has(const struct seep_uncovered_symbols *symbols, uint64_t start,
				uint64_t end);

/* True if @row says nothing of its code: better rules may take its place. */
bool seep_uncovered_is_gap(const struct seep_uncovered_symbols *symbols,
			   const struct seep_cfi_row *row);

#endif
