// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which class a site is of: the policy, as thresholds and as questions that are asked one after the
 * other. Each question is about the measurements only (trend, shape, survival), so what a site was
 * taken for before does not count here; the judge decides what is kept of that (record.c). Called
 * by seep_verdict_conclude after the rate is known, because the rate decides how long a site is
 * watched before it is called a leak. Nothing is allocated; the time does not depend on the number
 * of samples.
 */
#include "verdict/class.h"

#include <math.h>

#include "verdict/windows.h"

/* Below this a series is no evidence of anything. */
#define MIN_SAMPLES 3

/*
 * Objects stay if of those that got to a quarter of the limit this share, and certainly the other
 * one, got to the limit; if there are this many of them; and if of those that got to the limit not
 * certainly less than this share has been released later.
 */
#define STAY_SHARE     0.8
#define STAY_CERTAINLY 0.5
#define STAY_OBJECTS   5

/*
 * Objects that stay are a leak on their own, without a visible trend, if there are this many recent
 * and this many old ones: so their rates have at most a third of uncertainty.
 */
#define BURIED_OBJECTS 12

/*
 * They still come if the recent rate is this share of the older one; or at least that, if it may be
 * as high by its uncertainty.
 */
#define RECENT_SHARE 0.75
#define RECENT_LEAST 0.5

/*
 * A leak must not be fading, not even probably: by this many standard deviations. More of them
 * where the trend is buried in noise: there the parts of the series say little.
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

static const struct {
	const char *key;
	const char *text;
} classes[] = {
#define CLASS_NAME(name, key, text) [SEEP_CLASS_##name] = {key, text},
	SEEP_CLASSES(CLASS_NAME)
#undef CLASS_NAME
};

const char *seep_class_key(enum seep_class class)
{
	return classes[class].key;
}

const char *seep_class_text(enum seep_class class)
{
	return classes[class].text;
}

struct seep_interval seep_staying_per_s(const struct seep_measurements *measured)
{
	const struct seep_survival *survival = &measured->survival;
	/* Objects that are settle_s old by now were allocated in the time before that. */
	double time_s = measured->observed_s - survival->settle_s;

	return seep_interval_scaled(seep_interval_of_count(survival->recent + survival->old),
				    measured->weight / time_s);
}

/* What ended, or has filled up, has fewer recent ones; few may be fewer by chance. */
bool seep_objects_come(const struct seep_survival *survival)
{
	struct seep_interval recent = seep_interval_of_count(survival->recent);
	double share = survival->old_per_s > 0 ? survival->recent_per_s / survival->old_per_s : 1;

	return share >= RECENT_SHARE ||
	       (share >= RECENT_LEAST && share * recent.high >= survival->recent);
}

bool seep_objects_stay(const struct seep_survival *survival)
{
	return survival->valid && survival->recent >= STAY_OBJECTS &&
	       survival->tail.value >= STAY_SHARE && survival->tail.low >= STAY_CERTAINLY &&
	       survival->late.high >= STAY_SHARE;
}

/* A trend of the objects that hides in the noise, but not in the ages. */
static bool grows_buried(const struct seep_measurements *measured)
{
	const struct seep_survival *survival = &measured->survival;
	const struct seep_trend *trend = &measured->objects_trend;

	return measured->ages_known && survival->recent >= BURIED_OBJECTS &&
	       survival->old >= BURIED_OBJECTS && trend->z > -SEEP_Z_95 &&
	       trend->slope.high > seep_staying_per_s(measured).low;
}

/*
 * It rises. Where objects do not stay, what is live has no memory, and does not walk; of steps the
 * noise knows nothing but their height.
 */
static bool rises(const struct seep_measurements *measured)
{
	bool may_walk = seep_objects_stay(&measured->survival) && measured->shape.num_steps == 0;

	return seep_trend_rises(&measured->trend) ||
	       (!may_walk && seep_trend_rises_by_rank(&measured->trend));
}

/* It is flat, or becomes so: what fills up looks like a leak at first. */
static bool fades(const struct seep_shape *shape, double sigma)
{
	return shape->valid && shape->num_steps == 0 && seep_shape_flattens(shape, sigma);
}

