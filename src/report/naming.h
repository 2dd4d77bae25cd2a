/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The function by which people know a site, among all those of its stack. What is appended is
 * clean.
 */
#ifndef SEEP_REPORT_NAMING_H
#define SEEP_REPORT_NAMING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "symbol/walk.h"

/*
 * The first function behind the allocator that is of no standard library and does not merely
 * allocate for others; else the first behind it. Its index among all functions, inlined ones
 * included, innermost first; 0 if there is none.
 */
size_t seep_naming_index(struct seep_symbolizer *symbolizer, const struct seep_site *site);

/* Begins a walk, innermost first, and goes to that function; false if the stack has none. */
bool seep_naming_walk(struct seep_symbolizer *symbolizer, const struct seep_site *site,
		      struct seep_walk *ret_walk);

/* Is the walk at a function that seep_walk_is_standard knows, or at a wrapper of malloc? */
bool seep_naming_is_common(const struct seep_walk *walk);

/* Appends its short name; what the stack lacks if there is none. */
void seep_naming_append(struct seep_buffer *buffer, struct seep_symbolizer *symbolizer,
			const struct seep_site *site);

/* Appends "src/buffer.c:42", or the module, of the function at which the walk stands. */
void seep_naming_append_place(struct seep_buffer *buffer, const struct seep_walk *walk);

#endif
