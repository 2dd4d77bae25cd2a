/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers by a seed: a test that fails does so again. */
#ifndef TESTS_UNIT_VERDICT_RANDOM_H
#define TESTS_UNIT_VERDICT_RANDOM_H

#include <math.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* SplitMix64 (Steele, Lea and Flood 2014) */
static inline uint64_t random_bits(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline double random_uniform(struct random *random) /* (0, 1) */
{
	return ((double)(random_bits(random) >> 11) + 0.5) * 0x1p-53;
}

static inline double random_between(struct random *random, double low, double high)
{
	return low + (high - low) * random_uniform(random);
}

/* As many of each order of magnitude. */
static inline double random_scale(struct random *random, double low, double high)
{
	return low * pow(high / low, random_uniform(random));
}

static inline double random_exponential(struct random *random, double mean)
{
	return -mean * log(random_uniform(random));
}

static inline double random_normal(struct random *random)
{
	return sqrt(-2 * log(random_uniform(random))) * cos(2 * M_PI * random_uniform(random));
}

static inline double random_poisson(struct random *random, double mean)
{
	double limit = exp(-mean);
	double product = random_uniform(random);
	double count = 0;

	if (mean > 50)
		return fmax(0, floor(mean + sqrt(mean) * random_normal(random) + 0.5));
	while (product > limit) {
		product *= random_uniform(random);
		count++;
	}
	return count;
}

#endif
