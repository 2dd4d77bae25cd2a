// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nodes from a pool of chunks that are mapped and never unmapped, for two users that take some
 * hundreds at once. "leak": parse_request() does not give back one node of fifty. "healthy": it
 * gives back all.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_BYTES 65536
#define NODE_BYTES  256
#define NODES	    600

struct node {
	struct node *next;
	int number;
};

static struct node *free_nodes;

void *pool_alloc(void);
void pool_free(void *block);

__attribute__((noinline)) static void pool_grow(void)
{
	char *chunk =
		mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(chunk, 0, CHUNK_BYTES);
	for (int i = 0; i < CHUNK_BYTES / NODE_BYTES; i++) {
		struct node *node = (struct node *)(chunk + (size_t)i * NODE_BYTES);

		node->next = free_nodes;
		free_nodes = node;
	}
}

__attribute__((noinline)) void *pool_alloc(void)
{
	struct node *node;

	if (!free_nodes)
		pool_grow();
	node = free_nodes;
	free_nodes = node->next;
	return node;
}

__attribute__((noinline)) void pool_free(void *block)
{
	struct node *node = block;

	node->next = free_nodes;
	free_nodes = node;
}

__attribute__((noinline)) static void parse_request(int leak)
{
	static struct node *nodes[NODES];
	static int number;

	for (int i = 0; i < NODES; i++) {
		nodes[i] = pool_alloc();
		nodes[i]->number = number++;
	}
	for (int i = 0; i < NODES; i++) {
		if (!leak || nodes[i]->number % 50)
			pool_free(nodes[i]);
	}
}

__attribute__((noinline)) static void render_page(void)
{
	static struct node *nodes[NODES];

	for (int i = 0; i < NODES; i++)
		nodes[i] = pool_alloc();
	for (int i = 0; i < NODES; i++)
		pool_free(nodes[i]);
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");

	/* Who comes after a leak needs more: sometimes the one that leaks, sometimes the other. */
	for (;; usleep(20000)) {
		parse_request(leak);
		render_page();
		render_page();
		parse_request(leak);
	}
}
