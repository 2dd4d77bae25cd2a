/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is given out in small pieces and freed all at once. */
#ifndef SEEP_SYMBOL_ARENA_H
#define SEEP_SYMBOL_ARENA_H

#include <stddef.h>

struct seep_arena_block;

/* Starts zeroed. */
struct seep_arena {
	struct seep_arena_block *blocks;
	size_t used; /* bytes of the first block */
};

void seep_arena_done(struct seep_arena *arena);

/* @size zeroed bytes, aligned for any pointer or 64-bit number; NULL when memory is out. */
void *seep_arena_alloc(struct seep_arena *arena, size_t size);

/* A copy of @text; NULL when memory is out. */
char *seep_arena_strdup(struct seep_arena *arena, const char *text);

#endif
