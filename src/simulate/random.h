/* SPDX-License-Identifier: GPL-2.0-only */
/* Pseudo-random numbers that a seed repeats: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
#ifndef SEEP_SIMULATE_RANDOM_H
#define SEEP_SIMULATE_RANDOM_H

#include <stdint.h>

struct seep_random {
	uint64_t state;
};

static inline uint64_t seep_random_next(struct seep_random *random)
{
	uint64_t value = random->state += 0x9e3779b97f4a7c15;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return value ^ value >> 31;
}

/* From 0, and below 1. */
static inline double seep_random_unit(struct seep_random *random)
{
	return (double)(seep_random_next(random) >> 11) * 0x1p-53;
}

/* From 0, and below @bound, which is not 0. */
static inline uint64_t seep_random_below(struct seep_random *random, uint64_t bound)
{
	return (uint64_t)((unsigned __int128)seep_random_next(random) * bound >> 64);
}

#endif
