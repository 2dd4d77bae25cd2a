// SPDX-License-Identifier: GPL-2.0-only
/*
 * The curves that simulated leaks follow, by points on them, and the random numbers behind them.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "simulate/pattern.h"
#include "simulate/random.h"
#include "simulate/shapes.h"

/* 10 objects a second, at most 1000; periods of 4 s; one in four is lost. */
static const double parameters[SEEP_SIMULATE_PARAMETER_COUNT] = {
	[SEEP_SIMULATE_GROWTH] = 1000, [SEEP_SIMULATE_RATE] = 10,
	[SEEP_SIMULATE_SIZE] = 100,    [SEEP_SIMULATE_OBJECTS] = 1000,
	[SEEP_SIMULATE_PERIOD] = 4,    [SEEP_SIMULATE_LEAK_FRACTION] = 0.25,
};

static void assert_close(double found, double expected, double tolerance)
{
	if (!(fabs(found - expected) <= tolerance))
		fail_msg("%.12g instead of %.12g", found, expected);
}

struct point {
	double time_s;
	double objects;
};

static void assert_curve(seep_shape shape, const struct point *points, size_t num_points)
{
	for (size_t i = 0; i < num_points; i++)
		assert_close(shape(parameters, points[i].time_s), points[i].objects, 1e-9);
}

#define ASSERT_CURVE(shape, ...)                                                                   \
	do {                                                                                       \
		const struct point points[] = {__VA_ARGS__};                                       \
		assert_curve(shape, points, sizeof(points) / sizeof(points[0]));                   \
	} while (0)

static void leaks_follow_their_curves(void **state)
{
	(void)state;
	ASSERT_CURVE(seep_shape_linear, {0, 0}, {1, 10}, {2.5, 25}, {100, 1000}, {101, 1000});
	ASSERT_CURVE(seep_shape_paced, {0, 0}, {1, 10}, {100, 1000}, {101, 1000});
	ASSERT_CURVE(seep_shape_stepped, {0, 0}, {3.999, 0}, {4, 40}, {7.999, 40}, {8, 80});
	/* The integral of 10 * 2^(t / 4): it doubles its increase each 4 s. */
	ASSERT_CURVE(seep_shape_accelerating, {0, 0}, {4, 40 / M_LN2}, {8, 120 / M_LN2},
		     {12, 280 / M_LN2}, {100, 1000});
}

static void an_accelerating_leak_begins_at_its_rate(void **state)
{
	(void)state;
	assert_close(seep_shape_accelerating(parameters, 1e-6) / 1e-6, 10, 1e-5);
}

static void levels_follow_their_curves(void **state)
{
	(void)state;
	ASSERT_CURVE(seep_shape_saturating, {0, 0}, {4, 1000 * (1 - exp(-1))}, {1000, 1000});
	ASSERT_CURVE(seep_shape_burst, {0, 0}, {4, 0}, {4.4, 500}, {4.8, 1000}, {6.4, 1000},
		     {6.8, 500}, {7.2, 0}, {1000, 0});
	ASSERT_CURVE(seep_shape_swinging, {0, 0}, {1, 500}, {2, 1000}, {3, 500}, {4, 0}, {6, 1000});
}

static void a_season_never_goes_back(void **state)
{
	double before = 0;

	(void)state;
	ASSERT_CURVE(seep_shape_seasonal, {0, 0}, {2, 20}, {4, 40}, {8, 80});
	for (double time_s = 0; time_s < 12; time_s += 0.01) {
		double come = seep_shape_seasonal(parameters, time_s);

		assert_true(come >= before);
		before = come;
	}
}

static void rates_are_those_of_the_curves(void **state)
{
	(void)state;
	assert_close(seep_rate_of_growth(parameters), 10, 1e-9);
	assert_close(seep_rate_of_steps(parameters), 10, 1e-9);
	assert_close(seep_rate_of_fraction(parameters), 2.5, 1e-9);
	assert_close(seep_rate_of_swing(parameters), 62.5, 1e-9);
}

static void without_objects_there_is_no_bound(void **state)
{
	double unbounded[SEEP_SIMULATE_PARAMETER_COUNT] = {
		[SEEP_SIMULATE_GROWTH] = 1000,
		[SEEP_SIMULATE_SIZE] = 100,
	};

	(void)state;
	assert_close(seep_shape_linear(unbounded, 1e6), 1e7, 1e-3);
	unbounded[SEEP_SIMULATE_OBJECTS] = INFINITY;
	assert_close(seep_shape_linear(unbounded, 1e6), 1e7, 1e-3);
}

/* The first numbers of SplitMix64 with the seed 1234567, as in its published test vectors. */
static void random_numbers_are_those_of_splitmix64(void **state)
{
	static const uint64_t expected[] = {6457827717110365317U, 3203168211198807973U,
					    9817491932198370423U, 4593380528125082431U,
					    16408922859458223821U};
	struct seep_random random = {1234567};

	(void)state;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(seep_random_next(&random), expected[i]);
}

static void random_numbers_stay_below_their_bound(void **state)
{
	struct seep_random random = {1};
	unsigned int seen = 0;
	double sum = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		uint64_t number = seep_random_below(&random, 10);
		double unit = seep_random_unit(&random);

		assert_true(number < 10 && unit >= 0 && unit < 1);
		seen |= 1u << number;
		sum += unit;
	}
	assert_int_equal(seen, 0x3ff);
	assert_close(sum / 100000, 0.5, 0.005); /* five standard deviations */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaks_follow_their_curves),
		cmocka_unit_test(an_accelerating_leak_begins_at_its_rate),
		cmocka_unit_test(levels_follow_their_curves),
		cmocka_unit_test(a_season_never_goes_back),
		cmocka_unit_test(rates_are_those_of_the_curves),
		cmocka_unit_test(without_objects_there_is_no_bound),
		cmocka_unit_test(random_numbers_are_those_of_splitmix64),
		cmocka_unit_test(random_numbers_stay_below_their_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
