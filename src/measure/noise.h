/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far a series strays from its trend by chance, and so how uncertain a slope is. Two sorts of
 * chance are told apart. Scatter: objects that come and go; each sample strays by itself, and many
 * samples average it out. Walk: objects that come and stay; each is a step that all later samples
 * contain, and more samples in the same time do not help. Taking a walk for scatter is the
 * classical way to certainties that are none (Durlauf and Phillips, Trends versus random walks,
 * Econometrica 56, 1988).
 *
 * Times are in seconds and ascend strictly; a function takes at most SEEP_SERIES_SAMPLES of them.
 */
#ifndef SEEP_MEASURE_NOISE_H
#define SEEP_MEASURE_NOISE_H

#include <stddef.h>

struct seep_noise {
	double scatter; /* variance of a sample */
	double walk;	/* variance of the difference of two samples, per second between them */
	double freedom; /* degrees of freedom of the estimate */
};

/*
 * Estimates both from how much samples stray from the line between their neighbours, near and far.
 * A steady trend does not count as noise, nor does a slowly bending one. With fewer than three
 * samples nothing is known: freedom is 0.
 */
void seep_noise_estimate(const double *times, const double *values, size_t count,
			 struct seep_noise *ret_noise);

/* Standard deviation of sum(weights[i] * values[i]). */
double seep_noise_deviation(const struct seep_noise *noise, const double *times,
			    const double *weights, size_t count);

/*
 * Half of the 95 % interval, in standard deviations: the 97.5 % quantile of Student's t
 * distribution. Infinite if nothing is known.
 */
double seep_noise_quantile(const struct seep_noise *noise);

/*
 * The slope by least squares over samples @from to @to - 1 (two at least), and its standard
 * deviation.
 */
void seep_noise_slope(const struct seep_noise *noise, const double *times, const double *values,
		      size_t from, size_t to, double *ret_slope, double *ret_deviation);

#endif
