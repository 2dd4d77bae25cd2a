// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trends and their intervals: how often the interval contains the true slope, over many random
 * series.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "measure/series.h"
#include "measure/trend.h"
#include "verdict/random.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct seep_trend fit_even(const double *values, size_t count)
{
	double times[SEEP_SERIES_SAMPLES];
	struct seep_trend trend;

	for (size_t i = 0; i < count; i++)
		times[i] = (double)i;
	seep_trend_fit(times, values, count, &trend);
	return trend;
}

/* Sen 1968, section 6: the data of the example and the estimate. */
static void the_slope_is_that_of_sen(void **state)
{
	const double times[] = {1, 2, 3, 4, 10, 12, 18};
	const double values[] = {9, 15, 19, 20, 45, 55, 78};
	struct seep_trend trend;

	(void)state;
	seep_trend_fit(times, values, LENGTH(times), &trend);
	assert_float_equal(trend.sen.value, 4, 1e-12);
	assert_float_equal(trend.slope.value, 4, 1e-12);
	assert_true(trend.s == 21);
}

/*
 * EPA QA/G-9, Data Quality Assessment, the example of the Mann-Kendall test: 8 pairs rise, 2 fall.
 */
static void the_statistic_is_that_of_the_epa(void **state)
{
	const double values[] = {5, 6, 11, 8, 10};
	struct seep_trend trend = fit_even(values, LENGTH(values));

	(void)state;
	assert_true(trend.s == 6);
	assert_float_equal(trend.variance, 5 * 4 * 15 / 18.0, 1e-12);
	assert_float_equal(trend.z, 5 / sqrt(5 * 4 * 15 / 18.0 * trend.correction), 1e-12);
}

/* Of two groups of three and one of two: n (n-1) (2n+5) less t (t-1) (2t+5) of each. */
static void ties_make_the_variance_smaller(void **state)
{
	const double values[] = {4, 4, 4, 7, 2, 7, 7, 9, 1, 9};
	struct seep_trend trend = fit_even(values, LENGTH(values));

	(void)state;
	assert_float_equal(trend.variance,
			   (10 * 9 * 25 - 3 * 2 * 11 - 3 * 2 * 11 - 2 * 1 * 9) / 18.0, 1e-12);
}

static void a_constant_has_no_trend(void **state)
{
	const double values[] = {3, 3, 3, 3, 3, 3, 3, 3};
	struct seep_trend trend = fit_even(values, LENGTH(values));

	(void)state;
	assert_true(trend.z == 0 && trend.s == 0 && trend.variance == 0);
	assert_true(trend.slope.value == 0 && trend.slope.low == 0 && trend.slope.high == 0);
	assert_false(seep_trend_rises(&trend));
}

