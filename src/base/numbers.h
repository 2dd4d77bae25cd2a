/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SEEP_BASE_NUMBERS_H
#define SEEP_BASE_NUMBERS_H

#include <stdint.h>

/* For qsort: -1, 0 or 1 as @a is less than @b, the same, or more. */
static inline int seep_order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* From one to the other, whichever is larger. */
static inline uint64_t seep_distance(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}

#endif
