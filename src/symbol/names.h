/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What functions are called in reports: the demangled form of each raw name, made once, and names
 * that were given to single functions. Everything is in an arena of the caller's and stays until
 * that is freed.
 */
#ifndef SEEP_SYMBOL_NAMES_H
#define SEEP_SYMBOL_NAMES_H

#include <stdint.h>

#include "symbol/arena.h"
#include "symbol/symbolizer.h"

struct seep_demangled_name;
struct seep_given_name;

/* Starts zeroed. */
struct seep_names {
	struct seep_demangled_name *demangled;
	struct seep_given_name *given;
};

void seep_names_done(struct seep_names *names);

/*
 * A line that has the demangled @raw as its function and nothing else. @raw is a name in a symbol
 * table or in DWARF that stays where it is: it is known by its address. NULL when memory is out.
 */
const struct seep_line *seep_names_demangle(struct seep_names *names, struct seep_arena *arena,
					    const char *raw);

/* The function that begins at @frame is called @name; the first name stays. 0 or -ENOMEM. */
int seep_names_give(struct seep_names *names, struct seep_arena *arena, uint64_t frame,
		    const char *name);
/*
 * The line of that function, for the caller to fill in but for its name; NULL without a given name.
 */
struct seep_line *seep_names_given(const struct seep_names *names, uint64_t frame);

#endif