static void two_samples_say_nothing_for_certain(void **state)
{
	const double values[] = {3, 8};
	struct seep_trend trend = fit_even(values, 1);

	(void)state;
	assert_int_equal(trend.num_samples, 0);
	trend = fit_even(values, 2);
	assert_true(trend.slope.value == 5);
	assert_true(isinf(trend.slope.low) && isinf(trend.slope.high));
	assert_false(seep_trend_rises(&trend));
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left;
	double b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Against sorting: also with many equal slopes. */
static void slope_and_interval_are_those_of_the_order(void **state)
{
	struct random random = {3};

	(void)state;
	for (size_t run = 0; run < 300; run++) {
		double times[SEEP_SERIES_SAMPLES];
		double values[SEEP_SERIES_SAMPLES];
		double slopes[SEEP_SERIES_SAMPLES * SEEP_SERIES_SAMPLES];
		size_t count = 3 + run % (SEEP_SERIES_SAMPLES - 2);
		size_t pairs = 0;
		struct seep_trend trend;
		double width;

		for (size_t i = 0; i < count; i++) {
			times[i] = (double)i + (run % 2 ? 0 : 0.5 * random_uniform(&random));
			values[i] = run % 3 ? floor(random_between(&random, 0, 4)) :
					      random_normal(&random);
			for (size_t j = 0; j < i; j++)
				slopes[pairs++] = (values[i] - values[j]) / (times[i] - times[j]);
		}
		qsort(slopes, pairs, sizeof(*slopes), compare);
		seep_trend_fit(times, values, count, &trend);
		assert_float_equal(trend.sen.value,
				   (slopes[pairs / 2] + slopes[(pairs - 1) / 2]) / 2, 1e-12);
		width = 1.95996 * sqrt(trend.variance * trend.correction);
		assert_float_equal(trend.sen.low,
				   slopes[(size_t)fmax(0, floor(((double)pairs - width) / 2))],
				   1e-12);
		assert_float_equal(
			trend.sen.high,
			slopes[(size_t)fmin((double)pairs - 1, ceil(((double)pairs + width) / 2))],
			1e-12);
	}
}

/*
 * Equation 12, over the autocorrelations of the ranks that are significant; here the ranks are the
 * values.
 */
static void autocorrelation_is_corrected_as_hamed_and_rao_do(void **state)
{
	/* 1 to 16 in slow waves, with the median slope 0. */
	const double values[] = {14, 16, 10, 6, 4, 1, 2, 3, 7, 11, 12, 13, 15, 9, 8, 5};
	const double n = LENGTH(values);
	struct seep_trend trend = fit_even(values, LENGTH(values));
	double power = 0;
	double sum = 0;

	(void)state;
	assert_true(trend.sen.value == 0);
	for (size_t i = 0; i < LENGTH(values); i++)
		power += (values[i] - 8.5) * (values[i] - 8.5);
	for (size_t lag = 1; lag + 2 < LENGTH(values); lag++) {
		double left = n - (double)lag;
		double product = 0;

		for (size_t i = lag; i < LENGTH(values); i++)
			product += (values[i] - 8.5) * (values[i - lag] - 8.5);
		if (fabs(product / power) > 1.95996 / sqrt(n))
			sum += left * (left - 1) * (left - 2) * product / power;
	}
	assert_float_equal(trend.correction, fmax(1, 1 + 2 / (n * (n - 1) * (n - 2)) * sum), 1e-9);
	assert_float_equal(trend.correction, 1.549921, 1e-6);
}

/* How often the interval has the true slope, of a series with this noise, in percent. */
static double coverage(double scatter, double walk, size_t count)
{
	struct random random = {11};
	const size_t runs = 1000;
	size_t covered = 0;

	for (size_t run = 0; run < runs; run++) {
		double times[SEEP_SERIES_SAMPLES];
		double values[SEEP_SERIES_SAMPLES];
		struct seep_trend trend;
		double level = 0;

		for (size_t i = 0; i < count; i++) {
			level += 5 + walk * random_normal(&random);
			times[i] = (double)i;
			values[i] = level + scatter * random_normal(&random);
		}
		seep_trend_fit(times, values, count, &trend);
		covered += trend.slope.low <= 5 && trend.slope.high >= 5;
	}
	return 100 * (double)covered / (double)runs;
}

static void intervals_have_the_true_slope(void **state)
{
	static const size_t counts[] = {6, 12, 24, 48};

	(void)state;
	for (size_t i = 0; i < LENGTH(counts); i++) {
		assert_true(coverage(3, 0, counts[i]) >= 95);
		assert_true(coverage(0, 3, counts[i]) >= 94);
		assert_true(coverage(3, 1, counts[i]) >= 94);
	}
}

/* A walk without drift looks like a trend; that is what the walk in the noise is for. */
static void a_walk_seldom_rises(void **state)
{
	struct random random = {5};
	size_t rising = 0;

	(void)state;
	for (size_t run = 0; run < 1000; run++) {
		double values[SEEP_SERIES_SAMPLES];
		struct seep_trend trend;
		double level = 0;

		for (size_t i = 0; i < SEEP_SERIES_SAMPLES; i++)
			values[i] = level += random_normal(&random);
		trend = fit_even(values, SEEP_SERIES_SAMPLES);
		rising += seep_trend_rises(&trend);
	}
	assert_true(rising <= 50);
}

static void a_trend_scales_with_its_values(void **state)
{
	const double values[] = {1, 3, 2, 5, 4, 6, 8, 7, 9, 12};
	double tenfold[LENGTH(values)];
	struct seep_trend trend = fit_even(values, LENGTH(values));
	struct seep_trend expected;
	struct seep_trend scaled = seep_trend_scaled(&trend, 10);

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++)
		tenfold[i] = 10 * values[i];
	expected = fit_even(tenfold, LENGTH(values));
	assert_float_equal(scaled.slope.value, expected.slope.value, 1e-9);
	assert_float_equal(scaled.slope.low, expected.slope.low, 1e-9);
	assert_float_equal(scaled.slope.high, expected.slope.high, 1e-9);
	assert_float_equal(scaled.noise.walk, expected.noise.walk, 1e-9);
	assert_float_equal(scaled.z, expected.z, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_slope_is_that_of_sen),
		cmocka_unit_test(the_statistic_is_that_of_the_epa),
		cmocka_unit_test(ties_make_the_variance_smaller),
		cmocka_unit_test(a_constant_has_no_trend),
		cmocka_unit_test(two_samples_say_nothing_for_certain),
		cmocka_unit_test(slope_and_interval_are_those_of_the_order),
		cmocka_unit_test(autocorrelation_is_corrected_as_hamed_and_rao_do),
		cmocka_unit_test(intervals_have_the_true_slope),
		cmocka_unit_test(a_walk_seldom_rises),
		cmocka_unit_test(a_trend_scales_with_its_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
