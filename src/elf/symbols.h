/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Symbol tables of an untrusted ELF file, with every index and string offset checked. The memory
 * belongs to the Elf descriptor. Tables and strings are read up to a cap; what lies behind it is
 * not seen.
 */
#ifndef SEEP_ELF_SYMBOLS_H
#define SEEP_ELF_SYMBOLS_H

#include <libelf.h>
#include <stddef.h>

#include "elf/image.h"
#include "elf/sections.h"

#define SEEP_SYMBOLS_MAX	(2u << 20)   /* symbols of one table */
#define SEEP_SYMBOL_STRINGS_MAX (128u << 20) /* bytes of one string table */

struct seep_symbols {
	const Elf64_Sym *entries;
	size_t count;
	struct seep_string_table strings;
};

/* The table in @section, a section of @elf. 0; -ENOENT if it is no (usable) symbol table. */
int seep_symbols_of_section(Elf *elf, Elf_Scn *section, struct seep_symbols *ret_symbols);

/* The dynamic symbols as the loader finds them, without section headers. 0 or -ENOENT. */
int seep_symbols_of_dynamic(const struct seep_image *image, struct seep_symbols *ret_symbols);

/* The name of @entry, NULL if it has none or points outside the strings. */
const char *seep_symbols_name(const struct seep_symbols *symbols, const Elf64_Sym *entry);

/*
 * Calls @fn for each symbol table of @elf until it returns non-zero; that value is returned, else
 * 0.
 */
int seep_symbols_each_table(Elf *elf, int (*fn)(const struct seep_symbols *symbols, void *context),
			    void *context);

#endif
