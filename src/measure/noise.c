// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scatter and walk are told apart by a local level model: a Kalman filter goes over the series once
 * for each candidate of their ratio, and the result is the mean of all by their likelihood. Called
 * for each series that is fitted (trend.c, shape.c); a call takes a fixed number of passes over at
 * most SEEP_SERIES_SAMPLES samples and allocates nothing.
 */
#include "measure/noise.h"

#include <float.h>
#include <math.h>

#include "measure/interval.h"
#include "measure/series.h"

/* With fewer samples a bend is not told from a trend and chance. */
#define MIN_SAMPLES_BEND 8

/* The values, and what is taken from them: a line, and if there are enough of them a parabola. */
#define NUM_COLUMNS 3

/*
 * What of the variance from one sample to the next is walk, the rest scatter: the models to choose
 * from.
 */
static const double walk_shares[] = {0, 0.01, 0.05, 0.2, 0.5, 0.85, 1};

#define NUM_MODELS (sizeof(walk_shares) / sizeof(walk_shares[0]))

/* The samples in the units of the models: the mean distance is 1, times are centered. */
struct samples {
	size_t count;
	size_t num_terms;
	double distance_s;
	double times[SEEP_SERIES_SAMPLES];
	double values[SEEP_SERIES_SAMPLES];
};

/*
 * What is left of values (column 0) and terms when each is predicted from those before: sums of the
 * products, divided by the variance of the prediction.
 */
struct innovations {
	double products[NUM_COLUMNS][NUM_COLUMNS];
	double log_variance;
};

/* What a model says of the samples. */
struct fit {
	double variance;
	double log_likelihood;
};

/*
 * Centered times keep the line and the parabola from being nearly the same column; the mean
 * distance as the unit keeps every variance in the filter about 1.
 */
static void prepare(const double *times, const double *values, size_t count,
		    struct samples *ret_samples)
{
	double middle = (times[0] + times[count - 1]) / 2;

	ret_samples->count = count;
	ret_samples->num_terms = count < MIN_SAMPLES_BEND ? 1 : 2;
	ret_samples->distance_s = (times[count - 1] - times[0]) / (double)(count - 1);
	for (size_t i = 0; i < count; i++) {
		ret_samples->times[i] = (times[i] - middle) / ret_samples->distance_s;
		ret_samples->values[i] = values[i] - values[0];
	}
}

/*
 * The Kalman filter of a level that walks and is seen with scatter (Harvey, Forecasting, 1989, ch.
 * 3).
 */
static void filter(const struct samples *samples, double walk, struct innovations *ret_innovations)
{
	const double *times = samples->times;
	/*
	 * The level starts at the first sample and is as uncertain as one sample is. The terms go
	 * through the same filter as the values: it is linear, so the regression of what is left
	 * (fit_model) allows for the walk.
	 */
	double level[] = {samples->values[0], times[0], times[0] * times[0]};
	double scatter = 1 - walk;
	double uncertain = scatter; /* variance of the level */
	double product = 1;

	*ret_innovations = (struct innovations){0};
	for (size_t i = 1; i < samples->count; i++) {
		double seen[] = {samples->values[i], times[i], times[i] * times[i]};
		double predicted = uncertain + walk * (times[i] - times[i - 1]);
		double inverse = 1 / (predicted + scatter);

		for (size_t a = 0; a < NUM_COLUMNS; a++)
			seen[a] -= level[a];
		for (size_t a = 0; a < NUM_COLUMNS; a++) {
			level[a] += predicted * inverse * seen[a];
			for (size_t b = 0; b <= a; b++)
				ret_innovations->products[a][b] += seen[a] * seen[b] * inverse;
		}
		uncertain = predicted * scatter * inverse;
		product *= inverse; /* of 48 at most, each of a size about 1 */
	}
	ret_innovations->log_variance = -log(product);
}

/*
 * Takes the terms away by least squares (Cholesky, the terms first) and leaves the residual sum of
 * squares and its likelihood, restricted to what does not depend on the terms (REML).
 */
static struct fit fit_model(const struct samples *samples, double walk)
{
	struct innovations innovations;
	double(*products)[NUM_COLUMNS] = innovations.products;
	/* One sample goes to the level at the start, one to each term. */
	double freedom = (double)(samples->count - 1 - samples->num_terms);
	struct fit fit;

