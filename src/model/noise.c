/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/noise.h"

#include <math.h>
#include <stdbool.h>

#include "model/series.h"

/* The largest distance looked at is such a part of the series: longer ones are few, and a bend shows. */
#define LAGS_PER_SPAN 6

#define HIDDEN_SHARE 0.5

/* Sums for the fit: y = a * scatter + b * walk, by weighted least squares. */
struct fit {
	double aa;
	double ab;
	double bb;
	double ay;
	double by;
};

/*
 * Adds what the samples say at this distance: a sample strays from the line between those @lag before
 * and @lag behind it by scatter of its own and of theirs (a), and as a Brownian bridge does (b).
 */
static void fit_lag(struct fit *fit, const double *times, const double *values, size_t count,
		    size_t lag)
{
	double a = 0;
	double b = 0;
	double y = 0;
	double weight;

	for (size_t i = lag; i + lag < count; i++) {
		double before = times[i] - times[i - lag];
		double behind = times[i + lag] - times[i];
		double share = before / (before + behind);
		double stray =
			values[i] - values[i - lag] - share * (values[i + lag] - values[i - lag]);

		y += stray * stray;
		a += 1 + share * share + (1 - share) * (1 - share);
		b += share * behind;
	}
	/* A mean of squares is less certain the larger it is and the fewer apart the windows are. */
	weight = 1 / (b * b * (double)lag);
	fit->aa += weight * a * a;
	fit->ab += weight * a * b;
	fit->bb += weight * b * b;
	fit->ay += weight * a * y;
	fit->by += weight * b * y;
}

/*
 * A walk this small would not show: the scatter of the largest windows hides it, as far as their number
 * does not average it out.
 */
static double hidden_walk(const struct seep_noise *noise, const double *times, size_t count)
{
	double window_s = (times[count - 1] - times[0]) / LAGS_PER_SPAN;

	return HIDDEN_SHARE * noise->scatter / window_s / sqrt((double)count);
}

static void solve(const struct fit *fit, bool both, struct seep_noise *noise)
{
	double determinant = fit->aa * fit->bb - fit->ab * fit->ab;

	/* What cannot be told apart counts as walk, the worse of the two. */
	noise->scatter = 0;
	noise->walk = fit->by / fit->bb;
	if (!both || determinant <= 1e-9 * fit->aa * fit->bb)
		return;
	noise->scatter = (fit->ay * fit->bb - fit->by * fit->ab) / determinant;
	noise->walk = (fit->by * fit->aa - fit->ay * fit->ab) / determinant;
	if (noise->scatter < 0) {
		noise->scatter = 0;
		noise->walk = fit->by / fit->bb;
	} else if (noise->walk < 0) {
		noise->walk = 0;
		noise->scatter = fit->ay / fit->aa;
	}
}

void seep_noise_estimate(const double *times, const double *values, size_t count,
			 struct seep_noise *ret_noise)
{
	struct fit fit = {0};
	size_t num_lags = 0;

	*ret_noise = (struct seep_noise){0};
	if (count < 3)
		return;
	for (size_t lag = 1; lag == 1 || LAGS_PER_SPAN * lag <= count;
	     lag += 1 + lag / 2, num_lags++)
		fit_lag(&fit, times, values, count, lag);
	solve(&fit, num_lags > 1, ret_noise);
	ret_noise->walk = fmax(ret_noise->walk, hidden_walk(ret_noise, times, count));
	ret_noise->freedom = count < 10 ? 1 : (double)(count - 2) / 8;
}

double seep_noise_deviation(const struct seep_noise *noise, const double *times,
			    const double *weights, size_t count)
{
	double scatter = 0;
	double walk = 0;
	double tail = 0;

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
	*ret_slope = slope;
	*ret_deviation = seep_noise_deviation(noise, times, weights, to);
}
