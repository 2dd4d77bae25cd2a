/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sampling by bytes, as arithmetic (docs/developers/sampling.md): how many bytes pass until the
 * next sample, and what a sampled block stands for. Pure, without a map or a helper: the unit tests
 * run it as it is. BPF has no floating point, so there are tables and series in fixed point.
 *
 * Of a Poisson process over the bytes that are allocated, with one point in each @mean of them, a
 * block of s bytes has a point with the chance p = 1 - exp(-s / mean). So it stands for 1 / p
 * blocks (Horvitz and Thompson), which depends on its size alone: the record of a block needs no
 * room for it.
 */
#ifndef SEEP_BPF_DRAW_H
#define SEEP_BPF_DRAW_H

#include "numbers.bpf.h"
#include "seep/sampling.h"

#define DRAW_SHIFT	 24
#define DRAW_LN2	 11629080u /* ln 2, in 2^-DRAW_SHIFT */
#define DRAW_STEPS_SHIFT 6

/* ln(1 + i / 64), in 2^-DRAW_SHIFT. */
static const __u32 draw_logarithms[(1 << DRAW_STEPS_SHIFT) + 1] = {
	0,	  260117,   516263,   768556,	1017112,  1262040,  1503443,  1741421,	1976071,
	2207485,  2435750,  2660951,  2883169,	3102482,  3318965,  3532691,  3743728,	3952143,
	4158001,  4361364,  4562291,  4760840,	4957067,  5151025,  5342767,  5532342,	5719799,
	5905184,  6088544,  6269921,  6449358,	6626896,  6802576,  6976434,  7148510,	7318838,
	7487455,  7654394,  7819688,  7983370,	8145469,  8306018,  8465045,  8622579,	8778647,
	8933277,  9086495,  9238326,  9388795,	9537927,  9685745,  9832271,  9977530,	10121541,
	10264327, 10405907, 10546303, 10685534, 10823619, 10960577, 11096425, 11231183, 11364866,
	11497493, 11629080,
};

/*
 * An exponentially distributed number with the mean 1, in 2^-DRAW_SHIFT: -ln(u) of a number u that
 * is evenly distributed in (0, 1]; @random has its bits. By linear interpolation, which is 2e-5 too
 * much on average.
 */
static __always_inline __u64 draw_exponential(__u32 random)
{
	__u64 value = (__u64)random + 1;
	__u32 exponent = log2_floor(value);
	__u32 fraction = value << (32 - exponent); /* behind the leading one */
	__u32 index = fraction >> (32 - DRAW_STEPS_SHIFT);
	__u64 rest = fraction & ((1u << (32 - DRAW_STEPS_SHIFT)) - 1);
	__u64 low = draw_logarithms[index];
	__u64 step = draw_logarithms[index + 1] - low;

	return (32 - exponent) * (__u64)DRAW_LN2 - low - (step * rest >> (32 - DRAW_STEPS_SHIFT));
}

/* How many bytes pass before the next sample, and one: a block that has as many is sampled. */
static __always_inline __u64 draw_gap(__u32 random, __u64 mean)
{
	return (mean * draw_exponential(random) >> DRAW_SHIFT) + 1;
}

/* What is so many times larger than the mean is sampled always, but for one in nine millions. */
#define DRAW_SURELY_SHIFT 4

/*
 * 1 / (1 - exp(-x)) of x = bytes / mean, in 2^-SEEP_SAMPLE_SHIFT. Up to 1 by the series 1/x + 1/2 +
 * x/12 - x^3/720 + ..., beyond from the half of x, by w(2x) = w(x)^2 / (2 w(x) - 1).
 */
static __always_inline __u64 draw_weight(__u64 bytes, __u64 mean)
{
	const __u64 one = 1ULL << SEEP_SAMPLE_SHIFT;
	__u32 doublings = 0;
	__u64 x, weight;

	if (!bytes)
		bytes = 1;
	if (bytes >> DRAW_SURELY_SHIFT >= mean)
		return one;
	UNROLLED
	for (__u32 i = 0; i < DRAW_SURELY_SHIFT; i++)
		doublings += bytes > mean << i;
	x = (bytes << SEEP_SAMPLE_SHIFT) / mean >> doublings;
	weight = (mean << (SEEP_SAMPLE_SHIFT + doublings)) / bytes + one / 2 + x / 12 -
		 (x * x * x / 720 >> (2 * SEEP_SAMPLE_SHIFT));
	UNROLLED
	for (__u32 i = 0; i < DRAW_SURELY_SHIFT; i++)
		if (i < doublings)
			weight = weight * weight / (2 * weight - one);
	return weight;
}

/* What one block adds to the sums of its site, see struct seep_weighed. @weight: by draw_weight. */
static __always_inline struct seep_weighed draw_weighed(__u64 bytes, __u64 mean, __u64 weight)
{
	const __u64 one = 1ULL << SEEP_SAMPLE_SHIFT;
	struct seep_weighed weighed = {.objects = weight, .bytes = bytes};
	__u64 all, others;

	/* So small products do not lose what is behind the point, and large ones fit. */
	if (weight < 1ULL << 30)
		weighed.object_squares =
			weight * (weight - one) >> (2 * SEEP_SAMPLE_SHIFT - SEEP_SQUARES_SHIFT);
	else
		weighed.object_squares =
			(weight >> SEEP_SAMPLE_SHIFT) * (weight >> SEEP_SAMPLE_SHIFT)
			<< SEEP_SQUARES_SHIFT;
	if (bytes >> DRAW_SURELY_SHIFT >= mean)
		return weighed;
	weighed.bytes = bytes * weight >> SEEP_SAMPLE_SHIFT;
	all = bytes * weight / mean;
	others = bytes * (weight - one) / mean;
	weighed.byte_squares = all * others >> SEEP_SAMPLE_SHIFT;
	return weighed;
}

#endif
