/* SPDX-License-Identifier: GPL-2.0-only */
#include "verdict/verdict.h"

#include <math.h>

/* Below this a series is no evidence of anything. */
#define MIN_SAMPLES 3

/* Steady, full, and fallen are said of what has been watched for this long. */
#define MIN_OBSERVED_S 20.0

/*
 * The patience with 1 MiB/s, or an object a second if they are counted: caches and pools that
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
 * trend is buried in noise: there the parts of the course say little.
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

double seep_patience_s(bool in_bytes, double rate)
{
	double relative = in_bytes ? rate / PATIENCE_BYTES : rate;

	if (relative <= 0)
		return PATIENCE_LIMIT_S;
	return fmin(PATIENCE_LIMIT_S,
		    fmax(PATIENCE_S, PATIENCE_S * pow(relative, -PATIENCE_POWER)));
}

/* Of the objects, by the ages of those that stay. */
static struct seep_interval staying_per_s(const struct seep_findings *findings)
{
	const struct seep_survival *survival = &findings->survival;
	double time_s = findings->observed_s - survival->settle_s;

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
static bool grows_buried(const struct seep_findings *findings)
{
	const struct seep_survival *survival = &findings->survival;
	const struct seep_trend *trend = &findings->objects_trend;

	return findings->ages_known && survival->recent >= BURIED_OBJECTS &&
	       survival->old >= BURIED_OBJECTS && trend->z > -SEEP_Z_95 &&
	       trend->slope.high > staying_per_s(findings).low;
}

/*
 * It rises. Where objects do not stay, what is live has no memory, and does not walk; of steps the noise
 * knows nothing but their height.
 */
static bool rises(const struct seep_findings *findings)
{
	bool may_walk = stays(&findings->survival) && findings->shape.num_steps == 0;

	return seep_trend_rises(&findings->trend) ||
	       (!may_walk && seep_trend_rises_by_rank(&findings->trend));
}

/* It is flat, or becomes so: what fills up looks like a leak at first. */
static bool fades(const struct seep_shape *shape, double sigma)
{
	return shape->valid && shape->num_steps == 0 && seep_shape_flattens(shape, sigma);
}

static bool leaks(const struct seep_findings *findings)
{
	const struct seep_shape *shape = &findings->shape;

	if (!stays(&findings->survival) || !still_comes(&findings->survival))
		return false;
	if (grows_buried(findings) && !fades(shape, FADES_BURIED))
		return true;
	return rises(findings) && shape->late > 0 && !fades(shape, FADES);
}

static bool grows(const struct seep_findings *findings)
{
	const struct seep_trend *trend = &findings->trend;
	double level = findings->in_bytes ? findings->live_bytes : findings->live_objects;

	return rises(findings) &&
	       trend->slope.value * findings->observed_s > GROWTH_SHARE * level &&
	       !(findings->shape.valid && findings->shape.late <= 0);
}

/* Few objects that become larger. */
static bool is_enlarged(const struct seep_findings *findings)
{
	return findings->in_bytes && findings->trend.z > SEEP_Z_95 &&
	       findings->size_late > ENLARGED * findings->size_early && findings->size_early > 0 &&
	       findings->shape.valid && findings->shape.rise_s > findings->observed_s / 2;
}

static bool has_burst(const struct seep_findings *findings)
{
	const struct seep_shape *shape = &findings->shape;
	double sigma = sqrt(findings->trend.noise.scatter);
	double unit = findings->in_bytes ? findings->bytes_each : 1;

	return shape->valid && shape->period_s == 0 && shape->peak > 0 &&
	       shape->peak - shape->last > BURST_SHARE * shape->peak &&
	       shape->peak - shape->last > BURST_SIGMA * sigma &&
	       shape->peak - shape->last > BURST_CHANCE * sqrt(shape->peak * unit);
}

/* It took its time to fill, and what is in it is old, or always as much. */
static bool is_full(const struct seep_findings *findings)
{
	const struct seep_shape *shape = &findings->shape;
	const struct seep_survival *survival = &findings->survival;

	return shape->valid && shape->rise_s > FILL_SHARE * findings->observed_s &&
	       shape->num_rising > FILL_SAMPLES && survival->valid &&
	       survival->median_s > findings->observed_s / 2 && shape->early > 0;
}

static enum seep_class classify_growth(const struct seep_verdict *verdict)
{
	const struct seep_findings *findings = &verdict->findings;
	double patience_s = seep_patience_s(findings->in_bytes, verdict->rate.value);

	if (leaks(findings))
		return findings->observed_s >= patience_s ? SEEP_CLASS_LEAK : SEEP_CLASS_WARMING_UP;
	if (findings->shape.valid && seep_shape_levelled(&findings->shape))
		return is_full(findings) ? SEEP_CLASS_CACHE : SEEP_CLASS_STEADY;
	if (fades(&findings->shape, SEEP_SHAPE_CERTAIN) ||
	    (stays(&findings->survival) && grows(findings) && fades(&findings->shape, FADES)))
		return SEEP_CLASS_WARMING_UP;
	if (!grows(findings) && !is_enlarged(findings))
		return is_full(findings) ? SEEP_CLASS_CACHE : SEEP_CLASS_STEADY;
	return findings->observed_s >= 2 * patience_s ? SEEP_CLASS_GROWTH : SEEP_CLASS_WARMING_UP;
}

static enum seep_class classify(const struct seep_verdict *verdict)
{
	enum seep_class class;

