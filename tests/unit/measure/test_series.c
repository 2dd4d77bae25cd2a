// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/series.h"

static struct seep_sample sample(double time_s, double value)
{
	return (struct seep_sample){time_s, {value, 2 * value, 3}};
}

static void fill(struct seep_series *series, size_t count, double slope)
{
	seep_series_init(series);
	for (size_t i = 0; i < count; i++) {
		struct seep_sample next = sample((double)i, slope * (double)i);

		seep_series_add(series, &next);
	}
}

static void samples_come_back_as_they_were(void **state)
{
	struct seep_series series;
	double times[SEEP_SERIES_SAMPLES];
	double values[SEEP_SERIES_SAMPLES];

	(void)state;
	fill(&series, SEEP_SERIES_SAMPLES, 10);
	assert_int_equal(seep_series_get(&series, 1, times, values), SEEP_SERIES_SAMPLES);
	for (size_t i = 0; i < SEEP_SERIES_SAMPLES; i++) {
		assert_true(times[i] == (double)i);
		assert_true(values[i] == 20 * (double)i);
	}
	assert_true(seep_series_span_s(&series) == SEEP_SERIES_SAMPLES - 1);
}

static void an_empty_series_has_no_span(void **state)
{
	struct seep_series series;

	(void)state;
	fill(&series, 0, 0);
	assert_true(seep_series_span_s(&series) == 0);
	assert_int_equal(series.num_samples, 0);
}

/* However long it is, a line stays the same line. */
static void merging_keeps_a_trend_exactly(void **state)
{
	struct seep_series series;

	(void)state;
	for (size_t count = 1; count < 3000; count = count * 3 / 2 + 1) {
		fill(&series, count, 7);
		assert_true(series.num_samples <= SEEP_SERIES_SAMPLES);
		assert_true(count < SEEP_SERIES_SAMPLES ||
			    series.num_samples > SEEP_SERIES_SAMPLES / 2 - 1);
		for (size_t i = 0; i < series.num_samples; i++) {
			const struct seep_sample *at = &series.samples[i];

			assert_float_equal(at->values[0], 7 * at->time_s, 1e-6);
			assert_true(at->values[2] == 3);
			assert_true(i == 0 || at->time_s > at[-1].time_s);
		}
		assert_true(series.latest.time_s == (double)(count - 1));
	}
}

static void each_sample_is_a_mean_of_as_many(void **state)
{
	struct seep_series series;

	(void)state;
	fill(&series, SEEP_SERIES_SAMPLES + 1, 1);
	assert_int_equal(series.stride, 2);
	assert_int_equal(series.num_samples, SEEP_SERIES_SAMPLES / 2 + 1);
	assert_true(series.samples[0].values[0] == 0.5);
	assert_true(series.samples[1].values[0] == 2.5);
	assert_int_equal(series.last_filled, 1);
	fill(&series, 4 * SEEP_SERIES_SAMPLES, 1);
	assert_int_equal(series.stride, 4);
	assert_int_equal(series.num_samples, SEEP_SERIES_SAMPLES);
	assert_true(series.samples[0].values[0] == 1.5);
	assert_int_equal(series.last_filled, 4);
}

/* Leaving every second one out would show it status at the top. */
static void merging_flattens_what_is_too_fast(void **state)
{
	struct seep_series series;

	(void)state;
	seep_series_init(&series);
	for (size_t i = 0; i < 100 * SEEP_SERIES_SAMPLES; i++) {
		struct seep_sample next = sample((double)i, i % 2 ? 0 : 100);

		seep_series_add(&series, &next);
	}
	for (size_t i = 0; i < series.num_samples; i++)
		assert_float_equal(series.samples[i].values[0], 50, 1e-9);
}

static void time_only_goes_forward(void **state)
{
	struct seep_series series;
	const struct seep_sample first = sample(5, 1);
	const struct seep_sample same = sample(5, 2);
	const struct seep_sample back = sample(4, 3);

	(void)state;
	seep_series_init(&series);
	seep_series_add(&series, &first);
	seep_series_add(&series, &same);
	seep_series_add(&series, &back);
	assert_int_equal(series.num_samples, 1);
	assert_true(series.latest.values[0] == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_come_back_as_they_were),
		cmocka_unit_test(an_empty_series_has_no_span),
		cmocka_unit_test(merging_keeps_a_trend_exactly),
		cmocka_unit_test(each_sample_is_a_mean_of_as_many),
		cmocka_unit_test(merging_flattens_what_is_too_fast),
		cmocka_unit_test(time_only_goes_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
