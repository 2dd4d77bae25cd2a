// SPDX-License-Identifier: GPL-2.0-only
/*
 * Added in any order, sorted once, then only looked up. Spans of functions may lie within each
 * other, so a lookup goes back over up to OVERLAPS_MAX spans from the last one that begins before
 * the address; it takes the innermost of those that it sees.
 */
#include "symbol/spans.h"

#include <errno.h>
#include <stdlib.h>

#include "base/vector.h"

#define RANGES_MAX (4u << 20) /* of all units of a file, or of the functions of one unit */
/* How many spans before the nearest one are looked at for an address that it does not cover. */
#define OVERLAPS_MAX 8

int seep_spans_add(struct seep_spans *spans, Dwarf_Die *die, uint32_t item, size_t *ret_added)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t position = 0;
	size_t added = 0;

	while (spans->count < RANGES_MAX &&
	       (position = dwarf_ranges(die, position, &base, &start, &end)) > 0) {
		/* A function that the linker dropped begins at 0. */
		if (!start || start >= end)
			continue;
		if (SEEP_APPEND(spans, ((struct seep_span){start, end, item})))
			return -ENOMEM;
		added++;
	}
	*ret_added = added;
	return 0;
}

static int compare_spans(const void *left, const void *right)
{
	const struct seep_span *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return (a->end < b->end) - (a->end > b->end); /* the inner one last */
}

void seep_spans_sort(struct seep_spans *spans)
{
	if (spans->count)
		qsort(spans->items, spans->count, sizeof(*spans->items), compare_spans);
}

const struct seep_span *seep_spans_find(const struct seep_spans *spans, uint64_t address)
{
	size_t low = 0, high = spans->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spans->items[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* The last that begins before the address may be one nested in the span that covers it. */
	for (size_t i = 0; i < OVERLAPS_MAX && i < low; i++)
		if (address < spans->items[low - 1 - i].end)
			return &spans->items[low - 1 - i];
	return NULL;
}
