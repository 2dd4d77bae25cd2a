// SPDX-License-Identifier: GPL-2.0-only
/* How sure the judge is of what grows, from snapshot to snapshot: of leaks, and of what fills up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/court.h"

/* However much speaks for it: what may as well not grow is none. */
static void what_may_not_grow_is_no_leak(void **state)
{
	struct court court;
	const struct seep_verdict *verdict;
	struct seep_interval rate;

	(void)state;
	open_court(&court, &leak, 1);
	verdict = watch(&court, 300);
	rate = verdict->rate;
	assert_true(rate.low > 0);
	assert_int_equal(seep_classify(&verdict->measured, &rate), SEEP_CLASS_LEAK);
	rate.low = -1;
	assert_int_equal(seep_classify(&verdict->measured, &rate), SEEP_CLASS_WARMING_UP);
	close_court(&court);
}

/* First suspected, then likely, then certain. */
static void words_become_surer(void **state)
{
	enum seep_sureness before = SEEP_SURENESS_NONE;
	struct court court;

	(void)state;
	open_court(&court, &leak, 1);
	for (double until_s = 15; until_s <= 300; until_s += 15) {
		const struct seep_verdict *verdict = watch(&court, until_s);
		enum seep_sureness now = seep_sureness_of(verdict->class, verdict->confidence);

		assert_true(now == before || now == before + 1);
		before = now;
	}
	assert_int_equal(before, SEEP_SURENESS_CERTAIN);
	close_court(&court);
}

/* A ring that is full after 40 s: suspected until then, and taken back at once. */
static void what_fills_up_is_only_suspected(void **state)
{
	const struct series ring = {
		.rate = 100, .even = true, .lifetime_s = INFINITY, .capacity = 4000, .bytes = 1000};
	const struct seep_verdict *verdict;
	struct court court;

	(void)state;
	open_court(&court, &ring, 1);
	verdict = watch(&court, 35);
	assert_int_equal(verdict->class, SEEP_CLASS_WARMING_UP);
	assert_int_equal(seep_sureness_of(verdict->class, verdict->confidence),
			 SEEP_SURENESS_SUSPECTED);
	while (court.now_s < 300) {
		verdict = watch(&court, court.now_s + INTERVAL_S);
		assert_int_not_equal(verdict->class, SEEP_CLASS_LEAK);
	}
	assert_int_equal(verdict->class, SEEP_CLASS_CACHE);
	close_court(&court);
}

/* One that takes longer is called a leak; as soon as it is full, it is none. */
static void what_was_filling_is_taken_back(void **state)
{
	const struct series ring = {
		.rate = 100, .even = true, .lifetime_s = INFINITY, .capacity = 7500, .bytes = 1000};
	const struct seep_verdict *verdict;
	struct court court;

	(void)state;
	open_court(&court, &ring, 1);
	verdict = watch(&court, 70);
	assert_int_equal(verdict->class, SEEP_CLASS_LEAK);
	assert_int_equal(seep_sureness_of(verdict->class, verdict->confidence),
			 SEEP_SURENESS_LIKELY);
	assert_int_not_equal(watch(&court, 130)->class, SEEP_CLASS_LEAK);
	close_court(&court);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_not_grow_is_no_leak),
		cmocka_unit_test(words_become_surer),
		cmocka_unit_test(what_fills_up_is_only_suspected),
		cmocka_unit_test(what_was_filling_is_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
