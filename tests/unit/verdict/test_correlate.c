// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/series.h"
#include "verdict/random.h"

/*
 * Two sites whose rates go with the same load (values 0 and 1), one whose does not (value 2).
 * @offset_s shifts the moments at which they are seen.
 */
static void watch(uint64_t seed, double offset_s, struct seep_series *ret_series)
{
	struct random load = {7};
	struct random random = {seed};
	struct seep_sample sample = {.time_s = offset_s};

	seep_series_init(ret_series);
	for (size_t i = 0; i < 40; i++) {
		double rate = random_uniform(&load);

		sample.time_s += 10;
		sample.values[0] += 100 * rate;
		sample.values[1] += 7 * rate * rate + 0.1 * random_uniform(&random);
		sample.values[2] += 100 * random_uniform(&random);
		seep_series_add(ret_series, &sample);
	}
}

static void what_grows_with_the_same_load_is_together(void **state)
{
	struct seep_series a;
	struct seep_series b;

	(void)state;
	watch(1, 0, &a);
	watch(2, 0, &b);
	assert_true(seep_series_correlation(&a, 0, &b, 0) == 1);
	assert_true(seep_series_correlation(&a, 0, &b, 1) > SEEP_CORRELATED);
	assert_true(fabs(seep_series_correlation(&a, 0, &b, 2)) < 0.5);
	assert_float_equal(seep_series_correlation(&a, 0, &b, 1),
			   seep_series_correlation(&b, 1, &a, 0), 1e-12);
}

static void moments_need_not_be_the_same(void **state)
{
	struct seep_series a;
	struct seep_series b;

	(void)state;
	watch(1, 0, &a);
	watch(2, 1, &b);
	assert_true(seep_series_correlation(&a, 0, &b, 1) > SEEP_CORRELATED);
}

static void growing_evenly_says_nothing(void **state)
{
	struct seep_series even;
	struct seep_series other;

	(void)state;
	seep_series_init(&even);
	for (size_t i = 1; i <= 40; i++) {
		const struct seep_sample sample = {(double)i * 10, {(double)i / 3, 5, 0}};

		seep_series_add(&even, &sample);
	}
	watch(1, 0, &other);
	assert_true(isnan(seep_series_correlation(&even, 0, &other, 0)));
	assert_true(isnan(seep_series_correlation(&even, 1, &other, 0)));
}

static void without_common_time_nothing_is_known(void **state)
{
	struct seep_series early;
	struct seep_series late;
	struct seep_series empty;

	(void)state;
	watch(1, 0, &early);
	watch(1, 350, &late);
	seep_series_init(&empty);
	assert_true(isnan(seep_series_correlation(&early, 0, &late, 0)));
	assert_true(isnan(seep_series_correlation(&early, 0, &empty, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_grows_with_the_same_load_is_together),
		cmocka_unit_test(moments_need_not_be_the_same),
		cmocka_unit_test(growing_evenly_says_nothing),
		cmocka_unit_test(without_common_time_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
