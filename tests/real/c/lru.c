// SPDX-License-Identifier: GPL-2.0-only
/*
 * healthy: a cache of ENTRIES that drops what was not used for longest; RATE lookups of new
 * keys a second
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct entry {
	struct entry *previous, *next;
	unsigned long key;
	char *value;
};

static struct entry ends = {.previous = &ends, .next = &ends};
static unsigned long count;

static void unlink_entry(struct entry *entry)
{
	entry->previous->next = entry->next;
	entry->next->previous = entry->previous;
}

static void put_first(struct entry *entry)
{
	entry->previous = &ends;
	entry->next = ends.next;
	ends.next->previous = entry;
	ends.next = entry;
}

static void evict(void)
{
	struct entry *last = ends.previous;

	unlink_entry(last);
	free(last->value);
	free(last);
	count--;
}

static void insert(unsigned long key, unsigned long entries)
{
	struct entry *entry;

	if (count == entries)
		evict();
	entry = malloc(sizeof(*entry));
	entry->key = key;
	entry->value = malloc(300 + key % 700);
	snprintf(entry->value, 300, "the value of %lu", key);
	put_first(entry);
	count++;
}

/* Some of the newest are asked for again. */
static void touch(unsigned long key)
{
	struct entry *entry = ends.next;

	for (int i = 0; i < 20 && entry != &ends; i++, entry = entry->next) {
		if (entry->key == key) {
			unlink_entry(entry);
			put_first(entry);
			return;
		}
	}
}

int main(int argc, char **argv)
{
	unsigned long entries = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned long rate = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;

	for (unsigned long key = 0;; usleep(100000)) {
		for (unsigned long i = 0; i < rate / 10; i++) {
			insert(key++, entries);
			touch(key - 1 - key % 10);
		}
	}
}
