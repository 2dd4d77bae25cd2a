/* SPDX-License-Identifier: GPL-2.0-only */
#include "verdict/series.h"

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

void seep_series_add(struct seep_series *series, const struct seep_sample *sample)
{
	struct seep_sample *last = &series->samples[series->num_samples - 1];

	if (series->num_samples > 0 && sample->time_s <= series->latest.time_s)
		return;
	series->latest = *sample;
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
