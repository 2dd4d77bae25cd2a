// SPDX-License-Identifier: GPL-2.0-only
/*
 * Items from a pool of slabs. "leak": checkout() does not give back one item of twenty. "healthy":
 * it gives back all.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLAB_ITEMS 250

struct item {
	struct item *next;
	char data[1016];
};

static struct item *free_items;

struct item *pool_get(size_t size);
void pool_put(struct item *item);

__attribute__((noinline)) struct item *pool_get(size_t size)
{
	struct item *item;

	if (size > sizeof(item->data))
		return NULL;
	if (!free_items) {
		struct item *slab = malloc(SLAB_ITEMS * sizeof(*slab));

		memset(slab, 0, SLAB_ITEMS * sizeof(*slab));
		for (int i = 0; i < SLAB_ITEMS; i++) {
			slab[i].next = free_items;
			free_items = &slab[i];
		}
	}
	item = free_items;
	free_items = item->next;
	return item;
}

__attribute__((noinline)) void pool_put(struct item *item)
{
	item->next = free_items;
	free_items = item;
}

__attribute__((noinline)) static void checkout(int number, int leak)
{
	struct item *item = pool_get(1000);

	item->data[0] = (char)number;
	if (!leak || number % 20)
		pool_put(item);
}

__attribute__((noinline)) static void browse(int number)
{
	struct item *item = pool_get(1000);

	item->data[0] = (char)number;
	pool_put(item);
}

int main(int argc, char **argv)
{
	int leak = argc > 1 && !strcmp(argv[1], "leak");

	for (int number = 0;; usleep(100000)) {
		for (int i = 0; i < 200; i++) {
			checkout(number, leak);
			browse(number++);
		}
	}
}
