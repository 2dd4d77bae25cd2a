/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the functions of an allocator table in one file: by its own symbol tables, and if it has
 * lost its .symtab, by .gnu_debugdata or its separate debug file. Every name and version of the
 * same code is one function.
 *
 * A probe goes where a symbol says, in every process that maps the file. So a separate debug file
 * has to be root's word (proc/trust.h), and the CFI of the mapped file itself has to agree that a
 * function begins there. Only a symbol of the mapped file may be of code without CFI.
 */
#ifndef SEEP_SYMBOL_SEARCH_H
#define SEEP_SYMBOL_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"
#include "model/allocators.h"
#include "proc/trust.h"

struct seep_found {
	const struct seep_allocator *allocator;
	uint64_t address; /* of the image */
	uint64_t size;	  /* bytes, 0 if the symbol does not say */
};

/* Why a symbol is not taken for a function. */
enum seep_distrust {
	SEEP_DISTRUST_NONE,
	SEEP_DISTRUST_DEBUG_FILE, /* only a debug file has it that is not root's word */
	SEEP_DISTRUST_NO_ENTRY,	  /* by the CFI of the mapped file no function begins there */
	SEEP_DISTRUST_COUNT
};

/* How many are refused for a reason, and which is the first of them. */
struct seep_refused {
	size_t count;
	const struct seep_allocator *first;
};

struct seep_search {
	size_t count;
	struct seep_found *list;
	struct seep_refused refused[SEEP_DISTRUST_COUNT];
	char *refused_path;  /* of the debug file that was refused, NULL without */
	uint64_t rendezvous; /* of _dl_debug_state, 0 without: where a loader tells debuggers */
};

/*
 * Searches @image, whose file is at @path below @root (see seep_debug_files_find). The functions
 * come in the order of the table, and are freed with seep_search_done. 0 or -ENOMEM.
 */
int seep_search_run(const struct seep_allocators *allocators, const struct seep_image *image,
		    const char *path, const struct seep_root *root, struct seep_search *ret_search);
void seep_search_done(struct seep_search *search);

/*
 * Is there a releasing function at @address, or a stub for one? Then a function that only goes on
 * there needs no probe: what it releases is seen there, in this file or another one.
 */
bool seep_search_releases_at(const struct seep_allocators *allocators,
			     const struct seep_image *image, const struct seep_search *search,
			     uint64_t address);

#endif
