// SPDX-License-Identifier: GPL-2.0-only
/*
 * Concluding: rate, class, pattern, confidence, limit and severity of a site, in this order, as
 * each needs those before. Called by the judge for a site that is due (record.c); a pure function
 * of the measurements and of the limits of the process.
 */
#include "verdict/verdict.h"

#include <math.h>

#include "verdict/windows.h"

/*
 * Severity: by the time that is left to do something (at once, today, this week), or the rate. A
 * MiB in a second is 84 GiB in a day, ten KiB nearly one.
 */
#define HOUR_S	       3600.0
#define DAY_S	       (24 * HOUR_S)
#define WEEK_S	       (7 * DAY_S)
#define HIGH_BYTES     1048576.0
#define MEDIUM_BYTES   10240.0
#define HIGH_OBJECTS   1.0
#define MEDIUM_OBJECTS (1.0 / 60)

/* From here on a verdict is certain; that of a leak is likely at first (SEEP_FILLING_DOUBT). */
#define CERTAIN 0.99

/* No rate is known better than to this share: 15 ms in 30 s. */
#define CLOCK_SHARE 0.0005

static const char *const surenesses[] = {
#define SURENESS_NAME(name, key) [SEEP_SURENESS_##name] = key,
	SEEP_SURENESSES(SURENESS_NAME)
#undef SURENESS_NAME
};

static const char *const severities[] = {
#define SEVERITY_NAME(name, key) [SEEP_SEVERITY_##name] = key,
	SEEP_SEVERITIES(SEVERITY_NAME)
#undef SEVERITY_NAME
};

const char *seep_severity_key(enum seep_severity severity)
{
	return severities[severity];
}

const char *seep_sureness_key(enum seep_sureness sureness)
{
	return surenesses[sureness];
}

enum seep_sureness seep_sureness_of(enum seep_class class, double confidence)
{
	if (class == SEEP_CLASS_WARMING_UP && confidence > 0.5)
		return SEEP_SURENESS_SUSPECTED;
	if (!seep_class_grows(class))
		return SEEP_SURENESS_NONE;
	return confidence >= CERTAIN ? SEEP_SURENESS_CERTAIN : SEEP_SURENESS_LIKELY;
}

/* Steps first: regular ones may have a period too. What does not grow can only oscillate. */
static enum seep_pattern find_pattern(const struct seep_verdict *verdict)
{
	const struct seep_shape *shape = &verdict->measured.shape;
	bool growing = seep_class_grows(verdict->class);

	if (growing && shape->num_steps > 0)
		return SEEP_PATTERN_STEPPED;
	if (shape->period_s > 0)
		return SEEP_PATTERN_OSCILLATING;
	if (!growing)
		return SEEP_PATTERN_NONE;
	return seep_shape_steepens(shape) ? SEEP_PATTERN_ACCELERATING : SEEP_PATTERN_LINEAR;
}

/* The slopes are those of the middles of the first half and of the last third. */
static double acceleration_of(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;

	return (shape->late - shape->early) / (measured->observed_s * (5.0 / 6 - 1.0 / 4));
}

/* Of what accelerates: by the last third of the time observed. */
static struct seep_interval late_rate(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;
	double sample_s = measured->observed_s / (double)measured->num_samples;
	double width = seep_noise_quantile(&measured->trend.noise) * shape->late_deviation;

	/*
	 * The noise is that of the mean rate; chance grows as the square root of the number of
	 * objects.
	 */
	if (measured->trend.slope.value > 0)
		width *= sqrt(fmax(1, shape->late / measured->trend.slope.value));
	/* Where the last third begins and ends is as uncertain as a sample is long. */
	width += acceleration_of(measured) * sample_s;
	return (struct seep_interval){shape->late, shape->late - width, shape->late + width};
}

/*
 * The rate by the method that is the most certain for this form: steps, the last third of what
 * accelerates, the count of what stays, or the trend.
 */
static struct seep_interval find_rate(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;
	const struct seep_interval *slope = &measured->trend.slope;
	struct seep_interval staying = seep_interval_scaled(
		seep_staying_per_s(measured), measured->in_bytes ? measured->bytes_each : 1);

	if (measured->seen.known)
		return seep_windows_rate(measured);
	if (shape->num_steps > 0)
		return shape->step_rate;
	if (shape->valid && seep_shape_steepens(shape))
		return late_rate(measured);
	/*
	 * Counting those that stay does not suffer from those that come and go. Where they differ
	 * in size it says less, but more than a slope that may be none.
	 */
	if (seep_objects_stay(&measured->survival) && measured->ages_known &&
	    (measured->same_size || !measured->in_bytes || slope->low <= 0) &&
	    staying.high - staying.low < 0.5 * (slope->high - slope->low))
		return staying;
	return *slope;
}

bool seep_verdict_refutes(const struct seep_verdict *verdict, double rate)
{
	return verdict->class == SEEP_CLASS_BURST || seep_leak_is_refuted(&verdict->measured, rate);
}

