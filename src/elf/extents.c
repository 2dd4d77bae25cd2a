// SPDX-License-Identifier: GPL-2.0-only
#include "elf/extents.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/numbers.h"
#include "elf/extents_private.h"

/* FDEs of one file: libxul has 300,000. */
#define EXTENTS_MAX (4u << 20)

int seep_cfi_extents_add(struct seep_cfi_extents *extents, const struct seep_cfi_fde *fde)
{
	/* A range must not wrap around, so that its end is above its start. */
	if (!fde->length || fde->length > UINT64_MAX - fde->address)
		return -EINVAL;
	if (extents->count == EXTENTS_MAX)
		return -E2BIG;
	if (extents->count == extents->capacity) {
		size_t capacity = extents->capacity ? 2 * extents->capacity : 256;
		void *grown = reallocarray(extents->list, capacity, sizeof(*extents->list));

		if (!grown)
			return -ENOMEM;
		extents->list = grown;
		extents->capacity = capacity;
	}
	extents->list[extents->count++] =
		(struct seep_range){fde->address, fde->address + fde->length};
	return 0;
}

static int compare_starts(const void *left, const void *right)
{
	const struct seep_range *a = left, *b = right;

	return seep_order(a->start, b->start);
}

int seep_extents_read(const struct seep_image *image, struct seep_extents *ret_extents)
{
	struct seep_cfi_extents extents = {0};
	int error = seep_cfi_read_extents(image, &extents);

	if (error) {
		free(extents.list);
		return error;
	}
	/* FDEs may come in any order. */
	qsort(extents.list, extents.count, sizeof(*extents.list), compare_starts);
	*ret_extents = (struct seep_extents){extents.count, extents.list};
	return 0;
}

void seep_extents_done(struct seep_extents *extents)
{
	free(extents->list);
	*extents = (struct seep_extents){0};
}

/* Of ranges that overlap, which only a crafted file has, the one that begins last is asked. */
const struct seep_range *seep_extents_find(const struct seep_extents *extents, uint64_t address)
{
	size_t low = 0, high = extents->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extents->list[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < extents->list[low - 1].end ? &extents->list[low - 1] : NULL;
}

enum seep_entry_kind seep_extents_entry(const struct seep_extents *extents, uint64_t address)
{
	const struct seep_range *piece = seep_extents_find(extents, address);

	if (!piece)
		return SEEP_ENTRY_UNKNOWN;
	return piece->start == address ? SEEP_ENTRY_BEGINS : SEEP_ENTRY_INSIDE;
}
