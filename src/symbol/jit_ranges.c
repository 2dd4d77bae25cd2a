// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two lists: settled ranges, sorted and without overlaps, and up to SEEP_JIT_RECENT_MAX recent ones
 * in the order in which they came. Settling sorts the recent ones, later over earlier, and lays
 * them over the settled ones; so a range costs O(log n) on average and a lookup is a binary search,
 * as long as it comes after settling.
 *
 * Names are appended to one block of memory. When that is full, those that no range has any more
 * are dropped (clean_names), and if that frees too little, the map is full.
 */
#include "symbol/jit_ranges.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define NAMES_MIN 4096

/* With more names than this left after a clean-up, the next one would come too soon. */
#define NAMES_KEPT_MAX (SEEP_JIT_NAMES_MAX / 4 * 3)

void seep_jit_ranges_done(struct seep_jit_ranges *ranges)
{
	free(ranges->settled);
	free(ranges->recent);
	free(ranges->names);
	*ranges = (struct seep_jit_ranges){0};
}

size_t seep_jit_ranges_bytes(const struct seep_jit_ranges *ranges)
{
	/* The recent list is allocated at its full length. */
	size_t recent = ranges->recent ? SEEP_JIT_RECENT_MAX : 0;

	return (ranges->num_settled + recent) * sizeof(struct seep_jit_range) +
	       ranges->names_capacity;
}

static uint64_t end_of(const struct seep_jit_range *range)
{
	return range->start + range->size;
}

/*
 * Writes @newer and what it leaves of @older, both ascending and without overlaps, to @out, the
 * same. There are at most @num_older + 2 * @num_newer pieces. @older is used up.
 */
static size_t overlay(struct seep_jit_range *older, size_t num_older,
		      const struct seep_jit_range *newer, size_t num_newer,
		      struct seep_jit_range *out)
{
	size_t i = 0, count = 0;

	for (size_t j = 0; j < num_newer; j++) {
		uint64_t start = newer[j].start, end = end_of(&newer[j]);

		/* 1. What ends before the new range stays as it is. */
		while (i < num_older && end_of(&older[i]) <= start)
			out[count++] = older[i++];
		/* 2. Of one that begins before it, the part in front of it stays. */
		if (i < num_older && older[i].start < start) {
			out[count] = older[i];
			out[count++].size = (uint32_t)(start - older[i].start);
		}
		/* 3. What it covers as a whole goes. */
		while (i < num_older && end_of(&older[i]) <= end)
			i++;
		/* 4. Of one that goes on behind it, the rest stays for the next round. */
		if (i < num_older && older[i].start < end) {
			older[i].size -= (uint32_t)(end - older[i].start);
			older[i].start = end;
		}
		out[count++] = newer[j];
	}
	/* What lies behind the last new range. */
	while (i < num_older)
		out[count++] = older[i++];
	return count;
}

/*
 * Sorts ranges, of which later ones win. N ranges have 2 * N ends, between which there are at most
 * 2 * N - 1 pieces: that is the room in @out and in @scratch. A merge sort, so that no order of
 * coming is slow.
 */
static size_t sort(const struct seep_jit_range *ranges, size_t count, struct seep_jit_range *out,
		   struct seep_jit_range *scratch)
{
	size_t half = count / 2, num_older, num_newer;

	if (count < 2) {
		if (count)
			out[0] = ranges[0];
		return count;
	}
	/* The halves change the roles of the two arrays, so that nothing is copied back. */
	num_older = sort(ranges, half, scratch, out);
	num_newer = sort(ranges + half, count - half, scratch + 2 * half, out + 2 * half);
	return overlay(scratch, num_older, scratch + 2 * half, num_newer, out);
}

int seep_jit_ranges_settle(struct seep_jit_ranges *ranges)
{
	/* The pieces that the recent ranges can make, see sort and overlay. */
	size_t sorted_max = 2 * ranges->num_recent, num_sorted, count;
	SEEP_AUTO_FREE struct seep_jit_range *space = NULL;
	struct seep_jit_range *merged;

	if (!ranges->num_recent)
		return 0;
	/* One half for the result of sorting, the other one as its scratch. */
	space = calloc(2 * sorted_max, sizeof(*space));
	merged = calloc(ranges->num_settled + 2 * sorted_max, sizeof(*merged));
	if (!space || !merged) {
		free(merged);
		return -ENOMEM;
	}
	num_sorted = sort(ranges->recent, ranges->num_recent, space, space + sorted_max);
	/* All recent ranges are newer than what is settled. */
	count = overlay(ranges->settled, ranges->num_settled, space, num_sorted, merged);
	free(ranges->settled);
	free(ranges->recent);
	ranges->settled = merged;
	ranges->num_settled = count;
	ranges->recent = NULL;
	ranges->num_recent = 0;
	return 0;
}

static bool covers(const struct seep_jit_range *range, uint64_t address)
{
	return address >= range->start && address - range->start < range->size;
}

