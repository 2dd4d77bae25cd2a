/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions that a file defines, as its own symbol tables say. The file is untrusted: a symbol
 * may lie about its address, its size and its name.
 */
#ifndef SEEP_ELF_FUNCTIONS_H
#define SEEP_ELF_FUNCTIONS_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

#include "elf/image.h"

/* A defined function. The name belongs to the image. */
struct seep_symbol {
	const char *name;
	uint64_t address;
	uint64_t size; /* bytes, 0 if the symbol does not say */
	bool global;   /* STB_GLOBAL or STB_WEAK */
};

/*
 * Calls @fn for each defined function (STT_FUNC) of .dynsym and .symtab, in the order of the file,
 * aliases included, until it returns non-zero; that value is returned, else 0. A library found
 * without section headers is read through its PT_DYNAMIC segment.
 */
int seep_image_each_function(const struct seep_image *image,
			     int (*fn)(const struct seep_symbol *symbol, void *context),
			     void *context);

/* The same for the tables of @elf, a descriptor without an image; not by its PT_DYNAMIC. */
int seep_symbols_each_function(Elf *elf, int (*fn)(const struct seep_symbol *symbol, void *context),
			       void *context);

/*
 * The function that begins at the virtual address @address: its first name and, of all its symbols,
 * the first size. 0, or -ENOENT if no symbol is there.
 */
int seep_image_function_at(const struct seep_image *image, uint64_t address,
			   struct seep_symbol *ret_symbol);

#endif
