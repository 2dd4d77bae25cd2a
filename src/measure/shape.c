// SPDX-License-Identifier: GPL-2.0-only
/*
 * seep_shape_fit looks at a series in four ways: slopes of its parts, heights, steps, period. The
 * questions (steepens, flattens, levelled) are answered from these. Called once for each judged
 * site; the search for a period, quadratic in SEEP_SERIES_SAMPLES, costs most. No allocation.
 */
#include "measure/shape.h"

#include <math.h>
#include <string.h>

#include "measure/series.h"

#define MIN_SAMPLES_OF_PATTERN 6

/* A change of the slope counts if it is this large: rates of real programs vary with their load. */
#define STEEPER_FACTOR 1.6
#define FLATTER_FACTOR 0.75
#define LEVEL_FACTOR   0.2

/* Steps: so much of the growth is in so few of the intervals, at so many places, by so many
 * objects. */
#define STEP_SHARE     0.85
#define STEP_INTERVALS 0.6
#define STEP_FACTOR    1.3 /* times what an even growth has between two samples */
#define STEP_BEGIN     0.1
#define STEP_LENGTH    3
#define MIN_STEPS      3
#define MIN_STEP_UNITS 3

/*
 * Oscillations: autocorrelation of what remains when a parabola is taken away, at trough and
 * period, of which the series has so many; white noise and a walk of 48 samples reach it once in
 * some hundred times.
 */
#define TROUGH	    (-0.35)
#define CREST	    0.45
#define CREST_SIGMA 3.0
#define MIN_PERIODS 2.5
/* A smaller standard deviation, as a share of the level, is no oscillation. */
#define MIN_AMPLITUDE 0.03

/*
 * The slope of the last third is at most so many times that of the first half if growth is even:
 * 5/6 of the way against 1/4, and a little for where samples fall. Beyond, it multiplies.
 */
#define EVEN_FACTOR 3.6
#define MOST_POWERS 60.0
#define BISECTIONS  50

static const struct {
	const char *key;
	const char *text;
} patterns[] = {
#define PATTERN_NAME(name, key, text) [SEEP_PATTERN_##name] = {#key, text},
	SEEP_PATTERNS(PATTERN_NAME)
#undef PATTERN_NAME
};

const char *seep_pattern_key(enum seep_pattern pattern)
{
	return patterns[pattern].key;
}

const char *seep_pattern_text(enum seep_pattern pattern)
{
	return patterns[pattern].text;
}

/* Index of the first sample of the last third by time; two samples at least. */
static size_t last_third(const double *times, size_t count)
{
	double from = times[count - 1] - (times[count - 1] - times[0]) / 3;
	size_t i = count - 2;

	while (i > 0 && times[i - 1] >= from)
		i--;
	return i;
}

static size_t first_half(const double *times, size_t count)
{
	double to = (times[0] + times[count - 1]) / 2;
	size_t i = 2;

	while (i < count && times[i] <= to)
		i++;
	return i;
}

static void fit_parts(const double *times, const double *values, size_t count,
		      const struct seep_noise *noise, struct seep_shape *shape)
{
	seep_noise_slope(noise, times, values, 0, first_half(times, count), &shape->early,
			 &shape->early_deviation);
	seep_noise_slope(noise, times, values, last_third(times, count), count, &shape->late,
			 &shape->late_deviation);
	/* So few samples strain their noise out of what they should be measured by. */
	if (count >= MIN_SAMPLES_OF_PATTERN)
		shape->change_deviation = hypot(shape->early_deviation, shape->late_deviation);
}

/* Peak and end, by means of three: single samples stray. */
static void fit_heights(const double *times, const double *values, size_t count,
			struct seep_shape *shape)
{
	size_t risen = 0;

	for (size_t i = 0; i < count; i++)
		shape->level += values[i] / (double)count;
	shape->peak = -INFINITY;
	for (size_t i = 0; i + 2 < count; i++) {
		shape->last = (values[i] + values[i + 1] + values[i + 2]) / 3;
		shape->peak = fmax(shape->peak, shape->last);
	}
	while (risen + 1 < count && values[risen] < 0.9 * shape->last)
		risen++;
	shape->rise_s = times[risen] - times[0];
	shape->num_rising = risen;
}

static double median_of(double *values, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && values[j] < values[j - 1]; j--) {
			double kept = values[j];

			values[j] = values[j - 1];
			values[j - 1] = kept;
		}
	return values[count / 2];
}

