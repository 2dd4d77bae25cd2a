// SPDX-License-Identifier: GPL-2.0-only
#include "symbol/frame_table.h"

#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

/* A power of two, as all capacities: hashes are masked. */
#define CAPACITY_MIN 1024

void seep_frame_table_done(struct seep_frame_table *table)
{
	free(table->slots);
	*table = (struct seep_frame_table){0};
}

/* The slot of @frame, or the free one where it belongs. There is always a free one. */
static struct seep_frame_slot *find_slot(const struct seep_frame_table *table, uint64_t frame)
{
	size_t at = XXH3_64bits(&frame, sizeof(frame));

	for (;; at++) {
		struct seep_frame_slot *slot = &table->slots[at & (table->capacity - 1)];

		if (!slot->location || slot->frame == frame)
			return slot;
	}
}

/* Doubles the table and puts every frame where it belongs in the new one. 0 or -ENOMEM. */
static int grow(struct seep_frame_table *table)
{
	struct seep_frame_table larger = {
		.count = table->count,
		.capacity = table->capacity ? 2 * table->capacity : CAPACITY_MIN,
	};

	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < table->capacity; i++)
		if (table->slots[i].location)
			*find_slot(&larger, table->slots[i].frame) = table->slots[i];
	free(table->slots);
	*table = larger;
	return 0;
}

const struct seep_location *seep_frame_table_find(const struct seep_frame_table *table,
						  uint64_t frame)
{
	return table->capacity ? find_slot(table, frame)->location : NULL;
}

int seep_frame_table_set(struct seep_frame_table *table, uint64_t frame,
			 const struct seep_location *location)
{
	struct seep_frame_slot *slot;

	/* At most three quarters full, so that searches are short and end. */
	if (table->count >= table->capacity - table->capacity / 4 && grow(table))
		return -ENOMEM;
	slot = find_slot(table, frame);
	if (!slot->location)
		table->count++;
	slot->frame = frame;
	slot->location = location;
	return 0;
}
