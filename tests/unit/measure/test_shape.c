// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shape of a series: linear, step, saturating, oscillating, accelerating; found in simulated
 * data with noise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/series.h"
#include "measure/shape.h"
#include "verdict/random.h"

#define COUNT 40

static const struct seep_noise quiet = {.scatter = 1, .freedom = 10};

/* Values by time, from 0 to COUNT - 1, with noise of this deviation. */
static struct seep_shape fit(double (*value)(double time_s), double deviation, double unit)
{
	struct random random = {9};
	double times[COUNT];
	double values[COUNT];
	struct seep_shape shape;

	for (size_t i = 0; i < COUNT; i++) {
		times[i] = (double)i;
		values[i] = value(times[i]) + deviation * random_normal(&random);
	}
	seep_shape_fit(times, values, COUNT, &quiet, unit, &shape);
	return shape;
}

static double line(double time_s)
{
	return 1000 + 10 * time_s;
}

static double square(double time_s)
{
	return 1000 + time_s * time_s;
}

static double filling(double time_s)
{
	return 500 * (1 - exp(-time_s / 5));
}

static double stairs(double time_s)
{
	return 100 * floor(time_s / 8);
}

static double wave(double time_s)
{
	return 1000 + 200 * sin(2 * M_PI * time_s / 10);
}

static double rising_wave(double time_s)
{
	return wave(time_s) + 50 * time_s;
}

static double hill(double time_s)
{
	return time_s < 20 ? 100 * time_s : fmax(0, 2000 - 150 * (time_s - 20));
}

static void a_line_has_no_features(void **state)
{
	struct seep_shape shape = fit(line, 1, 1);

	(void)state;
	assert_true(shape.valid);
	assert_float_equal(shape.early, 10, 0.2);
	assert_float_equal(shape.late, 10, 0.4);
	assert_false(seep_shape_steepens(&shape));
	assert_false(seep_shape_flattens(&shape, 1));
	assert_false(seep_shape_levelled(&shape));
	assert_int_equal(shape.num_steps, 0);
	assert_true(shape.period_s == 0);
}

static double doubling(double time_s)
{
	return 100 * exp2(time_s / 8);
}

/* And how fast; from a slope that grows evenly, even from nothing, it is told apart. */
static void what_multiplies_is_seen(void **state)
{
	struct seep_shape shape = fit(doubling, 1, 1);
	struct seep_interval multiplies = seep_shape_multiplies(&shape, COUNT - 1);

	(void)state;
	assert_true(seep_shape_steepens(&shape));
	assert_float_equal(multiplies.value, M_LN2 / 8, 0.05 * M_LN2 / 8);
	assert_true(multiplies.low < multiplies.value && multiplies.value < multiplies.high);
	shape = fit(square, 1, 1);
	assert_true(seep_shape_multiplies(&shape, COUNT - 1).value == 0);
	shape = fit(line, 1, 1);
	assert_true(seep_shape_multiplies(&shape, COUNT - 1).value == 0);
	shape = (struct seep_shape){0};
	assert_true(seep_shape_multiplies(&shape, 0).value == 0);
}

static void what_steepens_is_seen(void **state)
{
	struct seep_shape shape = fit(square, 1, 1);

	(void)state;
	/* The slope at the middle of the first half and of the last third. */
	assert_float_equal(shape.early, 2 * 9.5, 0.5);
	assert_float_equal(shape.late, 2 * 32.5, 0.5);
	assert_true(seep_shape_steepens(&shape));
	assert_int_equal(shape.num_steps, 0);
	assert_true(shape.period_s == 0);
}

static void what_levels_off_is_seen(void **state)
{
	struct seep_shape shape = fit(filling, 1, 1);

	(void)state;
	assert_true(seep_shape_flattens(&shape, SEEP_SHAPE_CERTAIN));
	assert_true(seep_shape_levelled(&shape));
	assert_false(seep_shape_steepens(&shape));
	/* 500 (1 - exp(-t / 5)) is nine tenths of its end at 11.5 s. */
	assert_float_equal(shape.rise_s, 12, 1);
	assert_int_equal(shape.num_rising, shape.rise_s);
}

static void a_change_within_the_noise_is_none(void **state)
{
	const struct seep_shape shape = {
		.valid = true, .early = 10, .late = 2, .change_deviation = 4};

	(void)state;
	assert_true(seep_shape_flattens(&shape, 1));
	assert_false(seep_shape_flattens(&shape, SEEP_SHAPE_CERTAIN));
	assert_false(seep_shape_levelled(&shape));
}

