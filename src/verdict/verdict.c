/* SPDX-License-Identifier: GPL-2.0-only */
#include "verdict/verdict.h"

#include <math.h>

/* Below this a series is no evidence of anything. */
#define MIN_SAMPLES 3

/* Steady, full, and fallen are said of what has been watched for this long. */
#define MIN_OBSERVED_S 20.0

/*
 * The minimum observation of 1 MiB/s, or an object a second if they are counted: caches and pools that
 * programs fill when they start are mostly full by then. What grows a sixteenth as fast gets twice the time:
 * it does that much less harm meanwhile.
 */
#define PATIENCE_S	 18.0
#define PATIENCE_LIMIT_S 150.0
#define PATIENCE_BYTES	 1048576.0
#define PATIENCE_POWER	 0.25

/*
 * Objects stay if of those that got to a quarter of the limit this share, and certainly the other
 * one, got to the limit; and if there are this many of them.
 */
#define STAY_SHARE     0.8
#define STAY_CERTAINLY 0.5
#define STAY_OBJECTS   5

/*
 * Objects that stay are a leak on their own, without a visible trend, if there are this many recent and
 * this many old ones: so their rates have at most a third of uncertainty.
 */
#define BURIED_OBJECTS 12

/*
 * They still come if the recent rate is this share of the older one; or at least that, if it may be as high
 * by its uncertainty.
 */
#define RECENT_SHARE 0.75
#define RECENT_LEAST 0.5

/*
 * A leak must not be fading, not even probably: by this many standard deviations. More of them where the
 * trend is buried in noise: there the parts of the series say little.
 */
#define FADES	     1.0
#define FADES_BURIED 2.0

/* It is over when it is certainly below this share of what it was. */
#define OVER_SHARE 0.4

/* Growth of less than this share of the level, over the time observed, is not worth a word. */
#define GROWTH_SHARE 0.1

/* A burst: this share of the peak is gone, and it stood this far out of the noise. */
#define BURST_SHARE  0.5
#define BURST_SIGMA  6.0
#define BURST_CHANCE 3.0 /* and so many of those of as many independent objects */

/* A cache took this share of the time observed, or longer, to fill. */
#define FILL_SHARE   0.05
#define FILL_SAMPLES 2

/* A buffer that is enlarged: the mean object is this many times as large as it was. */
#define ENLARGED 1.9

/*
 * Severity: by the time that is left to do something (at once, today, this week), or the rate. A MiB
 * in a second is 84 GiB in a day, ten KiB nearly one.
 */
#define HOUR_S	       3600.0
#define DAY_S	       (24 * HOUR_S)
#define WEEK_S	       (7 * DAY_S)
#define HIGH_BYTES     1048576.0
#define MEDIUM_BYTES   10240.0
#define HIGH_OBJECTS   1.0
#define MEDIUM_OBJECTS (1.0 / 60)

static const struct {
	const char *key;
	const char *text;
} classes[] = {
#define CLASS_NAME(name, key, text) [SEEP_CLASS_##name] = {key, text},
	SEEP_CLASSES(CLASS_NAME)
#undef CLASS_NAME
};

static const char *const severities[] = {
#define SEVERITY_NAME(name, key) [SEEP_SEVERITY_##name] = key,
	SEEP_SEVERITIES(SEVERITY_NAME)
#undef SEVERITY_NAME
};

const char *seep_class_key(enum seep_class class)
{
	return classes[class].key;
}

const char *seep_class_text(enum seep_class class)
{
	return classes[class].text;
}

const char *seep_severity_key(enum seep_severity severity)
{
	return severities[severity];
}

double seep_min_observation_s(bool in_bytes, double rate)
{
	double relative = in_bytes ? rate / PATIENCE_BYTES : rate;

	if (relative <= 0)
		return PATIENCE_LIMIT_S;
	return fmin(PATIENCE_LIMIT_S,
		    fmax(PATIENCE_S, PATIENCE_S * pow(relative, -PATIENCE_POWER)));
}

/* Of the objects, by the ages of those that stay. */
static struct seep_interval staying_per_s(const struct seep_measurements *measured)
{
	const struct seep_survival *survival = &measured->survival;
	double time_s = measured->observed_s - survival->settle_s;

	return seep_interval_scaled(seep_interval_of_count(survival->recent + survival->old),
				    1 / time_s);
}

