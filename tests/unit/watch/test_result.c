// SPDX-License-Identifier: GPL-2.0-only
/* Which results are kept when there are too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "watch/result.h"

static void add(struct seep_results *results, pid_t pid, uint32_t leaks, bool oom_killed)
{
	struct seep_result result = {
		.pid = pid,
		.start_ticks = 1,
		.leaks = leaks,
		.oom_killed = oom_killed,
		.headline = strdup("x"),
	};

	seep_results_add(results, &result);
	assert_null(result.headline);
}

static void what_says_little_goes_first(void **state)
{
	struct seep_results results = {0};

	(void)state;
	add(&results, 1, 1, false);
	add(&results, 2, 0, true);
	for (pid_t pid = 3; pid < 3 + 2 * SEEP_RESULTS_MAX; pid++)
		add(&results, pid, 0, false);
	assert_int_equal(results.num, SEEP_RESULTS_MAX);
	assert_int_equal(results.num_added, 2 + 2 * SEEP_RESULTS_MAX);
	assert_int_equal(results.list[0].pid, 1);
	assert_int_equal(results.list[1].pid, 2);
	assert_int_equal(results.list[0].number, 1);
	assert_int_equal(results.list[SEEP_RESULTS_MAX - 1].number, results.num_added);
	assert_non_null(seep_results_of(&results, 1, 1));
	assert_null(seep_results_of(&results, 1, 2));
	assert_null(seep_results_of(&results, 3, 1));
	/* If all of them say much, the oldest goes. */
	for (pid_t pid = 1000; pid < 1000 + SEEP_RESULTS_MAX; pid++)
		add(&results, pid, 1, false);
	assert_int_equal(results.list[0].pid, 1000);
	seep_results_done(&results);
}

static void the_latest_of_a_process(void **state)
{
	struct seep_results results = {0};

	(void)state;
	add(&results, 1, 0, false);
	add(&results, 1, 1, false);
	assert_int_equal(seep_results_of(&results, 1, 1)->number, 2);
	seep_results_done(&results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_says_little_goes_first),
		cmocka_unit_test(the_latest_of_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
