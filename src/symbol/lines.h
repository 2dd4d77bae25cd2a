/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Source lines and inlined calls of one file, from DWARF 2 to 5 through libdw. The index of
 * compilation units is built at once, that of a unit's functions when it is first needed.
 */
#ifndef SEEP_SYMBOL_LINES_H
#define SEEP_SYMBOL_LINES_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Functions at one address; calls inlined deeper are left out. */
#define SEEP_SOURCE_SCOPES_MAX 64

struct seep_lines;

/* A function at an address. The texts belong to the lines. */
struct seep_source_scope {
	const char *name; /* mangled where the compiler says so, NULL if unknown */
	const char *source;
	unsigned int line;
};

/*
 * Reads the DWARF in @elf, which must stay open. 0; -ENODATA if there is none, or more than the cap
 * (1 GiB uncompressed), or a part of it that is shared with other files is not installed; -ENOMEM.
 */
int seep_lines_new(Elf *elf, struct seep_lines **ret_lines);
void seep_lines_free(struct seep_lines *lines);

/*
 * The functions at a virtual address, innermost first; the last one has code of its own, those
 * before are inlined. Each with the line it is at: where the address belongs to, or the call of the
 * one before. Returns how many; 0 if the address is not covered.
 */
size_t seep_lines_find(struct seep_lines *lines, uint64_t address,
		       struct seep_source_scope scopes[SEEP_SOURCE_SCOPES_MAX]);

#endif
