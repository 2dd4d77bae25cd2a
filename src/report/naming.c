// SPDX-License-Identifier: GPL-2.0-only
#include "report/naming.h"

#include <string.h>

#include "base/text.h"
#include "report/names.h"
#include "symbol/walk.h"

/* What functions are called that allocate for others: xmalloc, g_strdup, CRYPTO_realloc. */
static const char *const wrapper_ends[] = {"alloc", "alloc0", "strdup", "strndup", "memdup"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* "zmalloc_usable": a word of letters that ends in malloc, and what is special about it. */
static bool is_special_malloc(const char *function)
{
	const char *malloc_word = strstr(function, "malloc_");
	size_t letters = strspn(function, "abcdefghijklmnopqrstuvwxyz");

	return malloc_word && (size_t)(malloc_word - function) + strlen("malloc") == letters;
}

/* A function whose name ends like an allocator's only passes on the request of its caller. */
static bool is_wrapper(const char *function)
{
	size_t length = strlen(function);

	if (is_special_malloc(function))
		return true;
	for (size_t i = 0; i < COUNT(wrapper_ends); i++) {
		size_t end = strlen(wrapper_ends[i]);

		if (length >= end && strcmp(function + length - end, wrapper_ends[i]) == 0)
			return true;
	}
	return false;
}

/* Its name tells nothing about the leak. */
bool seep_naming_is_common(const struct seep_walk *walk)
{
	const char *function = walk->line->function;

	return seep_walk_is_standard(walk) || (function && is_wrapper(function));
}

size_t seep_naming_index(struct seep_symbolizer *symbolizer, const struct seep_site *site)
{
	size_t index = 0, behind_allocator = 0;
	struct seep_walk walk;

	if (seep_pool_is_known(site->pool))
		return site->pool_index;
	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (; seep_walk_next(&walk); index++) {
		/*
		 * The first frame is the allocator itself, with all that is inlined in it; but
		 * where a runtime tells the stack it begins with its caller.
		 */
		if (walk.frames_done == 1 && site->kind != SEEP_KIND_OBJECT)
			continue;
		/*
		 * The first function of the program's own code, or of a library that is not a
		 * standard one.
		 */
		if (!seep_naming_is_common(&walk))
			return index;
		/* Index 0 is the allocator's, so 0 is free to mean that none was found. */
		if (!behind_allocator)
			behind_allocator = index;
	}
	return behind_allocator;
}

/* Walks again, as the search may have ended behind the function that it chose. */
bool seep_naming_walk(struct seep_symbolizer *symbolizer, const struct seep_site *site,
		      struct seep_walk *ret_walk)
{
	size_t index = seep_naming_index(symbolizer, site);

	seep_walk_init(ret_walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (size_t i = 0; i <= index; i++) {
		if (!seep_walk_next(ret_walk))
			return false;
	}
	return true;
}

void seep_naming_append(struct seep_buffer *buffer, struct seep_symbolizer *symbolizer,
			const struct seep_site *site)
{
	struct seep_walk walk;

	if (seep_naming_walk(symbolizer, site, &walk))
		seep_report_append_short_function(buffer, walk.location, walk.line);
	else
		seep_buffer_puts(buffer, "unknown stack");
}

void seep_naming_append_place(struct seep_buffer *buffer, const struct seep_walk *walk)
{
	const char *module = walk->location->module;

	if (walk->line->source) {
		seep_text_append_clean(buffer, walk->line->source, SIZE_MAX);
		if (walk->line->line > 0)
			seep_buffer_printf(buffer, ":%u", walk->line->line);
	} else if (module) {
		seep_text_append_clean(buffer, seep_text_basename(module), SIZE_MAX);
	} else {
		seep_buffer_puts(buffer, "code of no file");
	}
}