static void stairs_are_steps(void **state)
{
	struct seep_shape shape = fit(stairs, 0, 1);

	(void)state;
	assert_int_equal(shape.num_steps, 4);
	assert_float_equal(shape.step, 100, 1e-9);
	assert_float_equal(shape.step_every_s, 8, 1e-9);
	assert_float_equal(shape.step_rate.value, 12.5, 1e-9);
	assert_true(shape.step_rate.low < 12.5 && shape.step_rate.high > 12.5);
}

/* Merged samples have a part of a step each. */
static void halves_of_steps_are_one(void **state)
{
	double times[20];
	double values[20];
	struct seep_shape shape;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		times[i] = (double)i;
		values[i] = 100.0 * (double)(i / 5) + (i % 5 == 4 ? 60 : 0);
	}
	seep_shape_fit(times, values, 20, &quiet, 1, &shape);
	assert_int_equal(shape.num_steps, 4);
	assert_float_equal(shape.step_every_s, 14 / 3.0, 1e-9);
}

/* The same stairs, of one object each: any slow leak is like that. */
static void single_objects_are_no_steps(void **state)
{
	struct seep_shape shape = fit(stairs, 0, 100);

	(void)state;
	assert_int_equal(shape.num_steps, 0);
}

static void a_wave_has_its_period(void **state)
{
	struct seep_shape shape = fit(wave, 20, 1);

	(void)state;
	assert_float_equal(shape.period_s, 10, 1e-9);
	assert_float_equal(shape.amplitude, 200, 20);
	shape = fit(rising_wave, 20, 1);
	assert_float_equal(shape.period_s, 10, 1e-9);
	assert_int_equal(shape.num_steps, 0);
}

/*
 * A few in a hundred are more than are wanted, but of thousands of sites some always wave a little.
 */
static void noise_seldom_has_a_period(void **state)
{
	struct random random = {4};
	size_t waving = 0;

	(void)state;
	for (size_t run = 0; run < 1000; run++) {
		double times[COUNT];
		double values[COUNT];
		struct seep_shape shape;
		double level = 1000;

		for (size_t i = 0; i < COUNT; i++) {
			level += run % 2 ? 30 * random_normal(&random) : 0;
			times[i] = (double)i;
			values[i] = level + 100 * random_normal(&random);
		}
		seep_shape_fit(times, values, COUNT, &quiet, 1, &shape);
		waving += shape.period_s > 0;
	}
	assert_true(waving <= 10);
}

static void what_came_down_has_a_peak(void **state)
{
	struct seep_shape shape = fit(hill, 0, 1);

	(void)state;
	assert_float_equal(shape.peak, 2000, 100);
	assert_float_equal(shape.last, 0, 1);
}

static void few_samples_have_parts_only(void **state)
{
	const double times[] = {0, 10, 20, 30};
	const double values[] = {0, 100, 150, 160};
	struct seep_shape shape;

	(void)state;
	seep_shape_fit(times, values, 2, &quiet, 1, &shape);
	assert_false(shape.valid);
	seep_shape_fit(times, values, 4, &quiet, 1, &shape);
	assert_true(shape.valid);
	assert_float_equal(shape.early, 10, 1e-9);
	assert_float_equal(shape.late, 1, 1e-9);
	/* How certain it is cannot be said, so it counts. */
	assert_true(seep_shape_flattens(&shape, SEEP_SHAPE_CERTAIN));
	assert_false(seep_shape_steepens(&shape));
}

static void every_pattern_has_a_key_of_its_own(void **state)
{
	(void)state;
	for (enum seep_pattern i = 0; i < SEEP_PATTERN_COUNT; i++)
		for (enum seep_pattern j = 0; j < i; j++)
			assert_string_not_equal(seep_pattern_key(i), seep_pattern_key(j));
	assert_string_equal(seep_pattern_key(SEEP_PATTERN_NONE), "none");
	assert_string_equal(seep_pattern_text(SEEP_PATTERN_STEPPED), "in steps");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_no_features),
		cmocka_unit_test(what_multiplies_is_seen),
		cmocka_unit_test(what_steepens_is_seen),
		cmocka_unit_test(what_levels_off_is_seen),
		cmocka_unit_test(a_change_within_the_noise_is_none),
		cmocka_unit_test(stairs_are_steps),
		cmocka_unit_test(halves_of_steps_are_one),
		cmocka_unit_test(single_objects_are_no_steps),
		cmocka_unit_test(a_wave_has_its_period),
		cmocka_unit_test(noise_seldom_has_a_period),
		cmocka_unit_test(what_came_down_has_a_peak),
		cmocka_unit_test(few_samples_have_parts_only),
		cmocka_unit_test(every_pattern_has_a_key_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
