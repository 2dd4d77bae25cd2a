/* SPDX-License-Identifier: GPL-2.0-only */
/* Which frames have been resolved: a hash table of 16 bytes per frame, as there are very many. */
#ifndef SEEP_SYMBOL_FRAME_TABLE_H
#define SEEP_SYMBOL_FRAME_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/symbolizer.h"

struct seep_frame_slot {
	uint64_t frame;
	const struct seep_location *location; /* NULL: the slot is free */
};

/* Starts zeroed. */
struct seep_frame_table {
	struct seep_frame_slot *slots;
	size_t count;
	size_t capacity; /* a power of two, or 0 */
};

void seep_frame_table_done(struct seep_frame_table *table);

/* NULL if there is none. */
const struct seep_location *seep_frame_table_find(const struct seep_frame_table *table,
						  uint64_t frame);

/* Adds or replaces. 0 or -ENOMEM. */
int seep_frame_table_set(struct seep_frame_table *table, uint64_t frame,
			 const struct seep_location *location);

#endif