/* What ended, or has filled up, has fewer recent ones; few may be fewer by chance. */
static bool still_comes(const struct seep_survival *survival)
{
	struct seep_interval recent = seep_interval_of_count(survival->recent);
	double share = survival->old_per_s > 0 ? survival->recent_per_s / survival->old_per_s : 1;

	return share >= RECENT_SHARE ||
	       (share >= RECENT_LEAST && share * recent.high >= survival->recent);
}

static bool stays(const struct seep_survival *survival)
{
	return survival->valid && survival->recent >= STAY_OBJECTS &&
	       survival->tail.value >= STAY_SHARE && survival->tail.low >= STAY_CERTAINLY;
}

/* A trend of the objects that hides in the noise, but not in the ages. */
static bool grows_buried(const struct seep_measurements *measured)
{
	const struct seep_survival *survival = &measured->survival;
	const struct seep_trend *trend = &measured->objects_trend;

	return measured->ages_known && survival->recent >= BURIED_OBJECTS &&
	       survival->old >= BURIED_OBJECTS && trend->z > -SEEP_Z_95 &&
	       trend->slope.high > staying_per_s(measured).low;
}

/*
 * It rises. Where objects do not stay, what is live has no memory, and does not walk; of steps the noise
 * knows nothing but their height.
 */
static bool rises(const struct seep_measurements *measured)
{
	bool may_walk = stays(&measured->survival) && measured->shape.num_steps == 0;

	return seep_trend_rises(&measured->trend) ||
	       (!may_walk && seep_trend_rises_by_rank(&measured->trend));
}

/* It is flat, or becomes so: what fills up looks like a leak at first. */
static bool fades(const struct seep_shape *shape, double sigma)
{
	return shape->valid && shape->num_steps == 0 && seep_shape_flattens(shape, sigma);
}

static bool leaks(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;

	if (!stays(&measured->survival) || !still_comes(&measured->survival))
		return false;
	if (grows_buried(measured) && !fades(shape, FADES_BURIED))
		return true;
	return rises(measured) && shape->late > 0 && !fades(shape, FADES);
}

static bool grows(const struct seep_measurements *measured)
{
	const struct seep_trend *trend = &measured->trend;
	double level = measured->in_bytes ? measured->live_bytes : measured->live_objects;

	return rises(measured) &&
	       trend->slope.value * measured->observed_s > GROWTH_SHARE * level &&
	       !(measured->shape.valid && measured->shape.late <= 0);
}

/* Few objects that become larger. */
static bool is_enlarged(const struct seep_measurements *measured)
{
	return measured->in_bytes && measured->trend.z > SEEP_Z_95 &&
	       measured->size_late > ENLARGED * measured->size_early && measured->size_early > 0 &&
	       measured->shape.valid && measured->shape.rise_s > measured->observed_s / 2;
}

static bool has_burst(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;
	double sigma = sqrt(measured->trend.noise.scatter);
	double unit = measured->in_bytes ? measured->bytes_each : 1;

	return shape->valid && shape->period_s == 0 && shape->peak > 0 &&
	       shape->peak - shape->last > BURST_SHARE * shape->peak &&
	       shape->peak - shape->last > BURST_SIGMA * sigma &&
	       shape->peak - shape->last > BURST_CHANCE * sqrt(shape->peak * unit);
}

/* It took its time to fill, and what is in it is old, or always as much. */
static bool is_full(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;
	const struct seep_survival *survival = &measured->survival;

	return shape->valid && shape->rise_s > FILL_SHARE * measured->observed_s &&
	       shape->num_rising > FILL_SAMPLES && survival->valid &&
	       survival->median_s > measured->observed_s / 2 && shape->early > 0;
}

static enum seep_class classify_growth(const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	double min_observation_s = seep_min_observation_s(measured->in_bytes, verdict->rate.value);

	if (leaks(measured))
		return measured->observed_s >= min_observation_s ? SEEP_CLASS_LEAK :
								   SEEP_CLASS_WARMING_UP;
	if (measured->shape.valid && seep_shape_levelled(&measured->shape))
		return is_full(measured) ? SEEP_CLASS_CACHE : SEEP_CLASS_STEADY;
	if (fades(&measured->shape, SEEP_SHAPE_CERTAIN) ||
	    (stays(&measured->survival) && grows(measured) && fades(&measured->shape, FADES)))
		return SEEP_CLASS_WARMING_UP;
	if (!grows(measured) && !is_enlarged(measured))
		return is_full(measured) ? SEEP_CLASS_CACHE : SEEP_CLASS_STEADY;
	return measured->observed_s >= 2 * min_observation_s ? SEEP_CLASS_GROWTH :
							       SEEP_CLASS_WARMING_UP;
}

