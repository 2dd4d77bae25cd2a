/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers over time (what a site has live, what a process has resident) in a fixed amount of
 * memory: a sample of a series is the mean of so many snapshots ("stride"), and when the series is
 * full, neighbours are merged and the stride doubles. A mean keeps the trend as it is, whatever the
 * stride, and does not turn an oscillation that is faster than the samples into a slow one, as
 * leaving samples out would.
 */
#ifndef SEEP_MEASURE_SERIES_H
#define SEEP_MEASURE_SERIES_H

#include <stddef.h>
#include <stdint.h>

/*
 * From 24 to 48 samples once it has been full. The slopes of all pairs are looked at, so the time
 * that an analysis takes grows with the square; twice as many would make a slope hardly more
 * certain.
 */
#define SEEP_SERIES_SAMPLES 48

/* Numbers that are watched together. Who keeps the series says which they are. */
#define SEEP_SERIES_VALUES 4

/*
 * Moments at which two series are compared, at even distances over the time that both have in
 * common.
 */
#define SEEP_SERIES_MOMENTS 24

/*
 * A correlation from here on is worth a word: for 23 independent changes it comes by chance once in
 * 100,000 times.
 */
#define SEEP_CORRELATED 0.8

struct seep_sample {
	double time_s; /* since the trace began */
	double values[SEEP_SERIES_VALUES];
};

struct seep_series {
	size_t num_samples; /* the last may be the mean of fewer than stride snapshots */
	uint32_t stride;
	uint32_t last_filled;	   /* snapshots in the last sample, 1 to stride */
	struct seep_sample latest; /* as it was added */
	struct seep_sample samples[SEEP_SERIES_SAMPLES];
};

void seep_series_init(struct seep_series *series);

/* Adds a snapshot. One that is not later than the one before is left out. */
void seep_series_add(struct seep_series *series, const struct seep_sample *sample);

/*
 * Makes room for what is recent in a series whose samples are single snapshots: the oldest @count
 * of a full one are dropped instead of being merged. Does nothing to one with room.
 */
void seep_series_make_room(struct seep_series *series, size_t count);

/* From the first sample to the latest snapshot; 0 without one. */
double seep_series_span_s(const struct seep_series *series);

/* Copies out times and one of the values, SEEP_SERIES_SAMPLES at most; returns how many. */
size_t seep_series_get(const struct seep_series *series, unsigned int value, double *ret_times,
		       double *ret_values);

/*
 * Do two series grow together? Not whether both grow, which they may do for different reasons, but
 * whether one grows faster when the other does: the rank correlation (Spearman) of how much they
 * change from one moment to the next. From -1 to 1; NAN if the series have too little time in
 * common, or one of them changes as much all the time.
 */
double seep_series_correlation(const struct seep_series *a, unsigned int a_value,
			       const struct seep_series *b, unsigned int b_value);

#endif
