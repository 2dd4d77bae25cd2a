/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A walk over the functions of a site's stack, inlined ones included, as the symbolizer names them.
 */
#ifndef SEEP_SYMBOL_WALK_H
#define SEEP_SYMBOL_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/compare.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

enum seep_walk_order {
	SEEP_WALK_INNERMOST_FIRST,
	SEEP_WALK_OUTERMOST_FIRST,
};

struct seep_walk {
	/* Where the walk stands: valid after seep_walk_next returned true. */
	uint64_t frame;
	const struct seep_location *location;
	const struct seep_line *line;
	/* Its own. */
	struct seep_symbolizer *symbolizer;
	const struct seep_stack *stack;
	uint32_t process;
	enum seep_walk_order order;
	size_t frames_done;
	size_t lines_done; /* of location */
};

void seep_walk_init(struct seep_walk *walk, struct seep_symbolizer *symbolizer,
		    const struct seep_site *site, enum seep_walk_order order);
/* Goes to the next function; false at the end of the stack. */
bool seep_walk_next(struct seep_walk *walk);

/* Does it stand at a function of the standard library of C, C++ or Rust, or of Go's runtime? */
bool seep_walk_is_standard(const struct seep_walk *walk);
/* Is this the path of a library of C or C++? */
bool seep_module_is_standard(const char *path);

/*
 * A key for what a frame of @site resolves to, for tables of what was written already. Code of no
 * file is another one in each process. All keys of such code have SEEP_FRAME_RAW.
 */
uint64_t seep_walk_frame_key(struct seep_symbolizer *symbolizer, const struct seep_site *site,
			     uint64_t frame);

/* A key for the function at which the walk stands: its name and its module. */
uint64_t seep_walk_function_key(const struct seep_walk *walk);

/*
 * Hashes what the frames of a site are called and of which builds they are, for seep_compare. The
 * name of a frame is its functions with the file name of its module.
 */
struct seep_path seep_walk_path(struct seep_symbolizer *symbolizer, const struct seep_site *site);

#endif
