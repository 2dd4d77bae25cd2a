/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a series grow, and how fast? By ranks and medians, so that a burst or a gap changes little:
 * the Mann-Kendall test (Kendall, Rank Correlation Methods, 1975) says whether, the slope of Theil
 * and Sen (Sen, J. Am. Stat. Assoc. 63, 1968) how fast.
 */
#ifndef SEEP_MEASURE_TREND_H
#define SEEP_MEASURE_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "measure/interval.h"
#include "measure/noise.h"

struct seep_trend {
	size_t num_samples; /* 0: there were fewer than two, and the rest is 0 */
	/* Mann-Kendall */
	double s;	   /* pairs that rise less pairs that fall */
	double variance;   /* of s without a trend, if samples were independent; ties allowed for */
	double correction; /* what it grows by because they are not: Hamed and Rao, J. Hydrology
			    * 204, 1998; 1 at least */
	double z;	   /* s in standard deviations, continuity corrected */
	/*
	 * Theil-Sen, per second: the median over all pairs of samples. The interval is by the order
	 * of their slopes, from the corrected variance.
	 */
	struct seep_interval sen;
	/*
	 * The same, the interval wider where the noise has a walk in it, of which ranks know
	 * nothing; infinite with two samples.
	 */
	struct seep_interval slope;
	struct seep_noise noise;
};

/* @times in seconds, strictly ascending; at most SEEP_SERIES_SAMPLES. */
void seep_trend_fit(const double *times, const double *values, size_t count,
		    struct seep_trend *ret_trend);

/* The trend of values @factor times as large. */
struct seep_trend seep_trend_scaled(const struct seep_trend *trend, double factor);

/*
 * It rises: the interval excludes zero, and so does the test, more strictly: it is made for
 * thousands of sites, again and again.
 */
bool seep_trend_rises(const struct seep_trend *trend);

/* The same for what is known not to walk, of which the ranks alone tell. */
bool seep_trend_rises_by_rank(const struct seep_trend *trend);

#endif
