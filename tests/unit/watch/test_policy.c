// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is escalated, for how long, and when again: the policy is pure, so time and rates are what a
 * test says. Bounded by a handful of processes for each rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/policy.h"

#define MEMORY 1u
#define FDS    2u

static const struct seep_watch_rules rules = {
	.most = 2,
	.looks = 2,
	.trace_s = 300,
	.pause_s = 600,
	.pause_max_s = 3600,
};

static void growth_has_to_last(void **state)
{
	struct seep_watch_standing standing = {0};

	(void)state;
	seep_watch_policy_look(&rules, &standing, MEMORY, 10);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_WATCHED);
	seep_watch_policy_look(&rules, &standing, 0, 20);
	seep_watch_policy_look(&rules, &standing, MEMORY, 30);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_WATCHED);
	seep_watch_policy_look(&rules, &standing, MEMORY, 40);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_SUSPECT);
	assert_true(standing.since_s == 40);
	seep_watch_policy_look(&rules, &standing, 0, 50);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_WATCHED);
}

static void not_more_than_allowed(void **state)
{
	struct seep_watch_standing first = {0}, second = {0};
	struct seep_watch_rules only_watch = rules;

	(void)state;
	only_watch.most = 0;
	for (int look = 0; look < 2; look++) {
		assert_false(seep_watch_policy_may_begin(&rules, &first, 0, 10 + look));
		seep_watch_policy_look(&rules, &first, MEMORY, 10 + look);
	}
	assert_true(seep_watch_policy_may_begin(&rules, &first, 0, 20));
	assert_true(seep_watch_policy_may_begin(&rules, &first, 1, 20));
	assert_false(seep_watch_policy_may_begin(&rules, &first, 2, 20));
	assert_false(seep_watch_policy_may_begin(&only_watch, &first, 0, 20));
	/* One that has not grown for long enough. */
	seep_watch_policy_look(&rules, &second, MEMORY, 20);
	assert_false(seep_watch_policy_may_begin(&rules, &second, 0, 20));
	seep_watch_policy_begin(&first, MEMORY, 20);
	assert_false(seep_watch_policy_may_begin(&rules, &first, 1, 20));
}

static void a_trace_ends_in_time(void **state)
{
	struct seep_watch_standing standing = {0};

	(void)state;
	seep_watch_policy_begin(&standing, MEMORY, 100);
	/* It goes on, whether it grows meanwhile or not. */
	seep_watch_policy_look(&rules, &standing, 0, 110);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_TRACED);
	assert_false(seep_watch_policy_is_over(&rules, &standing, 399));
	assert_true(seep_watch_policy_is_over(&rules, &standing, 400));
	seep_watch_policy_end(&rules, &standing, 0, 400);
	assert_false(seep_watch_policy_is_over(&rules, &standing, 1000));
}

/* Looks in which it grows until it is suspect again; when that is. */
static double suspect_again(struct seep_watch_standing *standing, double from_s)
{
	while (standing->state != SEEP_WATCH_STATE_SUSPECT) {
		from_s += 10;
		seep_watch_policy_look(&rules, standing, MEMORY, from_s);
		assert_true(from_s < 100000);
	}
	return from_s;
}

static void pauses_grow_up_to_a_limit(void **state)
{
	static const double pauses_s[] = {600, 1200, 2400, 3600, 3600};
	struct seep_watch_standing standing = {0};
	double now_s = suspect_again(&standing, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(pauses_s) / sizeof(pauses_s[0]); i++) {
		seep_watch_policy_begin(&standing, MEMORY, now_s);
		seep_watch_policy_end(&rules, &standing, 0, now_s);
		assert_int_equal(standing.state, SEEP_WATCH_STATE_CLEARED);
		assert_true(suspect_again(&standing, now_s) == now_s + pauses_s[i]);
		now_s += pauses_s[i];
	}
	assert_int_equal(standing.tries, 5);
}

static void a_leak_that_is_known_is_not_traced_again(void **state)
{
	struct seep_watch_standing standing = {0};
	double now_s = suspect_again(&standing, 0);

	(void)state;
	seep_watch_policy_begin(&standing, MEMORY, now_s);
	seep_watch_policy_end(&rules, &standing, MEMORY, now_s);
	assert_int_equal(standing.convicted, MEMORY);
	for (int i = 0; i < 10000; i++) {
		now_s += 10;
		seep_watch_policy_look(&rules, &standing, 0, now_s);
		assert_int_equal(standing.state, SEEP_WATCH_STATE_CONVICTED);
		assert_false(seep_watch_policy_may_begin(&rules, &standing, 0, now_s));
	}
	/* But what else begins to grow is news. */
	seep_watch_policy_look(&rules, &standing, FDS, now_s + 10);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_CONVICTED);
	seep_watch_policy_look(&rules, &standing, FDS, now_s + 20);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_SUSPECT);
	assert_true(seep_watch_policy_may_begin(&rules, &standing, 0, now_s + 20));
}

static void what_cannot_be_traced_is_not_cleared(void **state)
{
	struct seep_watch_standing standing = {0};
	double now_s = suspect_again(&standing, 0);

	(void)state;
	seep_watch_policy_begin(&standing, MEMORY, now_s);
	seep_watch_policy_refuse(&rules, &standing, now_s);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_REFUSED);
	seep_watch_policy_look(&rules, &standing, MEMORY, now_s + 10);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_REFUSED);
	assert_true(suspect_again(&standing, now_s) == now_s + 600);
	seep_watch_policy_begin(&standing, MEMORY, now_s + 600);
	seep_watch_policy_end(&rules, &standing, 0, now_s + 600);
	assert_int_equal(standing.state, SEEP_WATCH_STATE_CLEARED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_has_to_last),
		cmocka_unit_test(not_more_than_allowed),
		cmocka_unit_test(a_trace_ends_in_time),
		cmocka_unit_test(pauses_grow_up_to_a_limit),
		cmocka_unit_test(a_leak_that_is_known_is_not_traced_again),
		cmocka_unit_test(what_cannot_be_traced_is_not_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
