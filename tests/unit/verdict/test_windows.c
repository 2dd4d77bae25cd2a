// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts on sites whose process is traced in windows: one in a hundred blocks stays, and the
 * process grows by them; then one part of the evidence after the other is taken away.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/class.h"
#include "verdict/windows.h"

#define WATCHED_S 120.0
#define BYTES	  100.0
#define MADE	  1000.0 /* per second */

/* One in a hundred of its blocks stays, and the process grows by them. */
static struct seep_measurements leak(void)
{
	const double rate = 0.01 * MADE * BYTES;

	return (struct seep_measurements){
		.kind = SEEP_KIND_MEMORY,
		.in_bytes = true,
		.num_samples = 24,
		.observed_s = WATCHED_S,
		.live_objects = 0.01 * MADE * WATCHED_S,
		.live_bytes = rate * WATCHED_S,
		.oldest_s = WATCHED_S,
		.allocs = MADE * WATCHED_S,
		.allocs_per_s = MADE,
		.bytes_each = BYTES,
		.same_size = true,
		.survival =
			{
				.valid = true,
				.limit_s = WATCHED_S / 2,
				.settle_s = WATCHED_S / 8,
				.kept = {0.01, 0.009, 0.011},
				.tail = {1, 0.98, 1},
				.late = {1, 0.98, 1},
				.recent = 45,
				.old = 60,
				.recent_per_s = 1,
				.old_per_s = 1,
				.median_s = 0.001,
			},
		.ages_known = true,
		.seen =
			{
				.known = true,
				.objects = 10000,
				.staying = {0.01, 0.008, 0.012},
				.surely = 0.006,
				.made_error = 0.02,
			},
		.past =
			{
				.age_s = 600,
				.memory_bytes = 1000 * rate,
				.growth_known = true,
				.growth = rate,
				.late_growth = rate,
			},
	};
}

static enum seep_class class_of(const struct seep_measurements *measured)
{
	struct seep_interval rate = seep_windows_rate(measured);
	enum seep_class class = seep_windows_classify(measured, &rate);

	/* That is what is asked of such a site. */
	assert_int_equal(seep_classify(measured, &rate), class);
	assert_int_equal(seep_leak_is_suspected(measured), seep_windows_suspect_leak(measured));
	return class;
}

static void what_stays_is_a_leak(void **state)
{
	struct seep_measurements measured = leak();

	(void)state;
	assert_true(seep_windows_suspect_leak(&measured));
	assert_int_equal(class_of(&measured), SEEP_CLASS_LEAK);
}

static void the_rate_is_what_is_made_and_stays(void **state)
{
	struct seep_measurements measured = leak();
	struct seep_interval rate = seep_windows_rate(&measured);

	(void)state;
	assert_float_equal(rate.value, 0.01 * MADE * BYTES, 1e-9);
	assert_true(rate.low < 0.008 * MADE * BYTES && rate.low > 0.0075 * MADE * BYTES);
	assert_true(rate.high > 0.012 * MADE * BYTES && rate.high < 0.0125 * MADE * BYTES);
	/* How many were made is not known either. */
	measured.seen.made_error = 0.5;
	assert_true(seep_windows_rate(&measured).low < 0.006 * MADE * BYTES);
	assert_true(seep_windows_rate(&measured).high > 0.019 * MADE * BYTES);
	/* However little that is, something stays, so there is a rate. */
	assert_true(seep_windows_rate(&measured).low > 0);
	assert_int_equal(class_of(&measured), SEEP_CLASS_LEAK);
	/* Threads and descriptors count as objects. */
	measured.in_bytes = false;
	assert_float_equal(seep_windows_rate(&measured).value, 0.01 * MADE, 1e-9);
}

static void what_is_released_is_steady(void **state)
{
	struct seep_measurements measured = leak();

	(void)state;
	measured.seen.staying = (struct seep_interval){0, 0, 0.002};
	measured.seen.surely = 0;
	measured.past.growth = measured.past.late_growth = 0;
	assert_false(seep_windows_suspect_leak(&measured));
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
	/* Nor does it help that its process grows by others. */
	measured.past.growth = measured.past.late_growth = 1e9;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
}

/* Of thousands of sites some have an interval of 95 % that does not reach to zero, by chance. */
static void an_interval_near_zero_accuses_nobody(void **state)
{
	struct seep_measurements measured = leak();

	(void)state;
	measured.seen.staying = (struct seep_interval){0.01, 0, 0.03};
	measured.seen.surely = 0;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
	measured.seen.staying.low = 0.003;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
	measured.seen.surely = 0.001;
	assert_int_equal(class_of(&measured), SEEP_CLASS_LEAK);
	/* Nothing is known at all. */
	measured.seen.staying = (struct seep_interval){1, 0, 1};
	measured.seen.surely = 0;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
}

static void few_blocks_are_no_evidence(void **state)
{
	struct seep_measurements measured = leak();

	(void)state;
	measured.survival.recent = 2;
	measured.survival.old = 2;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
	measured = leak();
	measured.survival.valid = false;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
}

/* Blocks whose release was overlooked do not make a process grow. */
static void a_process_that_does_not_grow_has_no_leak(void **state)
{
	struct seep_measurements measured = leak();
	double rate = measured.past.growth;

	(void)state;
	measured.past.growth = measured.past.late_growth = 0.1 * rate;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
	/* As far as it is known. */
	measured.past.growth_known = false;
	assert_int_equal(class_of(&measured), SEEP_CLASS_LEAK);
	/* The lower end of what the site may have is enough. */
	measured = leak();
	measured.past.growth = measured.past.late_growth = 0.8 * rate;
	assert_int_equal(class_of(&measured), SEEP_CLASS_LEAK);
	/* Its bytes say nothing about what is counted in objects. */
	measured.in_bytes = false;
	measured.past.growth = measured.past.late_growth = 0;
	assert_true(seep_windows_suspect_leak(&measured));
}

static void what_has_ended_is_no_leak(void **state)
{
	struct seep_measurements measured = leak();

	(void)state;
	measured.survival.recent = 1;
	measured.survival.recent_per_s = 0.02;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
}

static void what_a_collector_keeps_is_steady(void **state)
{
	struct seep_measurements measured = leak();

	(void)state;
	measured.kept_by_runtime = true;
	assert_int_equal(class_of(&measured), SEEP_CLASS_STEADY);
}

/* What fills up stays as well. */
static void it_takes_its_time(void **state)
{
	struct seep_measurements measured = leak();

	(void)state;
	measured.observed_s = 10;
	assert_int_equal(class_of(&measured), SEEP_CLASS_WARMING_UP);
	measured.seen.staying = (struct seep_interval){0, 0, 0.1};
	measured.seen.surely = 0;
	assert_int_equal(class_of(&measured), SEEP_CLASS_UNKNOWN);
	/* A process that has just been started, and a slow leak. */
	measured = leak();
	measured.observed_s = 25;
	measured.past.age_s = 0;
	measured.past.memory_bytes = 0;
	assert_int_equal(class_of(&measured), SEEP_CLASS_WARMING_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_stays_is_a_leak),
		cmocka_unit_test(the_rate_is_what_is_made_and_stays),
		cmocka_unit_test(what_is_released_is_steady),
		cmocka_unit_test(an_interval_near_zero_accuses_nobody),
		cmocka_unit_test(few_blocks_are_no_evidence),
		cmocka_unit_test(a_process_that_does_not_grow_has_no_leak),
		cmocka_unit_test(what_has_ended_is_no_leak),
		cmocka_unit_test(what_a_collector_keeps_is_steady),
		cmocka_unit_test(it_takes_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