static enum seep_class classify(const struct seep_verdict *verdict)
{
	enum seep_class class;

	if (verdict->measured.num_samples < MIN_SAMPLES)
		return SEEP_CLASS_UNKNOWN;
	class = has_burst(&verdict->measured) ? SEEP_CLASS_BURST : classify_growth(verdict);
	if (class != SEEP_CLASS_LEAK && class != SEEP_CLASS_WARMING_UP &&
	    verdict->measured.observed_s < MIN_OBSERVED_S)
		return SEEP_CLASS_UNKNOWN;
	return class;
}

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

	/* The noise is that of the mean rate; chance grows as the square root of the number of objects. */
	if (measured->trend.slope.value > 0)
		width *= sqrt(fmax(1, shape->late / measured->trend.slope.value));
	/* Where the last third begins and ends is as uncertain as a sample is long. */
	width += acceleration_of(measured) * sample_s;
	return (struct seep_interval){shape->late, shape->late - width, shape->late + width};
}

static struct seep_interval find_rate(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;
	const struct seep_interval *slope = &measured->trend.slope;
	struct seep_interval staying = seep_interval_scaled(
		staying_per_s(measured), measured->in_bytes ? measured->bytes_each : 1);

	if (shape->num_steps > 0)
		return shape->step_rate;
	if (shape->valid && seep_shape_steepens(shape))
		return late_rate(measured);
	/* Counting those that stay does not suffer from those that come and go. */
	if (stays(&measured->survival) && measured->ages_known &&
	    (measured->same_size || !measured->in_bytes) &&
	    staying.high - staying.low < 0.5 * (slope->high - slope->low))
		return staying;
	return *slope;
}

/* Hardly any objects are as young as would be if they still came as they did. */
static bool has_ended(const struct seep_survival *survival)
{
	double expected = survival->old_per_s * (survival->limit_s - survival->settle_s);

	return seep_interval_of_count(survival->recent).high < OVER_SHARE * expected;
}

bool seep_verdict_refutes(const struct seep_verdict *verdict, double rate)
{
	const struct seep_measurements *measured = &verdict->measured;
	const struct seep_survival *survival = &measured->survival;
	const struct seep_shape *shape = &measured->shape;
	double width = seep_noise_quantile(&measured->trend.noise) * shape->late_deviation;

	if (verdict->class == SEEP_CLASS_BURST)
		return true;
	if (measured->ages_known && survival->valid &&
	    (survival->tail.high < STAY_SHARE || has_ended(survival)))
		return true;
	return shape->valid && shape->late + width < OVER_SHARE * rate;
}

static double find_confidence(const struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	double min_observation_s = seep_min_observation_s(measured->in_bytes, verdict->rate.value);
	double watched = 1 - 0.25 * exp(1 - measured->observed_s / min_observation_s);
	double staying = 1 - exp2(-measured->survival.recent);

	switch (verdict->class) {
	case SEEP_CLASS_LEAK:
		return watched * staying * (measured->ages_known ? 1 : 0.8);
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

/* In which part of its period an oscillation was when it was first watched, and when last, is chance. */
static void allow_for_period(struct seep_verdict *verdict)
{
	double width =
		fabs(verdict->rate.value) * verdict->period_s / (2 * verdict->measured.observed_s);

	verdict->rate.low -= width;
	verdict->rate.high += width;
}

/* What comes in whole objects cannot be told apart from what is one faster or slower over all the time. */
static void allow_for_objects(struct seep_verdict *verdict)
{
	const struct seep_measurements *measured = &verdict->measured;
	double one = (measured->in_bytes ? measured->bytes_each : 1) / measured->observed_s;

	verdict->rate = seep_interval_at_least(verdict->rate, one);
}

void seep_verdict_conclude(struct seep_verdict *verdict,
			   const struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	const struct seep_measurements *measured = &verdict->measured;
	const struct seep_shape *shape = &measured->shape;

	verdict->rate = find_rate(measured);
	allow_for_objects(verdict);
	verdict->class = classify(verdict);
	verdict->pattern = find_pattern(verdict);
	verdict->period_s = verdict->pattern == SEEP_PATTERN_OSCILLATING ? shape->period_s : 0;
	if (verdict->period_s > 0)
		allow_for_period(verdict);
	verdict->leaked =
		measured->survival.valid ? measured->survival.kept : SEEP_INTERVAL_UNKNOWN;
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
