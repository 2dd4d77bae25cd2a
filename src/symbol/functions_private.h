/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of candidates for functions.c, before aliases are merged; plt.c adds those of the
 * procedure linkage table.
 */
#ifndef SEEP_SYMBOL_FUNCTIONS_PRIVATE_H
#define SEEP_SYMBOL_FUNCTIONS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/image.h"

#define SEEP_FUNCTIONS_MAX (4u << 20) /* candidates of one file */
#define SEEP_CODE_RANGES   1024

enum seep_binding {
	SEEP_BINDING_LOCAL,
	SEEP_BINDING_WEAK,
	SEEP_BINDING_GLOBAL
};

struct seep_candidate {
	uint64_t start; /* offset in the file */
	uint64_t size;	/* bytes, 0 if unknown */
	const char *name;
	uint32_t length; /* bytes of the name that count */
	uint32_t order;	 /* in which it was found */
	uint8_t binding;
	bool label; /* STT_NOTYPE: may be a function in assembly, or a label in one */
	bool plt;
};

struct seep_candidates {
	const struct seep_image *image;
	struct seep_candidate *list;
	size_t count;
	size_t capacity;
	size_t num_ranges; /* code, sorted by start */
	struct seep_range ranges[SEEP_CODE_RANGES];
};

/*
 * Adds a candidate at a virtual address unless it lies outside the code or the list is full; start,
 * length and order are filled in. 0 or -ENOMEM.
 */
int seep_candidates_add(struct seep_candidates *candidates, uint64_t address,
			const struct seep_candidate *candidate);

#endif
