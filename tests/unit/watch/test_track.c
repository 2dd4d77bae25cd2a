// SPDX-License-Identifier: GPL-2.0-only
/* What grows now, what only grew, and what begins to grow after a long time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/track.h"

#define INTERVAL_S 10.0
#define LEAST	   65536.0
#define PAGE	   4096.0
#define LEVEL	   1e8

/* @num looks, each with @step more than the one before, but for the @pages of noise. */
static void add(struct seep_track *track, size_t num, double step, int pages)
{
	double time_s = track->whole.num_samples ? track->whole.latest.time_s + INTERVAL_S : 0;
	double value = track->whole.num_samples ? track->whole.latest.values[1] : LEVEL;

	for (size_t i = 0; i < num; i++, time_s += INTERVAL_S) {
		struct seep_sample sample = {.time_s = time_s};

		value += step;
		sample.values[1] = value + (double)((int)(i % 3) - 1) * pages * PAGE;
		seep_track_add(track, &sample);
	}
}

static bool grows(const struct seep_track *track, struct seep_track_growth *ret_growth)
{
	return seep_track_grows(track, 1, true, LEAST, PAGE, ret_growth);
}

static void a_leak_is_named_within_a_minute(void **state)
{
	struct seep_track_growth growth;
	struct seep_track track;

	(void)state;
	seep_track_init(&track);
	add(&track, 3, 512000, 0);
	assert_false(grows(&track, &growth));
	add(&track, 4, 512000, 0);
	assert_true(grows(&track, &growth));
	assert_true(growth.rate.value > 51000 && growth.rate.value < 51400);
	assert_true(growth.rate.low <= growth.rate.value && growth.rate.low > 0);
	assert_int_equal(growth.pattern, SEEP_PATTERN_LINEAR);
	assert_true(growth.span_s == 60);
	assert_true(growth.grown == 6 * 512000.0);
}

static void what_is_level_does_not_grow(void **state)
{
	struct seep_track_growth growth;
	struct seep_track track;

	(void)state;
	seep_track_init(&track);
	add(&track, 200, 0, 0);
	assert_false(grows(&track, &growth));
	add(&track, 200, 0, 100);
	assert_false(grows(&track, &growth));
}

static void what_has_filled_up_does_not_grow(void **state)
{
	struct seep_track_growth growth;
	struct seep_track track;

	(void)state;
	seep_track_init(&track);
	add(&track, 20, 1e6, 0);
	assert_true(grows(&track, &growth));
	add(&track, 60, 0, 1);
	assert_false(grows(&track, &growth));
}

/* After a day of nothing: over all of the time it would not be seen for hours. */
static void what_begins_late_is_seen_soon(void **state)
{
	struct seep_track_growth growth;
	struct seep_track track;

	(void)state;
	seep_track_init(&track);
	add(&track, 8640, 0, 0);
	assert_false(grows(&track, &growth));
	add(&track, SEEP_SERIES_SAMPLES, 512000, 0);
	assert_true(grows(&track, &growth));
	assert_true(growth.rate.value > 40000 && growth.rate.value < 60000);
	assert_true(growth.span_s <= SEEP_SERIES_SAMPLES * INTERVAL_S);
}

/* A page now and then, which the last looks cannot tell from chance. */
static void what_is_slow_is_seen_at_last(void **state)
{
	struct seep_track_growth growth;
	struct seep_track track;

	(void)state;
	seep_track_init(&track);
	for (int i = 0; i < 8640; i++)
		add(&track, 1, i % 12 ? 0 : PAGE, 0);
	assert_true(grows(&track, &growth));
	/* From the mean of the first samples on. */
	assert_true(growth.span_s > 80000);
	assert_true(growth.rate.value > 30 && growth.rate.value < 38);
}

static void a_little_is_not_worth_a_word(void **state)
{
	struct seep_track_growth growth;
	struct seep_track track;

	(void)state;
	seep_track_init(&track);
	add(&track, 15, PAGE, 0);
	assert_false(grows(&track, &growth));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_named_within_a_minute),
		cmocka_unit_test(what_is_level_does_not_grow),
		cmocka_unit_test(what_has_filled_up_does_not_grow),
		cmocka_unit_test(what_begins_late_is_seen_soon),
		cmocka_unit_test(what_is_slow_is_seen_at_last),
		cmocka_unit_test(a_little_is_not_worth_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
