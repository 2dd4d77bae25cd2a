// SPDX-License-Identifier: GPL-2.0-only
/*
 * Samples are merged, never dropped, so a series takes the same memory and time for a minute and
 * for a week. Called by the judge with each snapshot (add), by the fits (get), and by correlated.c
 * for pairs of series: that costs a few thousand operations a pair, and the pairs are bounded
 * there.
 */
#include "measure/series.h"

#include <math.h>
#include <string.h>

#define NUM_CHANGES (SEEP_SERIES_MOMENTS - 1)

/*
 * So many samples of each have to be in the time in common, or values between them are all there
 * is.
 */
#define MIN_SAMPLES (SEEP_SERIES_MOMENTS / 2)

/* Changes that differ by less than this share of the largest do not differ: they were rounded. */
#define SAME_CHANGE 1e-6

void seep_series_init(struct seep_series *series)
{
	series->num_samples = 0;
	series->stride = 1;
	series->last_filled = 1;
}

/* The mean of @a, which stands for @weight snapshots, and of one more. */
static struct seep_sample mean(const struct seep_sample *a, double weight,
			       const struct seep_sample *b)
{
	double share = 1 / (weight + 1);
	struct seep_sample both;

	both.time_s = a->time_s + (b->time_s - a->time_s) * share;
	for (size_t i = 0; i < SEEP_SERIES_VALUES; i++)
		both.values[i] = a->values[i] + (b->values[i] - a->values[i]) * share;
	return both;
}

/* All samples are full when this happens, and their number is even. */
static void halve(struct seep_series *series)
{
	for (size_t i = 0; i < SEEP_SERIES_SAMPLES / 2; i++)
		series->samples[i] = mean(&series->samples[2 * i], 1, &series->samples[2 * i + 1]);
	series->num_samples = SEEP_SERIES_SAMPLES / 2;
	series->stride *= 2;
	series->last_filled = series->stride;
}

/*
 * The latest sample is kept as it came, because the last one of the series may be a mean, whose
 * time lies before it.
 */
void seep_series_add(struct seep_series *series, const struct seep_sample *sample)
{
	struct seep_sample *last = &series->samples[series->num_samples - 1];

	if (series->num_samples > 0 && sample->time_s <= series->latest.time_s)
		return;
	series->latest = *sample;
	/* The last sample does not stand for a whole stride of snapshots yet. */
	if (series->num_samples > 0 && series->last_filled < series->stride) {
		*last = mean(last, series->last_filled, sample);
		series->last_filled++;
		return;
	}
	if (series->num_samples == SEEP_SERIES_SAMPLES)
		halve(series);
	series->samples[series->num_samples++] = *sample;
	series->last_filled = 1;
}

void seep_series_make_room(struct seep_series *series, size_t count)
{
	if (series->num_samples < SEEP_SERIES_SAMPLES || series->stride > 1)
		return;
	series->num_samples -= count;
	memmove(series->samples, series->samples + count,
		series->num_samples * sizeof(series->samples[0]));
}

double seep_series_span_s(const struct seep_series *series)
{
	return series->num_samples ? series->latest.time_s - series->samples[0].time_s : 0;
}

size_t seep_series_get(const struct seep_series *series, unsigned int value, double *ret_times,
		       double *ret_values)
{
	for (size_t i = 0; i < series->num_samples; i++) {
		ret_times[i] = series->samples[i].time_s;
		ret_values[i] = series->samples[i].values[value];
	}
	return series->num_samples;
}

/* Interpolates between the samples around @at_s, which lies within the series. */
static double value_at(const double *times, const double *values, size_t count, double at_s)
{
	size_t right = 1;

	while (right + 1 < count && times[right] < at_s)
		right++;
	return values[right - 1] + (values[right] - values[right - 1]) * (at_s - times[right - 1]) /
					   (times[right] - times[right - 1]);
}

/* Samples of a series that lie in the time in common. */
static size_t count_between(const struct seep_series *series, double from_s, double to_s)
{
	size_t count = 0;

	for (size_t i = 0; i < series->num_samples; i++)
		count += series->samples[i].time_s >= from_s && series->samples[i].time_s <= to_s;
	return count;
}

/*
 * How much a value changes over each of NUM_CHANGES spans of the same length. The samples of two
 * series have other times and strides; these spans are the same for both.
 */
static void take_changes(const struct seep_series *series, unsigned int value, double from_s,
			 double to_s, double *ret_changes)
{
	double times[SEEP_SERIES_SAMPLES];
	double values[SEEP_SERIES_SAMPLES];
	size_t count = seep_series_get(series, value, times, values);
	double step_s = (to_s - from_s) / NUM_CHANGES;
	double before = value_at(times, values, count, from_s);

	for (size_t i = 0; i < NUM_CHANGES; i++) {
		double after = value_at(times, values, count, from_s + (double)(i + 1) * step_s);

		ret_changes[i] = after - before;
		before = after;
	}
}

/* Ranks about their mean, 0; equal changes share theirs. Returns the sum of their squares. */
static double rank(const double *changes, double *ret_ranks)
{
	double largest = 0;
	double sum = 0;

	for (size_t i = 0; i < NUM_CHANGES; i++)
		largest = fmax(largest, fabs(changes[i]));
	for (size_t i = 0; i < NUM_CHANGES; i++) {
		/*
		 * Half for each smaller change, minus half for each larger one: the rank, less the
		 * mean rank.
		 */
		ret_ranks[i] = 0;
		for (size_t j = 0; j < NUM_CHANGES; j++) {
			double difference = changes[i] - changes[j];

			if (fabs(difference) > SAME_CHANGE * largest)
				ret_ranks[i] += difference > 0 ? 0.5 : -0.5;
		}
		sum += ret_ranks[i] * ret_ranks[i];
	}
	return sum;
}

double seep_series_correlation(const struct seep_series *a, unsigned int a_value,
			       const struct seep_series *b, unsigned int b_value)
{
	double changes[NUM_CHANGES];
	double a_ranks[NUM_CHANGES];
	double b_ranks[NUM_CHANGES];
	double product = 0;
	double square;
	double from_s;
	double to_s;

	if (a->num_samples < MIN_SAMPLES || b->num_samples < MIN_SAMPLES)
		return NAN;
	/*
	 * The time that both series have in common. If there is none, no sample is between its
	 * ends.
	 */
	from_s = fmax(a->samples[0].time_s, b->samples[0].time_s);
	to_s = fmin(a->samples[a->num_samples - 1].time_s, b->samples[b->num_samples - 1].time_s);
	if (count_between(a, from_s, to_s) < MIN_SAMPLES ||
	    count_between(b, from_s, to_s) < MIN_SAMPLES)
		return NAN;
	take_changes(a, a_value, from_s, to_s, changes);
	square = rank(changes, a_ranks);
	take_changes(b, b_value, from_s, to_s, changes);
	square *= rank(changes, b_ranks);
	for (size_t i = 0; i < NUM_CHANGES; i++)
		product += a_ranks[i] * b_ranks[i];
	/* Without ranks that differ (a series that changes evenly) there is no correlation. */
	return square > 0 ? product / sqrt(square) : NAN;
}
