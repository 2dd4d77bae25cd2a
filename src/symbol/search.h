/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the functions of an allocator table in one file: by its own symbol tables, and if it has lost
 * its .symtab, by .gnu_debugdata or its separate debug file. Every name and version of the same code is
 * one function.
 */
#ifndef SEEP_SYMBOL_SEARCH_H
#define SEEP_SYMBOL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"
#include "model/allocators.h"

struct seep_found {
	const struct seep_allocator *allocator;
	uint64_t address; /* of the image */
	uint64_t size;	  /* bytes, 0 if the symbol does not say */
};

struct seep_search {
	size_t count;
	struct seep_found *list;
	uint64_t rendezvous; /* of _dl_debug_state, 0 without: where a loader tells debuggers */
};

/*
 * Searches @image, whose file is at @path in the root directory @root (see seep_debug_file_find). The
 * functions come in the order of the table, and are freed with seep_search_done. 0 or -ENOMEM.
 */
int seep_search_run(const struct seep_allocators *allocators, const struct seep_image *image,
		    const char *path, int root, struct seep_search *ret_search);
void seep_search_done(struct seep_search *search);

/*
 * Is there a releasing function at @address, or a stub for one? Then a function that only goes on there
 * needs no probe: what it releases is seen there, in this file or another one.
 */
bool seep_search_releases_at(const struct seep_allocators *allocators,
			     const struct seep_image *image, const struct seep_search *search,
			     uint64_t address);

#endif