/* The sudden rises of a series, as they are found one after the other. */
struct steps {
	double heights[SEEP_SERIES_SAMPLES];
	size_t count;
	size_t intervals; /* they take, of those between samples */
	double inside;	  /* they rise by, together */
	double first_s;
	double last_s;
};

/*
 * The rise that begins at sample @from: it goes on for as long as values rise at all, because a
 * merged sample may have a part of a step. Returns where it ends.
 */
static size_t add_step(const double *times, const double *values, size_t count, size_t from,
		       struct steps *steps)
{
	double even = (values[count - 1] - values[0]) / (double)(count - 1);
	size_t to = from;
	double height;

	while (to + 1 < count && values[to + 1] - values[to] > STEP_BEGIN * even)
		to++;
	height = values[to] - values[from];
	if (to == from)
		return from + 1;
	if (height <= STEP_FACTOR * even || to - from > STEP_LENGTH)
		return to;
	if (steps->count == 0)
		steps->first_s = times[to];
	steps->last_s = times[to];
	steps->heights[steps->count++] = height;
	steps->intervals += to - from;
	steps->inside += height;
	return to;
}

/*
 * From the first step to the last, because the slope of a few stairs depends on where they are cut
 * off. When a step was is known as exactly as samples are apart; steps differ in height by chance.
 */
static struct seep_interval rate_of_steps(const struct steps *steps, double distance_s)
{
	double count = (double)(steps->count - 1);
	double span_s = steps->last_s - steps->first_s;
	double mean = 0;
	double square = 0;
	double spread;
	double rate;

	for (size_t i = 1; i < steps->count; i++)
		mean += steps->heights[i] / count;
	for (size_t i = 1; i < steps->count; i++)
		square += (steps->heights[i] - mean) * (steps->heights[i] - mean);
	rate = mean * count / span_s;
	spread = 2 * sqrt(square) / (mean * count) + distance_s / span_s;
	return (struct seep_interval){rate, rate * (1 - spread), rate * (1 + spread)};
}

static void fit_steps(const double *times, const double *values, size_t count, double unit,
		      struct seep_shape *shape)
{
	double growth = values[count - 1] - values[0];
	struct steps steps = {0};
	double way = 0;
	double step;

	if (growth <= 0)
		return;
	for (size_t i = 1; i < count; i++)
		way += fabs(values[i] - values[i - 1]);
	for (size_t i = 0; i + 1 < count;)
		i = add_step(times, values, count, i, &steps);
	if (steps.count < MIN_STEPS || way - steps.inside > (1 - STEP_SHARE) * growth ||
	    (double)steps.intervals > STEP_INTERVALS * (double)(count - 1))
		return;
	step = median_of(steps.heights, steps.count);
	if (step < MIN_STEP_UNITS * unit)
		return;
	shape->num_steps = steps.count;
	shape->step = step;
	shape->step_every_s = (steps.last_s - steps.first_s) / (double)(steps.count - 1);
	shape->step_rate =
		rate_of_steps(&steps, (times[count - 1] - times[0]) / (double)(count - 1));
}

/* The values at even distances. */
static void even_out(const double *times, const double *values, size_t count, double *ret_even)
{
	double span = times[count - 1] - times[0];
	size_t right = 1;

	for (size_t i = 0; i < count; i++) {
		double at = times[0] + span * (double)i / (double)(count - 1);
		double share;

		while (right + 1 < count && times[right] < at)
			right++;
		share = (at - times[right - 1]) / (times[right] - times[right - 1]);
		ret_even[i] = values[right - 1] + share * (values[right] - values[right - 1]);
	}
}

/* Takes away what @values have of @basis. */
static void take_away(const double *basis, double *values, size_t count)
{
	double norm = 0;
	double part = 0;

	for (size_t i = 0; i < count; i++) {
		norm += basis[i] * basis[i];
		part += basis[i] * values[i];
	}
	for (size_t i = 0; i < count; i++)
		values[i] -= part / norm * basis[i];
}

/* Takes the parabola that fits best away from values at even distances. */
static void flatten(double *values, size_t count)
{
	double middle = (double)(count - 1) / 2;
	double constant[SEEP_SERIES_SAMPLES] = {0};
	double line[SEEP_SERIES_SAMPLES] = {0};
	double parabola[SEEP_SERIES_SAMPLES] = {0};

	for (size_t i = 0; i < count; i++) {
		constant[i] = 1;
		line[i] = (double)i - middle;
		parabola[i] = line[i] * line[i];
	}
	take_away(constant, parabola, count); /* so the three are orthogonal */
	take_away(constant, values, count);
	take_away(line, values, count);
	take_away(parabola, values, count);
}