	if (verdict->findings.num_samples < MIN_SAMPLES)
		return SEEP_CLASS_UNKNOWN;
	class = has_burst(&verdict->findings) ? SEEP_CLASS_BURST : classify_growth(verdict);
	if (class != SEEP_CLASS_LEAK && class != SEEP_CLASS_WARMING_UP &&
	    verdict->findings.observed_s < MIN_OBSERVED_S)
		return SEEP_CLASS_UNKNOWN;
	return class;
}

static enum seep_pattern find_pattern(const struct seep_verdict *verdict)
{
	const struct seep_shape *shape = &verdict->findings.shape;
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
static double acceleration_of(const struct seep_findings *findings)
{
	const struct seep_shape *shape = &findings->shape;

	return (shape->late - shape->early) / (findings->observed_s * (5.0 / 6 - 1.0 / 4));
}

/* Of what accelerates: by the last third of the time observed. */
static struct seep_interval late_rate(const struct seep_findings *findings)
{
	const struct seep_shape *shape = &findings->shape;
	double sample_s = findings->observed_s / (double)findings->num_samples;
	double width = seep_noise_quantile(&findings->trend.noise) * shape->late_deviation;

	/* The noise is that of the mean rate; chance grows as the square root of the number of objects. */
	if (findings->trend.slope.value > 0)
		width *= sqrt(fmax(1, shape->late / findings->trend.slope.value));
	/* Where the last third begins and ends is as uncertain as a sample is long. */
	width += acceleration_of(findings) * sample_s;
	return (struct seep_interval){shape->late, shape->late - width, shape->late + width};
}

static struct seep_interval find_rate(const struct seep_findings *findings)
{
	const struct seep_shape *shape = &findings->shape;
	const struct seep_interval *slope = &findings->trend.slope;
	struct seep_interval staying = seep_interval_scaled(
		staying_per_s(findings), findings->in_bytes ? findings->bytes_each : 1);

	if (shape->num_steps > 0)
		return shape->step_rate;
	if (shape->valid && seep_shape_steepens(shape))
		return late_rate(findings);
	/* Counting those that stay does not suffer from those that come and go. */
	if (stays(&findings->survival) && findings->ages_known &&
	    (findings->same_size || !findings->in_bytes) &&
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
	const struct seep_findings *findings = &verdict->findings;
	const struct seep_survival *survival = &findings->survival;
	const struct seep_shape *shape = &findings->shape;
	double width = seep_noise_quantile(&findings->trend.noise) * shape->late_deviation;

	if (verdict->class == SEEP_CLASS_BURST)
		return true;
	if (findings->ages_known && survival->valid &&
	    (survival->tail.high < STAY_SHARE || has_ended(survival)))
		return true;
	return shape->valid && shape->late + width < OVER_SHARE * rate;
}

static double find_confidence(const struct seep_verdict *verdict)
{
	const struct seep_findings *findings = &verdict->findings;
	double patience_s = seep_patience_s(findings->in_bytes, verdict->rate.value);
	double watched = 1 - 0.25 * exp(1 - findings->observed_s / patience_s);
	double staying = 1 - exp2(-findings->survival.recent);

	switch (verdict->class) {
	case SEEP_CLASS_LEAK:
		return watched * staying * (findings->ages_known ? 1 : 0.8);
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
	double observed_s = verdict->findings.observed_s;
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
		seep_exhaust_first(usage, verdict->findings.kind, &growth, &verdict->eta_s);
}

/* In which part of its period an oscillation was when it was first watched, and when last, is chance. */
static void allow_for_period(struct seep_verdict *verdict)
{
	double width =
		fabs(verdict->rate.value) * verdict->period_s / (2 * verdict->findings.observed_s);

	verdict->rate.low -= width;
	verdict->rate.high += width;
}

/* What comes in whole objects cannot be told apart from what is one faster or slower over all the time. */
static void allow_for_objects(struct seep_verdict *verdict)
{
	const struct seep_findings *findings = &verdict->findings;
	double one = (findings->in_bytes ? findings->bytes_each : 1) / findings->observed_s;

	verdict->rate = seep_interval_at_least(verdict->rate, one);
}

void seep_verdict_conclude(struct seep_verdict *verdict,
			   const struct seep_usage usage[SEEP_LIMIT_COUNT])
{
	const struct seep_findings *findings = &verdict->findings;
	const struct seep_shape *shape = &findings->shape;

	verdict->rate = find_rate(findings);
	allow_for_objects(verdict);
	verdict->class = classify(verdict);
	verdict->pattern = find_pattern(verdict);
	verdict->period_s = verdict->pattern == SEEP_PATTERN_OSCILLATING ? shape->period_s : 0;
	if (verdict->period_s > 0)
		allow_for_period(verdict);
	verdict->leaked =
		findings->survival.valid ? findings->survival.kept : SEEP_INTERVAL_UNKNOWN;
	verdict->confidence = find_confidence(verdict);
	if (verdict->pattern == SEEP_PATTERN_ACCELERATING) {
		verdict->acceleration = acceleration_of(findings);
		verdict->multiplies = seep_shape_multiplies(shape, findings->observed_s);
	}
	verdict->limit = SEEP_LIMIT_COUNT;
	verdict->eta_s = SEEP_INTERVAL_UNKNOWN;
	if (!seep_class_grows(verdict->class))
		return;
	if (usage)
		look_ahead(verdict, usage);
	verdict->severity =
		seep_severity_of(findings->in_bytes, verdict->rate.value, verdict->eta_s.value);
}