	filter(samples, walk, &innovations);
	fit.log_likelihood = -innovations.log_variance;
	for (size_t term = samples->num_terms; term > 0; term--) {
		double norm = products[term][term];

		for (size_t a = 0; a < term; a++)
			for (size_t b = 0; b <= a; b++)
				products[a][b] -= products[term][a] * products[term][b] / norm;
		fit.log_likelihood -= log(norm);
	}
	fit.variance = fmax(products[0][0], 0) / freedom;
	/* Without noise the variance is 0, which has no logarithm. */
	fit.log_likelihood = (fit.log_likelihood - freedom * log(fit.variance + DBL_MIN)) / 2;
	return fit;
}

void seep_noise_estimate(const double *times, const double *values, size_t count,
			 struct seep_noise *ret_noise)
{
	struct samples samples;
	struct fit fits[NUM_MODELS];
	double best = -INFINITY;
	double sum = 0;

	*ret_noise = (struct seep_noise){0};
	if (count < 3)
		return;
	prepare(times, values, count, &samples);
	for (size_t i = 0; i < NUM_MODELS; i++) {
		fits[i] = fit_model(&samples, walk_shares[i]);
		best = fmax(best, fits[i].log_likelihood);
	}
	/* The mean over all models by their likelihood: with few samples none is certain. */
	for (size_t i = 0; i < NUM_MODELS; i++) {
		double weight = exp(fits[i].log_likelihood - best);

		sum += weight;
		ret_noise->scatter += weight * fits[i].variance * (1 - walk_shares[i]);
		ret_noise->walk += weight * fits[i].variance * walk_shares[i] / samples.distance_s;
	}
	ret_noise->scatter /= sum;
	ret_noise->walk /= sum;
	ret_noise->freedom = count < 10 ? 1 : (double)(count - 2) / 8;
}
double seep_noise_deviation(const struct seep_noise *noise, const double *times,
			    const double *weights, size_t count)
{
	double scatter = 0;
	double walk = 0;
	double tail = 0;

	/*
	 * Backwards: a step of the walk is part of all later samples, so it counts with the sum of
	 * their weights.
	 */
	for (size_t i = count; i-- > 0;) {
		scatter += weights[i] * weights[i];
		tail += weights[i];
		if (i > 0)
			walk += tail * tail * (times[i] - times[i - 1]);
	}
	return sqrt(noise->scatter * scatter + noise->walk * walk);
}

double seep_noise_quantile(const struct seep_noise *noise)
{
	/*
	 * 97.5 % quantiles of Student's t with 0 to 4 degrees of freedom, where the expansion below
	 * is not good enough. Between them the line is taken; less than one degree counts as one.
	 */
	static const double few[] = {INFINITY, 12.706, 4.303, 3.182, 2.776};
	double freedom = noise->freedom;

	if (freedom < 4) {
		size_t below = (size_t)freedom;

		if (below == 0)
			return few[freedom > 0];
		return few[below] + (freedom - below) * (few[below + 1] - few[below]);
	}
	/* Cornish-Fisher expansion (Abramowitz and Stegun, 26.7.5). */
	return 1.95996 + 2.37227 / freedom + 2.82250 / (freedom * freedom) +
	       2.55585 / (freedom * freedom * freedom);
}

void seep_noise_slope(const struct seep_noise *noise, const double *times, const double *values,
		      size_t from, size_t to, double *ret_slope, double *ret_deviation)
{
	double weights[SEEP_SERIES_SAMPLES] = {0};
	double mean = 0;
	double square = 0;
	double slope = 0;

	for (size_t i = from; i < to; i++)
		mean += times[i] / (double)(to - from);
	for (size_t i = from; i < to; i++)
		square += (times[i] - mean) * (times[i] - mean);
	for (size_t i = from; i < to; i++) {
		weights[i] = (times[i] - mean) / square;
		slope += weights[i] * values[i];
	}
	/* The weights of a slope sum to 0, so a walk before sample @from cancels out. */
	*ret_slope = slope;
	*ret_deviation = seep_noise_deviation(noise, times, weights, to);
}