static double find_confidence(const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	double rate = verdict->rate.value;
	double min_observation_s = seep_min_observation_s(measured->in_bytes, rate);
	/* 0.75 at the minimum observation, nearer to 1 with each further one; less before it. */
	double watched = 1 - 0.25 * exp(1 - measured->observed_s / min_observation_s);

	switch (verdict->class) {
	case SEEP_CLASS_LEAK:
		return 1 - seep_filling_doubt(measured, rate);
	case SEEP_CLASS_WARMING_UP:
		if (measured->kept_by_runtime || !seep_leak_is_suspected(measured))
			return 0.5;
		return fmax(0.5, 1 - fmax(SEEP_FILLING_DOUBT, seep_filling_doubt(measured, rate)));
	case SEEP_CLASS_GROWTH:
	case SEEP_CLASS_BURST:
	case SEEP_CLASS_CACHE:
	case SEEP_CLASS_STEADY:
		return fmax(0.5, watched);
	default:
		return 0.5;
	}
}

enum seep_severity seep_severity_of(bool in_bytes, double rate, double eta_s)
{
	enum seep_severity by_rate = SEEP_SEVERITY_LOW;
	enum seep_severity by_time = SEEP_SEVERITY_LOW;

	/*
	 * With NAN no comparison holds: the time that is not known leaves the severity to the rate.
	 */
	if (rate >= (in_bytes ? HIGH_BYTES : HIGH_OBJECTS))
		by_rate = SEEP_SEVERITY_HIGH;
	else if (rate >= (in_bytes ? MEDIUM_BYTES : MEDIUM_OBJECTS))
		by_rate = SEEP_SEVERITY_MEDIUM;
	if (eta_s < HOUR_S)
		by_time = SEEP_SEVERITY_CRITICAL;
	else if (eta_s < DAY_S)
		by_time = SEEP_SEVERITY_HIGH;
	else if (eta_s < WEEK_S)
		by_time = SEEP_SEVERITY_MEDIUM;
	return by_rate > by_time ? by_rate : by_time;
}

/* By how much what multiplies is faster now than it was on average in the last third. */
static double faster_than_late(double multiplies, double observed_s)
{
	double powers = multiplies * observed_s / 3;

	return powers > 0 ? powers / -expm1(-powers) : 1;
}

/*
 * When a limit is met, from now on: the rate is brought forward from the middle of the last third,
 * where it was measured, to the end.
 */
static void look_ahead(struct seep_verdict *verdict,
		       const struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	double observed_s = verdict->measured.observed_s;
	/* What accelerates has become faster since the middle of the last third. */
	double faster = verdict->acceleration * observed_s / 6;
	struct seep_growth growth = {
		.rate = verdict->rate,
		.acceleration = verdict->acceleration,
		.multiplies = verdict->multiplies,
	};

	if (verdict->multiplies.value > 0) {
		growth.rate = seep_interval_scaled(
			growth.rate, faster_than_late(verdict->multiplies.value, observed_s));
	} else {
		growth.rate.value += faster;
		growth.rate.low += faster;
		growth.rate.high += faster;
	}
	verdict->limit =
		seep_exhaust_first(usage, verdict->measured.kind, &growth, &verdict->eta_s);
}

/*
 * In which part of its period an oscillation was when it was first watched, and when last, is
 * chance.
 */
static void allow_for_period(struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	double periods = measured->observed_s / measured->shape.period_s;
	double width = fabs(verdict->rate.value) / (2 * periods);

	verdict->rate.low -= width;
	verdict->rate.high += width;
}

/*
 * What comes in whole objects, or by enlarging one, cannot be told apart from what is one of them
 * faster or slower over all the time. And a snapshot reads its sites one after the other, some ms
 * apart from its time: of a steady rate the series says less than it seems.
 */
static void allow_for_reading(struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	double one = seep_measurements_unit(measured) / measured->observed_s;
	double clock = CLOCK_SHARE * fabs(verdict->rate.value);

	verdict->rate = seep_interval_at_least(verdict->rate, fmax(one, clock));
}

void seep_verdict_conclude(struct seep_verdict *verdict,
			   const struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	const struct seep_measurements *measured = &verdict->measured;
	const struct seep_shape *shape = &measured->shape;

	/*
	 * Class and confidence need the rate, the pattern needs the class. What is not assigned
	 * here (severity, acceleration) stays 0, as the caller has set it.
	 */
	verdict->rate = find_rate(measured);
	allow_for_reading(verdict);
	if (shape->period_s > 0 && shape->num_steps == 0)
		allow_for_period(verdict);
	verdict->class = seep_classify(measured, &verdict->rate);
	verdict->pattern = find_pattern(verdict);
	verdict->period_s = verdict->pattern == SEEP_PATTERN_OSCILLATING ? shape->period_s : 0;
	verdict->leaked = measured->seen.known	   ? measured->seen.staying :
			  measured->survival.valid ? measured->survival.kept :
						     SEEP_INTERVAL_UNKNOWN;
	verdict->confidence = find_confidence(verdict);
	if (verdict->pattern == SEEP_PATTERN_ACCELERATING) {
		verdict->acceleration = acceleration_of(measured);
		verdict->multiplies = seep_shape_multiplies(shape, measured->observed_s);
	}
	verdict->limit = SEEP_LIMIT_COUNT;
	verdict->eta_s = SEEP_INTERVAL_UNKNOWN;
	if (!seep_class_grows(verdict->class))
		return;
	if (usage)
		look_ahead(verdict, usage);
	verdict->severity =
		seep_severity_of(measured->in_bytes, verdict->rate.value, verdict->eta_s.value);
}
