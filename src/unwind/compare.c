// SPDX-License-Identifier: GPL-2.0-only
#include "unwind/compare.h"

/* Frames up to the first one in a file without a name. */
static size_t known_length(const struct seep_unwound *walk)
{
	size_t length = 0;

	while (length < walk->count && walk->places[length].file != SEEP_PLACE_UNKNOWN)
		length++;
	return length;
}

static bool same_place(const struct seep_place *left, const struct seep_place *right)
{
	return left->file == right->file && left->offset == right->offset;
}

enum seep_agreement seep_unwound_compare(const struct seep_unwound *left,
					 const struct seep_unwound *right, size_t *ret_at)
{
	size_t left_count = known_length(left), right_count = known_length(right), at = 0;
	/* Whole, and every frame of it is in a known file. */
	bool left_whole = left->whole && left_count == left->count;
	bool right_whole = right->whole && right_count == right->count;
	size_t common = left_count < right_count ? left_count : right_count;

	while (at < common && same_place(&left->places[at], &right->places[at]))
		at++;
	*ret_at = at;
	if (at < common)
		return SEEP_AGREEMENT_DIFFERENT;
	/* One walk says that the stack ends here, and the other one goes on. */
	if ((left_whole && right_count > left_count) || (right_whole && left_count > right_count))
		return SEEP_AGREEMENT_DIFFERENT;
	if (left_whole && right_whole)
		return SEEP_AGREEMENT_SAME;
	/* One of them stopped early; as far as it went, they agree. */
	return common < SEEP_AGREEMENT_MIN ? SEEP_AGREEMENT_NONE : SEEP_AGREEMENT_PREFIX;
}
