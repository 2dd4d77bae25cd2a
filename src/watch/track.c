// SPDX-License-Identifier: GPL-2.0-only
#include "watch/track.h"

#include "growth/rise.h"
#include "measure/trend.h"

/* Of a recent series that is full so many samples go: at least half an hour or so remains. */
#define FORGOTTEN (SEEP_SERIES_SAMPLES / 2)

void seep_track_init(struct seep_track *track)
{
	seep_series_init(&track->whole);
	seep_series_init(&track->recent);
}

void seep_track_add(struct seep_track *track, const struct seep_sample *sample)
{
	seep_series_add(&track->whole, sample);
	seep_series_make_room(&track->recent, FORGOTTEN);
	seep_series_add(&track->recent, sample);
}

static double mean(const double *values, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += values[i];
	return sum / (double)(to - from);
}

/*
 * What still grows has grown from each third to the next. This costs nothing beside the fits, which
 * look at all pairs, and it spares them for all that only grew once.
 */
static bool may_grow(const double *values, size_t count, double least)
{
	double middle;

	if (count < SEEP_RISE_MIN_SAMPLES || values[count - 1] - values[0] < least / 2)
		return false;
	middle = mean(values, count / 3, 2 * count / 3);
	return middle > mean(values, 0, count / 3) && mean(values, 2 * count / 3, count) > middle;
}

static enum seep_pattern pattern_of(const struct seep_shape *shape)
{
	if (shape->num_steps > 0)
		return SEEP_PATTERN_STEPPED;
	return seep_shape_steepens(shape) ? SEEP_PATTERN_ACCELERATING : SEEP_PATTERN_LINEAR;
}

static bool series_grows(const struct seep_series *series, unsigned int value, bool in_bytes,
			 double least, double unit, struct seep_track_growth *ret_growth)
{
	double times[SEEP_SERIES_SAMPLES], values[SEEP_SERIES_SAMPLES];
	size_t count = seep_series_get(series, value, times, values);
	double span_s = seep_series_span_s(series);
	struct seep_trend trend;
	struct seep_shape shape;

	if (!may_grow(values, count, least))
		return false;
	seep_trend_fit(times, values, count, &trend);
	seep_shape_fit(times, values, count, &trend.noise, unit, &shape);
	if (!seep_rise_goes_on(&trend, &shape, span_s, in_bytes, least))
		return false;
	*ret_growth = (struct seep_track_growth){
		.span_s = span_s,
		.grown = series->latest.values[value] - values[0],
		.rate = trend.slope,
		.pattern = pattern_of(&shape),
	};
	/* The slopes are those of the middles of the first half and of the last third. */
	if (ret_growth->pattern == SEEP_PATTERN_ACCELERATING)
		ret_growth->acceleration =
			(shape.late - shape.early) / (span_s * (5.0 / 6 - 1.0 / 4));
	return true;
}

bool seep_track_grows(const struct seep_track *track, unsigned int value, bool in_bytes,
		      double least, double unit, struct seep_track_growth *ret_growth)
{
	if (series_grows(&track->recent, value, in_bytes, least, unit, ret_growth))
		return true;
	/* As long as nothing was forgotten both are the same. */
	return track->whole.stride > 1 &&
	       series_grows(&track->whole, value, in_bytes, least, unit, ret_growth);
}
