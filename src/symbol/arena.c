// SPDX-License-Identifier: GPL-2.0-only
#include "symbol/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A larger piece gets a block of its own. */
#define BLOCK_BYTES (64u << 10)

struct seep_arena_block {
	struct seep_arena_block *next;
	size_t capacity;
	uint64_t bytes[];
};

void seep_arena_done(struct seep_arena *arena)
{
	struct seep_arena_block *block = arena->blocks, *next;

	for (; block; block = next) {
		next = block->next;
		free(block);
	}
	*arena = (struct seep_arena){0};
}

void *seep_arena_alloc(struct seep_arena *arena, size_t size)
{
	struct seep_arena_block *block = arena->blocks;
	/* All pieces are aligned to 8 bytes, as the block is. */
	size_t rounded = (size + 7) & ~(size_t)7;
	void *piece;

	if (rounded < size || rounded > SIZE_MAX - sizeof(*block))
		return NULL;
	if (!block || rounded > block->capacity - arena->used) {
		size_t capacity = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;

		/* Pieces start zeroed. What is left of the block before is given up. */
		block = calloc(1, sizeof(*block) + capacity);
		if (!block)
			return NULL;
		block->capacity = capacity;
		block->next = arena->blocks;
		arena->blocks = block;
		arena->used = 0;
	}
	piece = (char *)block->bytes + arena->used;
	arena->used += rounded;
	return piece;
}

char *seep_arena_strdup(struct seep_arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = seep_arena_alloc(arena, size);

	return copy ? memcpy(copy, text, size) : NULL;
}
