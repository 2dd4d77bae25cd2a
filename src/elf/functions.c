// SPDX-License-Identifier: GPL-2.0-only
#include "elf/functions.h"

#include <errno.h>

#include "elf/symbols.h"

struct visitor {
	int (*fn)(const struct seep_symbol *symbol, void *context);
	void *context;
	bool found; /* a table */
};

/*
 * Calls the visitor for each defined function of one table; what it returns, if not 0, ends the
 * walk.
 */
static int visit_functions(const struct seep_symbols *symbols, void *context)
{
	struct visitor *visitor = context;

	visitor->found = true;
	for (size_t i = 0; i < symbols->count; i++) {
		const Elf64_Sym *entry = &symbols->entries[i];
		struct seep_symbol symbol = {
			.name = seep_symbols_name(symbols, entry),
			.address = entry->st_value,
			.size = entry->st_size,
			.global = ELF64_ST_BIND(entry->st_info) != STB_LOCAL,
		};
		int result;

		/* Functions that this file only calls are undefined in it. */
		if (ELF64_ST_TYPE(entry->st_info) != STT_FUNC || entry->st_shndx == SHN_UNDEF)
			continue;
		if (!symbol.name || !symbol.address)
			continue;
		result = visitor->fn(&symbol, visitor->context);
		if (result)
			return result;
	}
	return 0;
}

int seep_symbols_each_function(Elf *elf, int (*fn)(const struct seep_symbol *symbol, void *context),
			       void *context)
{
	struct visitor visitor = {.fn = fn, .context = context};

	return seep_symbols_each_table(elf, visit_functions, &visitor);
}

int seep_image_each_function(const struct seep_image *image,
			     int (*fn)(const struct seep_symbol *symbol, void *context),
			     void *context)
{
	struct visitor visitor = {.fn = fn, .context = context};
	struct seep_symbols symbols;
	int result;

	result = seep_symbols_each_table(seep_image_elf(image), visit_functions, &visitor);
	/* A file without section headers. */
	if (!visitor.found && !seep_symbols_of_dynamic(image, &symbols))
		result = visit_functions(&symbols, &visitor);
	return result;
}

struct search {
	uint64_t address;
	bool found;
	struct seep_symbol symbol;
};

/* Goes on behind a symbol without a size: an alias may have one. */
static int match_address(const struct seep_symbol *symbol, void *context)
{
	struct search *search = context;

	if (symbol->address != search->address)
		return 0;
	if (!search->found)
		search->symbol = *symbol;
	search->found = true;
	search->symbol.size = symbol->size;
	return symbol->size != 0;
}

int seep_image_function_at(const struct seep_image *image, uint64_t address,
			   struct seep_symbol *ret_symbol)
{
	struct search search = {.address = address};

	seep_image_each_function(image, match_address, &search);
	if (!search.found)
		return -ENOENT;
	*ret_symbol = search.symbol;
	return 0;
}
