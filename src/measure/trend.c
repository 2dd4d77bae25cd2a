// SPDX-License-Identifier: GPL-2.0-only
/*
 * All pairs of samples are looked at: at most SEEP_SERIES_SAMPLES^2 / 2 of them, on the stack.
 * Ranks, test, slope, then the widening of its interval by the noise (noise.c), in this order.
 * Medians are picked, not sorted, because this is what judging a site spends most of its time on.
 */
#include "measure/trend.h"

#include <math.h>

#include "measure/series.h"

#define MAX_PAIRS (SEEP_SERIES_SAMPLES * (SEEP_SERIES_SAMPLES - 1) / 2)

/*
 * Quantiles of the normal distribution: for 99 % from both sides, and for all but one in 100,000,
 * where nothing else stands against chance.
 */
#define Z_RISE	  2.5758
#define Z_BY_RANK 4.4172

/*
 * The pivot of pick: the middle one of three values is near the middle of all, also if they are
 * sorted already.
 */
static double middle_of(double a, double b, double c)
{
	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/*
 * Moves those of values[from..to) to the front that are less than @pivot, or also equal to it;
 * returns where the others begin. Without a branch that depends on them: here most of the time
 * goes.
 */
static size_t part(double *values, size_t from, size_t to, double pivot, bool or_equal)
{
	size_t split = from;

	for (size_t i = from; i < to; i++) {
		double value = values[i];

		values[i] = values[split];
		values[split] = value;
		split += value < pivot || (or_equal & (value == pivot));
	}
	return split;
}

/*
 * The value at @rank of the order; smaller ones are before it then, larger ones behind, in this
 * range.
 */
static double pick(double *values, size_t from, size_t to, size_t rank)
{
	while (to - from > 1) {
		double pivot = middle_of(values[from], values[(from + to) / 2], values[to - 1]);
		size_t split = part(values, from, to, pivot, false);

		/*
		 * All in front of @split are less than the pivot: only these matter, or none of
		 * them.
		 */
		if (rank < split) {
			to = split;
			continue;
		}
		from = part(values, split, to, pivot, true);
		/*
		 * Those equal to the pivot were moved together, so many equal slopes end the search
		 * at once.
		 */
		if (rank < from)
			return pivot;
	}
	return values[rank];
}

/*
 * Picking the upper one leaves all smaller values in front of it, and the lower one is the last of
 * those.
 */
static double median(double *values, size_t count)
{
	double upper = pick(values, 0, count, count / 2);

	return count % 2 ? upper : (upper + pick(values, 0, count / 2, count / 2 - 1)) / 2;
}

/* The slopes of all pairs; returns their number. */
static size_t pair_up(const double *times, const double *values, size_t count, double *ret_slopes)
{
	size_t pairs = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			ret_slopes[pairs++] = (values[j] - values[i]) / (times[j] - times[i]);
	return pairs;
}

/*
 * The ranks, from 1; equal values share the mean of theirs. Returns the sum that corrects for them.
 */
static double rank(const double *values, size_t count, double *ret_ranks)
{
	double ties = 0;

	for (size_t i = 0; i < count; i++) {
		size_t below = 0;
		size_t equal = 0;

		for (size_t j = 0; j < count; j++) {
			below += values[j] < values[i];
			equal += values[j] == values[i];
		}
		ret_ranks[i] = (double)below + (double)(equal + 1) / 2;
		/* of a group of t equal values: t (t - 1) (2 t + 5), each bringing its share */
		ties += (double)((equal - 1) * (2 * equal + 5));
	}
	return ties;
}

/* Kendall's s, and how many pairs are tied. */
static double kendall(const double *values, size_t count, size_t *ret_ties)
{
	size_t rising = 0;
	size_t falling = 0;

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++) {
			rising += values[j] > values[i];
			falling += values[j] < values[i];
		}
	*ret_ties = count * (count - 1) / 2 - rising - falling;
	return (double)rising - (double)falling;
}

/* Equation 12 of Hamed and Rao, over the autocorrelations that are significant at 95 %. */
static double correction(const double *ranks, size_t count)
{
	double n = (double)count;
	double middle = (n + 1) / 2;
	double power = 0;
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		power += (ranks[i] - middle) * (ranks[i] - middle);
	for (size_t lag = 1; power > 0 && lag + 2 < count; lag++) {
		double left = (double)(count - lag);
		double product = 0;

		for (size_t i = lag; i < count; i++)
			product += (ranks[i] - middle) * (ranks[i - lag] - middle);
		if (fabs(product) > SEEP_Z_95 * power / sqrt(n))
			sum += left * (left - 1) * (left - 2) * product / power;
	}
	if (count < 3)
		return 1;
	/* Below 1 it would make a trend more certain than independent samples do. */
	return fmax(1, 1 + 2 * sum / (n * (n - 1) * (n - 2)));
}

