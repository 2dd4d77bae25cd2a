// SPDX-License-Identifier: GPL-2.0-only
/* How long it takes to tell a leak from what fills up, and what makes it take less. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "measure/filling.h"

#define RATE 14336.0 /* bytes per second */

/* Hundreds of objects, none released, in a process that has just been started. */
static struct seep_measurements watched_for(double observed_s)
{
	return (struct seep_measurements){
		.in_bytes = true,
		.observed_s = observed_s,
		.ages_known = true,
		.survival = {.valid = true,
			     .kept = {1, 0.99, 1},
			     .tail = {1, 0.99, 1},
			     .late = {1, 0.99, 1},
			     .recent = 300,
			     .old = 300},
		.past = {.age_s = 2,
			 .memory_bytes = 1e6,
			 .growth_known = true,
			 .growth = RATE,
			 .late_growth = RATE},
	};
}

/* When it is called a leak. */
static double called_after(struct seep_measurements measured, double rate)
{
	for (measured.observed_s = SEEP_FILLING_LEAST_S;
	     seep_filling_doubt(&measured, rate) > SEEP_FILLING_DOUBT; measured.observed_s++)
		assert_true(measured.observed_s < 1000);
	return measured.observed_s;
}

static void doubt_falls_with_time(void **state)
{
	struct seep_measurements measured = watched_for(10);
	double before = 1;

	(void)state;
	measured.past.age_s = 0;
	for (measured.observed_s = 1; measured.observed_s < 1000; measured.observed_s *= 2) {
		double doubt = seep_filling_doubt(&measured, RATE);

		assert_true(doubt > 0 && doubt <= before);
		before = doubt;
	}
	/* A quarter of what fills takes twice as long. */
	measured.observed_s = 100;
	before = seep_filling_doubt(&measured, RATE);
	measured.observed_s = 200;
	assert_float_equal(seep_filling_doubt(&measured, RATE), before / 4, 1e-9);
}

/* The evidence is the same at any rate; what is fast is large sooner. */
static void fast_leaks_are_called_sooner(void **state)
{
	struct seep_measurements measured = watched_for(1);
	double slow_s = called_after(measured, RATE);

	(void)state;
	assert_true(slow_s < seep_min_observation_s(true, RATE));
	measured.past.growth = 1024;
	assert_float_equal(called_after(measured, 1024), slow_s, 1);
	measured.past.growth = measured.past.late_growth = 1e6;
	assert_true(called_after(measured, 1e6) < 25);
	measured.past.growth = measured.past.late_growth = 1e9;
	assert_true(called_after(measured, 1e9) == SEEP_FILLING_LEAST_S);
	assert_true(seep_leak_observation_s(true, RATE) >= slow_s);
}

static void few_objects_take_longer(void **state)
{
	struct seep_measurements measured = watched_for(1);

	(void)state;
	measured.past.growth = 1024;
	measured.survival.recent = 5;
	measured.survival.old = 0;
	assert_true(called_after(measured, 1024) > 90);
	measured.survival.recent = 1;
	assert_true(seep_filling_doubt(&measured, 1024) >= 0.5);
}

/* The process would grow without it just the same: many objects are no reason for haste. */
static void a_small_part_takes_longer(void **state)
{
	struct seep_measurements measured = watched_for(1);

	(void)state;
	measured.past.growth = measured.past.late_growth = 200;
	assert_true(called_after(measured, 160) < 70);
	measured.past.growth = measured.past.late_growth = 800e3;
	assert_true(called_after(measured, 160) > 100);
}

/* By what it had when the trace began. */
static void long_running_processes_take_less(void **state)
{
	struct seep_measurements measured = watched_for(1);
	struct seep_past *past = &measured.past;
	double young_s = called_after(measured, RATE);
	double old_s;

	(void)state;
	past->age_s = 10 * 3600;
	past->memory_bytes = 10 * RATE * past->age_s;
	old_s = called_after(measured, RATE);
	assert_float_equal(old_s, young_s / 2, 2);
	/* That is what a leak comes to which has been there since the start. */
	past->memory_bytes = RATE * past->age_s;
	assert_true(called_after(measured, RATE) < old_s);
	/* It has begun to grow lately. */
	past->memory_bytes = 1e6;
	assert_float_equal(called_after(measured, RATE), young_s, 2);
	/* A process that does not grow exchanges what it has. */
	past->memory_bytes = RATE * past->age_s;
	past->growth = 0;
	assert_true(called_after(measured, RATE) >= young_s);
	past->growth_known = false;
	assert_float_equal(called_after(measured, RATE), young_s, 2);
}

/* It takes from what the process had: what was full before drops that. */
static void what_is_flat_takes_longer(void **state)
{
	struct seep_measurements measured = watched_for(1);
	double growing_s = called_after(measured, RATE);

	(void)state;
	measured.past.late_growth = 0;
	assert_float_equal(called_after(measured, RATE), 2 * growing_s, 3);
	/* Mappings need not be touched. */
	measured.kind = SEEP_KIND_MAPPING;
	assert_float_equal(called_after(measured, RATE), growing_s, 1);
	/* Little is not to be seen among what else the process does. */
	measured.kind = SEEP_KIND_MEMORY;
	assert_float_equal(called_after(measured, 200), called_after(watched_for(1), 200), 1);
}

static void forgotten_ones_take_less(void **state)
{
	struct seep_measurements measured = watched_for(1);
	double all_stay_s = called_after(measured, RATE);

	(void)state;
	measured.survival.kept = (struct seep_interval){0.05, 0.04, 0.06};
	assert_true(called_after(measured, RATE) < 0.7 * all_stay_s);
	/* If they are not released soon, there is no telling which will stay. */
	measured.survival.tail.value = 0.9;
	assert_float_equal(called_after(measured, RATE), all_stay_s, 1);
}

static void guessed_ages_are_never_certain(void **state)
{
	struct seep_measurements measured = watched_for(100000);

	(void)state;
	assert_true(seep_filling_doubt(&measured, RATE) < 0.001);
	measured.ages_known = false;
	assert_true(seep_filling_doubt(&measured, RATE) >= 0.05);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubt_falls_with_time),
		cmocka_unit_test(fast_leaks_are_called_sooner),
		cmocka_unit_test(few_objects_take_longer),
		cmocka_unit_test(a_small_part_takes_longer),
		cmocka_unit_test(long_running_processes_take_less),
		cmocka_unit_test(what_is_flat_takes_longer),
		cmocka_unit_test(forgotten_ones_take_less),
		cmocka_unit_test(guessed_ages_are_never_certain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
