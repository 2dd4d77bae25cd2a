// SPDX-License-Identifier: GPL-2.0-only
/*
 * healthy: a ring with room for ENTRIES, which gets RATE a second; from then on it is
 * overwritten
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ENTRIES 100000

static char *ring[MAX_ENTRIES];

static void push(unsigned long number, unsigned long entries)
{
	char **entry = &ring[number % entries];

	free(*entry);
	*entry = malloc(512);
	memset(*entry, 1, 512);
}

int main(int argc, char **argv)
{
	unsigned long entries = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
	unsigned long rate = argc > 2 ? strtoul(argv[2], NULL, 10) : 200;

	if (!entries || entries > MAX_ENTRIES)
		return 2;
	for (unsigned long number = 0;; usleep(100000))
		for (unsigned long i = 0; i < rate / 10; i++)
			push(number++, entries);
}
