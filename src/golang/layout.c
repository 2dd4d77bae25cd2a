// SPDX-License-Identifier: GPL-2.0-only
#include "golang/layout.h"

#include <stddef.h>

/* The columns of the list of fields. */
#define NUM_COLUMNS 8

static const uint32_t fields[SEEP_GO_FIELD_COUNT][NUM_COLUMNS] = {
#define FIELD(name, structure, field, ...) [SEEP_GO_##name] = {__VA_ARGS__},
	SEEP_GO_FIELDS(FIELD)
#undef FIELD
};

/* The column of Go 1.18 and so on. */
static const uint8_t columns[] = {0, 0, 0, 1, 2, 3, 4, 5, 6, 7};

/* Go 1.20 is as 1.19 but for these, which were found in a program that Go 1.20.7 has made. */
#define MINOR_20 20

static const struct {
	enum seep_go_field field;
	uint32_t offset;
} fields_of_20[] = {
	{SEEP_GO_GC_GOAL, 48},	      {SEEP_GO_GC_MARKED, 128},	     {SEEP_GO_GC_HEAP, 248},
	{SEEP_GO_MHEAP_SPANS, 92184}, {SEEP_GO_MHEAP_CACHES, 92256},
};

_Static_assert(sizeof(columns) == SEEP_GO_MINOR_LAST - SEEP_GO_MINOR_FIRST + 1, "all versions");

bool seep_go_layout_of_version(unsigned int minor, struct seep_go_layout *ret_layout)
{
	if (minor < SEEP_GO_MINOR_FIRST || minor > SEEP_GO_MINOR_LAST)
		return false;
	for (int i = 0; i < SEEP_GO_FIELD_COUNT; i++)
		ret_layout->offsets[i] = fields[i][columns[minor - SEEP_GO_MINOR_FIRST]];
	for (size_t i = 0; i < sizeof(fields_of_20) / sizeof(fields_of_20[0]); i++) {
		if (minor == MINOR_20)
			ret_layout->offsets[fields_of_20[i].field] = fields_of_20[i].offset;
	}
	return true;
}