/* Of a mean product, so that it does not fade with the distance. */
static double autocorrelation(const double *rest, size_t count, size_t lag, double variance)
{
	double product = 0;

	for (size_t i = lag; i < count; i++)
		product += rest[i] * rest[i - lag];
	return product / (double)(count - lag) / variance;
}

static double crest_of(size_t count)
{
	return fmax(CREST, CREST_SIGMA / sqrt((double)count));
}

static void fit_period(const double *times, const double *values, size_t count, double unit,
		       struct seep_shape *shape)
{
	double rest[SEEP_SERIES_SAMPLES];
	double variance = 0;
	double best = 0;
	size_t period = 0;
	bool trough = false;

	even_out(times, values, count, rest);
	flatten(rest, count);
	for (size_t i = 0; i < count; i++)
		variance += rest[i] * rest[i] / (double)count;
	if (sqrt(variance) < fmax(unit, MIN_AMPLITUDE * fabs(shape->level)) || variance <= 0)
		return;
	for (size_t lag = 1; (double)lag * MIN_PERIODS <= (double)(count - 1); lag++) {
		double value = autocorrelation(rest, count, lag, variance);

		if (period && value < best)
			break;
		trough |= value < TROUGH;
		if (trough && value > fmax(best, crest_of(count - lag))) {
			best = value;
			period = lag;
		}
	}
	if (period == 0)
		return;
	shape->period_s = (double)period * (times[count - 1] - times[0]) / (double)(count - 1);
	shape->amplitude = sqrt(2 * variance);
}

void seep_shape_fit(const double *times, const double *values, size_t count,
		    const struct seep_noise *noise, double unit, struct seep_shape *ret_shape)
{
	memset(ret_shape, 0, sizeof(*ret_shape));
	if (count < SEEP_SHAPE_MIN_SAMPLES)
		return;
	ret_shape->valid = true;
	fit_parts(times, values, count, noise, ret_shape);
	fit_heights(times, values, count, ret_shape);
	if (count < MIN_SAMPLES_OF_PATTERN)
		return;
	fit_steps(times, values, count, unit, ret_shape);
	fit_period(times, values, count, unit, ret_shape);
}

static bool changes(const struct seep_shape *shape, double sigma)
{
	return fabs(shape->late - shape->early) > sigma * shape->change_deviation;
}

bool seep_shape_steepens(const struct seep_shape *shape)
{
	return shape->change_deviation > 0 && shape->late > 0 &&
	       shape->late > STEEPER_FACTOR * fmax(shape->early, 0) &&
	       changes(shape, SEEP_SHAPE_CERTAIN);
}

bool seep_shape_flattens(const struct seep_shape *shape, double sigma)
{
	return shape->late < FLATTER_FACTOR * shape->early && changes(shape, sigma);
}

/* How much steeper the last third is than the first half of a slope that grows e^powers times. */
static double steepening_of(double powers)
{
	double early = expm1(powers / 2) / (powers / 2);
	double late = exp(2 * powers / 3) * expm1(powers / 3) / (powers / 3);

	return late / early;
}

static double powers_of(double steepening)
{
	double low = 0;
	double high = MOST_POWERS;

	if (!(steepening > 1))
		return 0;
	for (unsigned int i = 0; i < BISECTIONS; i++) {
		double middle = (low + high) / 2;

		if (steepening_of(middle) < steepening)
			low = middle;
		else
			high = middle;
	}
	return high;
}

struct seep_interval seep_shape_multiplies(const struct seep_shape *shape, double observed_s)
{
	double early_least = shape->early - shape->early_deviation;
	double late_least = shape->late - shape->late_deviation;
	double least = late_least / (shape->early + shape->early_deviation);
	double most = (shape->late + shape->late_deviation) / early_least;

	if (shape->early <= 0 || observed_s <= 0 || !(least > EVEN_FACTOR))
		return (struct seep_interval){0, 0, 0};
	return seep_interval_scaled(
		(struct seep_interval){
			powers_of(shape->late / shape->early),
			powers_of(least),
			early_least > 0 ? powers_of(most) : MOST_POWERS,
		},
		1 / observed_s);
}

bool seep_shape_levelled(const struct seep_shape *shape)
{
	return seep_shape_flattens(shape, SEEP_SHAPE_CERTAIN) &&
	       shape->late < LEVEL_FACTOR * shape->early;
}
