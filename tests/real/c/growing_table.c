// SPDX-License-Identifier: GPL-2.0-only
/* leak: table_add() enlarges one table for ever, a page at a time, on behalf of many handlers */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *table;
static size_t used, room;

static void table_add(const void *row, size_t size)
{
	if (used + size > room) {
		room += 4096;
		table = realloc(table, room);
	}
	memcpy(table + used, row, size);
	used += size;
}

#define HANDLER(number)                                                                            \
	__attribute__((noinline)) static void handle_##number(void)                                \
	{                                                                                          \
		char row[300 + (number)];                                                          \
                                                                                                   \
		memset(row, number, sizeof(row));                                                  \
		table_add(row, sizeof(row));                                                       \
	}

HANDLER(1)
HANDLER(2)
HANDLER(3)
HANDLER(4)
HANDLER(5)
HANDLER(6)
HANDLER(7)
HANDLER(8)

static void (*const handlers[])(void) = {handle_1, handle_2, handle_3, handle_4,
					 handle_5, handle_6, handle_7, handle_8};

int main(void)
{
	for (unsigned int number = 0;; usleep(100000))
		for (int i = 0; i < 35; i++)
			handlers[number++ % 8]();
}
