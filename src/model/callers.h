/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sites that one function is to blame for: it, or what it calls, makes the objects in several
 * places, and each is a site ("all from parse_request"). Without symbols a function is known by
 * where it is called: sites whose stacks are the same from a frame on went through the function
 * that this frame called.
 */
#ifndef SEEP_MODEL_CALLERS_H
#define SEEP_MODEL_CALLERS_H

#include <stddef.h>

#include "model/snapshot.h"

/*
 * A function further from the allocator than this many frames is to blame for everything: main is.
 */
#define SEEP_CALLERS_DEPTH 5

/* Sites that are looked at; those behind have no caller. */
#define SEEP_CALLERS_MAX_SITES 4096

#define SEEP_CALLERS_NONE SIZE_MAX

struct seep_caller {
	const struct seep_site *site; /* one of its sites */
	size_t frame; /* of the stack of that: the one in the function that they have in common */
	size_t num_sites; /* two at least */
};

/*
 * Finds the callers of sites that are worth a word (leaks, say), those nearest to the allocator
 * first. 0: *ret_callers is the caller's to free, and ret_of, of @num_sites elements, has for each
 * site the index of its caller or SEEP_CALLERS_NONE. -ENOMEM.
 */
int seep_callers_find(const struct seep_site *const *sites, size_t num_sites,
		      struct seep_caller **ret_callers, size_t *ret_num_callers, size_t *ret_of);

#endif
