/* SPDX-License-Identifier: GPL-2.0-only */
/* An estimate and how certain it is. */
#ifndef SEEP_MEASURE_INTERVAL_H
#define SEEP_MEASURE_INTERVAL_H

#include <math.h>
#include <stdbool.h>

/* The quantile of the normal distribution that bounds 95 % from both sides. */
#define SEEP_Z_95 1.95996

struct seep_interval {
	double value;
	double low; /* 95 % interval; an end that is not known is infinite */
	double high;
};

/* For what is not known at all: every member is NAN. */
#define SEEP_INTERVAL_UNKNOWN ((struct seep_interval){NAN, NAN, NAN})

static inline bool seep_interval_known(const struct seep_interval *interval)
{
	return !isnan(interval->value);
}

static inline struct seep_interval seep_interval_scaled(struct seep_interval interval,
							double factor)
{
	return (struct seep_interval){interval.value * factor, interval.low * factor,
				      interval.high * factor};
}

/* Widened where it does not reach as far as @width to both sides. */
static inline struct seep_interval seep_interval_at_least(struct seep_interval interval,
							  double width)
{
	return (struct seep_interval){interval.value, fmin(interval.low, interval.value - width),
				      fmax(interval.high, interval.value + width)};
}

/*
 * The quantile of Student's distribution with so many degrees of freedom, where that of the normal
 * distribution is @z: by its expansion, which is wide enough for few of them.
 */
double seep_student(double z, double freedom);

/* A share of which @value was found among @count: Wilson's score interval. */
struct seep_interval seep_interval_of_share(double value, double count);

/* The same with any quantile of the normal distribution, SEEP_Z_95 above. */
struct seep_interval seep_interval_of_share_at(double value, double count, double z);

/* The expected number of events where @count happened: the score interval of a Poisson mean. */
struct seep_interval seep_interval_of_count(double count);
struct seep_interval seep_interval_of_count_at(double count, double z);

#endif
