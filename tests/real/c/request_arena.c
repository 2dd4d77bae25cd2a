// SPDX-License-Identifier: GPL-2.0-only
/*
 * healthy: each request has an arena of chunks, which is released as a whole when it is
 * answered
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 16384

struct chunk {
	struct chunk *next;
	size_t used;
	char room[CHUNK];
};

static char *arena_alloc(struct chunk **arena, size_t size)
{
	struct chunk *chunk = *arena;
	char *block;

	if (!chunk || chunk->used + size > CHUNK) {
		chunk = malloc(sizeof(*chunk));
		chunk->next = *arena;
		chunk->used = 0;
		*arena = chunk;
	}
	block = chunk->room + chunk->used;
	chunk->used += size;
	return memset(block, 1, size);
}

static void arena_release(struct chunk *arena)
{
	while (arena) {
		struct chunk *next = arena->next;

		free(arena);
		arena = next;
	}
}

int main(void)
{
	for (unsigned int number = 0;; usleep(50000)) {
		struct chunk *arena = NULL;

		for (unsigned int i = 0; i < 200 + number % 300; i++)
			arena_alloc(&arena, 100 + number * i % 900);
		usleep(50000);
		arena_release(arena);
		number++;
	}
}
