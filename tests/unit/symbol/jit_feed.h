/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes what a file names into a map, in pieces as a file is read, and asks for names. */
#ifndef SEEP_TESTS_SYMBOL_JIT_FEED_H
#define SEEP_TESTS_SYMBOL_JIT_FEED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "symbol/jit_map.h"
#include "symbol/jit_source.h"

static inline struct seep_jit_map *new_map(enum seep_jit_format format)
{
	struct seep_jit_map *map;

	assert_int_equal(seep_jit_map_new(format, &map), 0);
	return map;
}

/* Takes in everything in pieces of @piece bytes, each from where the one before ended. */
static inline int feed(struct seep_jit_map *map, const void *bytes, size_t length, size_t piece)
{
	uint64_t position = 0;

	while (position < length) {
		size_t offered = length - position < piece ? length - position : piece;
		uint64_t used;
		int error;

		/* A copy of its own, so that the sanitizer sees a byte too far. */
		SEEP_AUTO_FREE char *copy = malloc(offered);

		memcpy(copy, (const char *)bytes + position, offered);
		error = seep_jit_map_add(map, copy, offered, &used);
		if (error)
			return error;
		position += used;
		if (used)
			continue;
		if (offered == length - position || piece > length)
			return 0; /* the rest is not whole */
		piece *= 2;
	}
	return 0;
}

static inline void check_name(const struct seep_jit_map *map, uint64_t address, const char *name)
{
	const char *found = seep_jit_map_find(map, address);

	if (!name)
		assert_null(found);
	else if (!found)
		fail_msg("nothing at %#llx, not %s", (unsigned long long)address, name);
	else
		assert_string_equal(found, name);
}

#endif
