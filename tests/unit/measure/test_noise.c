// SPDX-License-Identifier: GPL-2.0-only
/* The noise of a series: level, correlation, and what remains when the trend is removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/noise.h"
#include "measure/series.h"
#include "verdict/random.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Uneven times, as of a loaded machine. */
static void draw(struct random *random, size_t count, double scatter, double walk, double slope,
		 double *ret_times, double *ret_values)
{
	double level = 0;
	double time_s = 0;

	for (size_t i = 0; i < count; i++) {
		double step_s = random_between(random, 5, 15);

		time_s += step_s;
		level += slope * step_s + sqrt(walk * step_s) * random_normal(random);
		ret_times[i] = time_s;
		ret_values[i] = level + sqrt(scatter) * random_normal(random);
	}
}

/* Means of the estimates over many series. */
static struct seep_noise mean_of(double scatter, double walk, double slope)
{
	struct random random = {7};
	struct seep_noise mean = {0};
	const size_t runs = 500;

	for (size_t i = 0; i < runs; i++) {
		double times[SEEP_SERIES_SAMPLES];
		double values[SEEP_SERIES_SAMPLES];
		struct seep_noise noise;

		draw(&random, SEEP_SERIES_SAMPLES, scatter, walk, slope, times, values);
		seep_noise_estimate(times, values, SEEP_SERIES_SAMPLES, &noise);
		mean.scatter += noise.scatter / (double)runs;
		mean.walk += noise.walk / (double)runs;
	}
	return mean;
}

static void scatter_and_walk_are_told_apart(void **state)
{
	struct seep_noise noise;

	(void)state;
	noise = mean_of(100, 0, 0);
	assert_float_equal(noise.scatter, 100, 10);
	assert_true(noise.walk < 0.6); /* some may always hide in that */
	noise = mean_of(0, 4, 0);
	assert_true(noise.scatter < 8);
	assert_float_equal(noise.walk, 4, 0.7); /* a parabola takes some of a walk with it */
	noise = mean_of(100, 4, 0);
	assert_float_equal(noise.scatter, 100, 15);
	assert_float_equal(noise.walk, 4, 0.8);
}

static void a_trend_is_no_noise(void **state)
{
	struct seep_noise flat = mean_of(9, 0.5, 0);
	struct seep_noise steep = mean_of(9, 0.5, 1000);

	(void)state;
	assert_float_equal(flat.scatter, steep.scatter, 1e-3);
	assert_float_equal(flat.walk, steep.walk, 1e-3);
}

static void a_line_has_no_noise(void **state)
{
	const double times[] = {0, 1, 2, 3, 5, 8, 9, 11, 12, 14};
	double values[LENGTH(times)];
	struct seep_noise noise;

	(void)state;
	for (size_t i = 0; i < LENGTH(times); i++)
		values[i] = 1e9 + 1e6 * times[i];
	seep_noise_estimate(times, values, LENGTH(times), &noise);
	assert_true(noise.scatter < 1e-3 && noise.walk < 1e-3);
	for (size_t i = 0; i < LENGTH(times); i++)
		values[i] = 1e9;
	seep_noise_estimate(times, values, LENGTH(times), &noise);
	assert_true(noise.scatter == 0 && noise.walk == 0);
}

static void little_is_known_of_few_samples(void **state)
{
	const double times[] = {0, 1, 2, 3};
	const double values[] = {0, 5, 2, 9};
	struct seep_noise noise;

	(void)state;
	seep_noise_estimate(times, values, 2, &noise);
	assert_true(noise.freedom == 0);
	assert_true(isinf(seep_noise_quantile(&noise)));
	seep_noise_estimate(times, values, 3, &noise);
	assert_true(noise.freedom == 1);
	/*
	 * It strays by 4 from the line of its neighbours: 32 / s if all is walk, 16 * 2 / 3 if
	 * scatter.
	 */
	assert_true(noise.walk > 0 && noise.walk < 32);
	assert_true(noise.scatter > 0 && noise.scatter < 32 / 3.0);
}

/* Table of Student's t distribution, 0.975. */
static void quantiles_are_those_of_student(void **state)
{
	static const struct {
		double freedom;
		double quantile;
	} table[] = {{1, 12.706}, {2, 4.303},  {3, 3.182},  {4, 2.776},	 {5, 2.571},
		     {8, 2.306},  {10, 2.228}, {30, 2.042}, {1e9, 1.960}};

	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		const struct seep_noise noise = {.freedom = table[i].freedom};

		assert_float_equal(seep_noise_quantile(&noise), table[i].quantile, 0.012);
	}
	for (double freedom = 1; freedom < 20; freedom += 0.1) {
		const struct seep_noise less = {.freedom = freedom};
		const struct seep_noise more = {.freedom = freedom + 0.1};

		assert_true(seep_noise_quantile(&less) > seep_noise_quantile(&more));
	}
}

/* By the covariances of all pairs: scatter on the diagonal, a walk has that of the earlier time. */
static void deviations_are_those_of_the_covariance(void **state)
{
	const double times[] = {0, 1, 4, 6, 13};
	const double weights[] = {0.5, -1, 2, 0.25, -1.75};
	const struct seep_noise noise = {.scatter = 3, .walk = 0.7};
	double variance = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(times); i++)
		for (size_t j = 0; j < LENGTH(times); j++)
			variance +=
				weights[i] * weights[j] *
				(noise.walk * fmin(times[i], times[j]) + (i == j) * noise.scatter);
	assert_float_equal(seep_noise_deviation(&noise, times, weights, LENGTH(times)),
			   sqrt(variance), 1e-12);
}

static void slopes_are_those_of_least_squares(void **state)
{
	const double times[] = {0, 2, 3, 5, 9, 20};
	const double values[] = {7, 3, 8, 4, 6, 1e6};
	const struct seep_noise noise = {.scatter = 4};
	double slope;
	double deviation;

	(void)state;
	/* Over 2, 3, 5, 9: mean 4.75, squares 28.75; of products 3 * -2.75 - 8 * 1.75 + ... */
	seep_noise_slope(&noise, times, values, 1, 5, &slope, &deviation);
	assert_float_equal(slope, (3 * -2.75 + 8 * -1.75 + 4 * 0.25 + 6 * 4.25) / 28.75, 1e-12);
	assert_float_equal(deviation, 2 / sqrt(28.75), 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scatter_and_walk_are_told_apart),
		cmocka_unit_test(a_trend_is_no_noise),
		cmocka_unit_test(a_line_has_no_noise),
		cmocka_unit_test(little_is_known_of_few_samples),
		cmocka_unit_test(quantiles_are_those_of_student),
		cmocka_unit_test(deviations_are_those_of_the_covariance),
		cmocka_unit_test(slopes_are_those_of_least_squares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