/*
 * Objects have to stay and still come. Beyond that either their ages are evidence enough, or the
 * series has to rise and must not fade.
 */
bool seep_leak_is_suspected(const struct seep_measurements *measured)
{
	const struct seep_shape *shape = &measured->shape;

	if (measured->seen.known)
		return seep_windows_suspect_leak(measured);
	if (!seep_objects_stay(&measured->survival) || !seep_objects_come(&measured->survival))
		return false;
	if (grows_buried(measured) && !fades(shape, FADES_BURIED))
		return true;
	return rises(measured) && shape->late > 0 && !fades(shape, FADES);
}

/* Growth that matters, against what lives, and that has not come to an end. */
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
	       seep_measurements_enlarged(measured) && measured->shape.valid &&
	       measured->shape.rise_s > measured->observed_s / 2;
}

/*
 * The fall has to be large against the peak, against the noise, and against what as many
 * independent objects vary by chance. Oscillations are not bursts, they come back.
 */
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

/* Long enough, so that it does not only fill up. */
static bool is_watched(const struct seep_measurements *measured, const struct seep_interval *rate)
{
	return measured->observed_s >= SEEP_FILLING_LEAST_S &&
	       seep_filling_doubt(measured, rate->value) <= SEEP_FILLING_DOUBT;
}

/*
 * Asked in this order: a leak, unless it is normal that objects stay; what has levelled; what
 * fades; and then whether the rest grows at all. Growth without objects that stay is weaker
 * evidence and takes twice the minimum observation.
 */
static enum seep_class classify_growth(const struct seep_measurements *measured,
				       const struct seep_interval *rate)
{
	double min_observation_s = seep_min_observation_s(measured->in_bytes, rate->value);

	if (!measured->kept_by_runtime && seep_leak_is_suspected(measured))
		return rate->low > 0 && is_watched(measured, rate) ? SEEP_CLASS_LEAK :
								     SEEP_CLASS_WARMING_UP;
	if (measured->shape.valid && seep_shape_levelled(&measured->shape))
		return is_full(measured) ? SEEP_CLASS_CACHE : SEEP_CLASS_STEADY;
	if (fades(&measured->shape, SEEP_SHAPE_CERTAIN) ||
	    (seep_objects_stay(&measured->survival) && grows(measured) &&
	     fades(&measured->shape, FADES)))
		return SEEP_CLASS_WARMING_UP;
	if (!grows(measured) && !is_enlarged(measured))
		return is_full(measured) ? SEEP_CLASS_CACHE : SEEP_CLASS_STEADY;
	return measured->observed_s >= 2 * min_observation_s ? SEEP_CLASS_GROWTH :
							       SEEP_CLASS_WARMING_UP;
}

enum seep_class seep_classify(const struct seep_measurements *measured,
			      const struct seep_interval *rate)
{
	enum seep_class class;

	if (measured->num_samples < MIN_SAMPLES)
		return SEEP_CLASS_UNKNOWN;
	if (measured->seen.known)
		return seep_windows_classify(measured, rate);
	class = has_burst(measured) ? SEEP_CLASS_BURST : classify_growth(measured, rate);
	/* A leak has its own minimum observation, and warming-up claims nothing. */
	if (class != SEEP_CLASS_LEAK && class != SEEP_CLASS_WARMING_UP &&
	    measured->observed_s < SEEP_OBSERVED_LEAST_S)
		return SEEP_CLASS_UNKNOWN;
	return class;
}

/* Hardly any objects are as young as would be if they still came as they did. */
static bool has_ended(const struct seep_survival *survival)
{
	double expected = survival->old_per_s * (survival->limit_s - survival->settle_s);

	return seep_interval_of_count(survival->recent).high < OVER_SHARE * expected;
}

bool seep_leak_is_refuted(const struct seep_measurements *measured, double rate)
{
	const struct seep_survival *survival = &measured->survival;
	const struct seep_shape *shape = &measured->shape;
	double width = seep_noise_quantile(&measured->trend.noise) * shape->late_deviation;

	if (measured->ages_known && survival->valid &&
	    (survival->tail.high < STAY_SHARE || survival->late.high < STAY_SHARE ||
	     has_ended(survival)))
		return true;
	return shape->valid && shape->late + width < OVER_SHARE * rate;
}
