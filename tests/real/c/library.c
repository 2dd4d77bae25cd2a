// SPDX-License-Identifier: GPL-2.0-only
/*
 * What python/extension.py calls: it keeps what it is given until somebody asks it to release
 * it.
 */
#include <stdlib.h>
#include <string.h>

struct record {
	struct record *next;
	char data[];
};

static struct record *records;

void library_add(const char *data, size_t size);
void library_release(void);

void library_add(const char *data, size_t size)
{
	struct record *record = malloc(sizeof(*record) + size);

	memcpy(record->data, data, size);
	record->next = records;
	records = record;
}

void library_release(void)
{
	while (records) {
		struct record *record = records;

		records = record->next;
		free(record);
	}
}