/* The newest range that has @address, NULL if none has. */
static const struct seep_jit_range *find(const struct seep_jit_ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->num_settled;

	/* From the newest to the oldest: the last name that an address was given is its name. */
	for (size_t i = ranges->num_recent; i > 0; i--) {
		if (covers(&ranges->recent[i - 1], address))
			return &ranges->recent[i - 1];
	}
	while (low < high) { /* the last one that does not start behind */
		size_t middle = low + (high - low) / 2;

		if (ranges->settled[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && covers(&ranges->settled[low - 1], address) ? &ranges->settled[low - 1] :
								       NULL;
}

const char *seep_jit_ranges_find(const struct seep_jit_ranges *ranges, uint64_t address)
{
	const struct seep_jit_range *range = find(ranges, address);

	return range ? ranges->names + range->name : NULL;
}

static int compare_names(const void *left, const void *right)
{
	const struct seep_jit_range *a = *(struct seep_jit_range *const *)left;
	const struct seep_jit_range *b = *(struct seep_jit_range *const *)right;

	return a->name < b->name ? -1 : a->name > b->name;
}

/*
 * Drops the names that no range has any more: the others move down, in their order. 0 or -ENOMEM.
 */
static int clean_names(struct seep_jit_ranges *ranges)
{
	SEEP_AUTO_FREE struct seep_jit_range **order = NULL;
	uint32_t last_old = 0, last_new = 0;
	size_t used = 0;
	int error = seep_jit_ranges_settle(ranges);

	if (error)
		return error;
	order = calloc(ranges->num_settled, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < ranges->num_settled; i++)
		order[i] = &ranges->settled[i];
	/* By the place of their names, so that each name moves down over space that is free. */
	qsort(order, ranges->num_settled, sizeof(struct seep_jit_range *), compare_names);
	for (size_t i = 0; i < ranges->num_settled; i++) {
		size_t size;

		/* Ranges that were cut in two, or moved, share their name. */
		if (i == 0 || order[i]->name != last_old) {
			last_old = order[i]->name;
			last_new = (uint32_t)used;
			size = strlen(ranges->names + last_old) + 1;
			memmove(ranges->names + used, ranges->names + last_old, size);
			used += size;
		}
		order[i]->name = last_new;
	}
	ranges->names_used = used;
	return 0;
}

/* The cap is checked against settled ranges, so it may be exceeded by those that are recent. */
bool seep_jit_ranges_has_room(struct seep_jit_ranges *ranges)
{
	if (ranges->num_settled >= SEEP_JIT_RANGES_MAX)
		ranges->full = true;
	return !ranges->full;
}

/* Room for a name of @size bytes with its NUL; sets full if there is none. 0 or -ENOMEM. */
static int reserve_name(struct seep_jit_ranges *ranges, size_t size)
{
	size_t capacity = ranges->names_capacity ? ranges->names_capacity : NAMES_MIN;
	char *names;
	int error;

	if (size > SEEP_JIT_NAMES_MAX - ranges->names_used) {
		error = clean_names(ranges);
		if (error)
			return error;
		/* Otherwise each name would soon cost a clean-up of its own. */
		ranges->full |= ranges->names_used > NAMES_KEPT_MAX;
		if (ranges->full)
			return 0;
	}
	while (capacity - ranges->names_used < size)
		capacity *= 2;
	if (capacity == ranges->names_capacity)
		return 0;
	names = realloc(ranges->names, capacity);
	if (!names)
		return -ENOMEM;
	ranges->names = names;
	ranges->names_capacity = capacity;
	return 0;
}

/* Adds to the recent ranges, and settles them when the list is full. 0 or -ENOMEM. */
static int append(struct seep_jit_ranges *ranges, struct seep_jit_range range)
{
	if (!ranges->recent)
		ranges->recent = calloc(SEEP_JIT_RECENT_MAX, sizeof(*ranges->recent));
	if (!ranges->recent)
		return -ENOMEM;
	ranges->recent[ranges->num_recent++] = range;
	return ranges->num_recent == SEEP_JIT_RECENT_MAX ? seep_jit_ranges_settle(ranges) : 0;
}

/* Code larger than 4 GiB or past the end of all addresses is a lie. */
static bool is_sound(uint64_t start, uint64_t size)
{
	return size && size <= UINT32_MAX && start <= UINT64_MAX - size;
}

int seep_jit_ranges_add(struct seep_jit_ranges *ranges, uint64_t start, uint64_t size,
			const char *name, size_t length)
{
	struct seep_jit_range range = {.start = start, .size = (uint32_t)size};
	int error;

	/* In a jitdump the name ends with a NUL, before the code bytes. */
	length = strnlen(name, length < SEEP_JIT_NAME_MAX_BYTES ? length : SEEP_JIT_NAME_MAX_BYTES);
	if (!is_sound(start, size) || !length || !seep_jit_ranges_has_room(ranges))
		return 0;
	error = reserve_name(ranges, length + 1);
	if (error || ranges->full)
		return error;
	/* SEEP_JIT_NAMES_MAX is below 4 GiB. */
	range.name = (uint32_t)ranges->names_used;
	memcpy(ranges->names + ranges->names_used, name, length);
	ranges->names[ranges->names_used + length] = '\0';
	ranges->names_used += length + 1;
	return append(ranges, range);
}

int seep_jit_ranges_add_like(struct seep_jit_ranges *ranges, uint64_t start, uint64_t size,
			     uint64_t known)
{
	const struct seep_jit_range *like = find(ranges, known);
	struct seep_jit_range range = {.start = start, .size = (uint32_t)size};

	if (!like || !is_sound(start, size) || !seep_jit_ranges_has_room(ranges))
		return 0;
	range.name = like->name;
	return append(ranges, range);
}