/*
 * The test itself is over the values; the correction is by the ranks of what the slope leaves over,
 * because a trend by itself makes neighbours alike (Hamed and Rao).
 */
static void test(const double *times, const double *values, size_t count, struct seep_trend *trend)
{
	double ranks[SEEP_SERIES_SAMPLES];
	double rest[SEEP_SERIES_SAMPLES];
	double n = (double)count;
	double variance;
	size_t ties;

	for (size_t i = 0; i < count; i++)
		rest[i] = values[i] - trend->sen.value * times[i];
	trend->s = kendall(values, count, &ties);
	trend->variance = n * (n - 1) * (2 * n + 5) / 18;
	if (ties > 0)
		trend->variance -= rank(values, count, ranks) / 18;
	rank(rest, count, ranks);
	trend->correction = correction(ranks, count);
	variance = trend->variance * trend->correction;
	/*
	 * Without ties s moves in steps of 2, so 1 is the correction for continuity. All values
	 * equal: s is 0, as is the variance, and z stays 0.
	 */
	if (trend->s != 0)
		trend->z = (trend->s - copysign(1, trend->s)) / sqrt(variance);
}

/* Sen's interval; @slopes is reordered. */
static void bound(double *slopes, size_t pairs, struct seep_trend *trend)
{
	double width = SEEP_Z_95 * sqrt(trend->variance * trend->correction);
	/*
	 * Ranks in the order of the slopes: half of the width of the test to both sides of the
	 * middle.
	 */
	double low = floor(((double)pairs - width) / 2);
	double high = ceil(((double)pairs + width) / 2);

	/* The median has split them. */
	trend->sen.low = pick(slopes, 0, pairs / 2 + 1, low < 0 ? 0 : (size_t)low);
	trend->sen.high =
		pick(slopes, pairs / 2, pairs, high >= (double)pairs ? pairs - 1 : (size_t)high);
}

/* The median of the slopes is about as uncertain as the slope by least squares. */
static void widen(const double *times, const double *values, size_t count, struct seep_trend *trend)
{
	double slope;
	double deviation;

	seep_noise_estimate(times, values, count, &trend->noise);
	seep_noise_slope(&trend->noise, times, values, 0, count, &slope, &deviation);
	deviation = trend->noise.freedom > 0 ? deviation * seep_noise_quantile(&trend->noise) :
					       INFINITY;
	trend->slope.value = trend->sen.value;
	trend->slope.low = fmin(trend->sen.low, trend->sen.value - deviation);
	trend->slope.high = fmax(trend->sen.high, trend->sen.value + deviation);
}

void seep_trend_fit(const double *times, const double *values, size_t count,
		    struct seep_trend *ret_trend)
{
	double slopes[MAX_PAIRS];
	size_t pairs;

	*ret_trend = (struct seep_trend){0};
	if (count < 2)
		return;
	/*
	 * The order matters: the median splits the slopes for bound, and test leaves the variance
	 * that bound needs.
	 */
	pairs = pair_up(times, values, count, slopes);
	ret_trend->num_samples = count;
	ret_trend->sen.value = median(slopes, pairs);
	test(times, values, count, ret_trend);
	bound(slopes, pairs, ret_trend);
	widen(times, values, count, ret_trend);
}

struct seep_trend seep_trend_scaled(const struct seep_trend *trend, double factor)
{
	/* What comes of ranks (s, variance, z) does not depend on the unit. */
	struct seep_trend scaled = *trend;

	scaled.sen = seep_interval_scaled(trend->sen, factor);
	scaled.slope = seep_interval_scaled(trend->slope, factor);
	scaled.noise.scatter *= factor * factor;
	scaled.noise.walk *= factor * factor;
	return scaled;
}

bool seep_trend_rises(const struct seep_trend *trend)
{
	return trend->slope.low > 0 && trend->z > Z_RISE;
}

bool seep_trend_rises_by_rank(const struct seep_trend *trend)
{
	return trend->sen.low > 0 && trend->z > Z_BY_RANK;
}
