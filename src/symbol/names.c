// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two hash tables: demangled names by the address of the raw one, which stays where it is, and
 * given names by frame. A name is demangled when it is asked for first, because most symbols are
 * never shown.
 */
#include "symbol/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/cleanup.h"
#include "elf/demangle.h"

struct seep_demangled_name {
	const char *raw;       /* by its address, not its text */
	struct seep_line line; /* function only: all that there is to say without DWARF */
	UT_hash_handle hh;
};

struct seep_given_name {
	uint64_t frame; /* of the function's first instruction */
	struct seep_line line;
	UT_hash_handle hh;
};

void seep_names_done(struct seep_names *names)
{
	/* Frees the tables; the elements are in the arena. */
	HASH_CLEAR(hh, names->demangled);
	HASH_CLEAR(hh, names->given);
}

const struct seep_line *seep_names_demangle(struct seep_names *names, struct seep_arena *arena,
					    const char *raw)
{
	SEEP_AUTO_FREE char *demangled = NULL;
	struct seep_demangled_name *name;

	HASH_FIND_PTR(names->demangled, &raw, name);
	if (name)
		return &name->line;
	name = seep_arena_alloc(arena, sizeof(*name));
	if (!name)
		return NULL;
	demangled = seep_demangle(raw);
	name->raw = raw;
	/* A name that is not mangled is shown as it is, without a copy. */
	name->line.function = demangled ? seep_arena_strdup(arena, demangled) : raw;
	HASH_ADD_PTR(names->demangled, raw, name);
	return name->hh.tbl ? &name->line : NULL;
}

int seep_names_give(struct seep_names *names, struct seep_arena *arena, uint64_t frame,
		    const char *name)
{
	struct seep_given_name *given;

	HASH_FIND(hh, names->given, &frame, sizeof(frame), given);
	/* The first name stays. */
	if (given)
		return 0;
	given = seep_arena_alloc(arena, sizeof(*given));
	if (!given)
		return -ENOMEM;
	given->frame = frame;
	given->line.function = seep_arena_strdup(arena, name);
	if (!given->line.function)
		return -ENOMEM;
	HASH_ADD(hh, names->given, frame, sizeof(given->frame), given);
	return given->hh.tbl ? 0 : -ENOMEM;
}

struct seep_line *seep_names_given(const struct seep_names *names, uint64_t frame)
{
	struct seep_given_name *given;

	HASH_FIND(hh, names->given, &frame, sizeof(frame), given);
	return given ? &given->line : NULL;
}
