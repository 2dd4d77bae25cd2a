/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of one file, by offset in the file: what of its symbol tables is needed to name an
 * address. 16 bytes and the name for each; the tables themselves need not stay in memory.
 */
#ifndef SEEP_SYMBOL_FUNCTIONS_H
#define SEEP_SYMBOL_FUNCTIONS_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"
#include "golang/pclntab.h"

struct seep_functions;

/*
 * Collects the functions of @image from its own symbol tables and PLT, from those of @num_others
 * further files that describe the same code (separate debug information), and from the table that a
 * Go program has without symbols (@go, NULL without). Aliases of one address count as one function.
 * 0 or -ENOMEM.
 */
int seep_functions_new(const struct seep_image *image, Elf *const *others, size_t num_others,
		       const struct seep_pclntab *go, struct seep_functions **ret_functions);
void seep_functions_free(struct seep_functions *functions);

/*
 * The function that covers @offset of the file: its index, or -ENOENT. One without a size covers up
 * to the next function in its section, or the section's end.
 */
int seep_functions_find(const struct seep_functions *functions, uint64_t offset, size_t *ret_index);

/* The name as in the symbol table, without version, "NAME@plt" for a PLT stub. */
const char *seep_functions_name(const struct seep_functions *functions, size_t index);

/* Is there a function with this name? All names are looked at. */
bool seep_functions_has(const struct seep_functions *functions, const char *name);

#endif
