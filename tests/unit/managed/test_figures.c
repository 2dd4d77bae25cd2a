// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "managed/figures.h"

static double rate_after(struct seep_tracked_figures *tracked, uint64_t collections, uint64_t now_s)
{
	struct seep_go_figures figures = {.collections_per_min = NAN};

	figures.memstats[SEEP_MEMSTAT_NUM_GC] = collections;
	seep_tracked_figures_take(tracked, &figures, now_s * SEEP_NS_PER_S);
	assert_true(tracked->known);
	assert_int_equal(tracked->figures.memstats[SEEP_MEMSTAT_NUM_GC], collections);
	return tracked->figures.collections_per_min;
}

static void the_rate_is_that_since_the_first_reading(void **state)
{
	struct seep_tracked_figures tracked = {.known = false};

	(void)state;
	assert_true(isnan(rate_after(&tracked, 100, 1000)));
	/* In less than ten seconds there is none. */
	assert_true(isnan(rate_after(&tracked, 103, 1009)));
	assert_float_equal(rate_after(&tracked, 105, 1060), 5, 1e-9);
	assert_float_equal(rate_after(&tracked, 105, 1120), 2.5, 1e-9);
}

/* Whoever makes figures up gets no huge number for it. */
static void a_counter_that_falls_begins_anew(void **state)
{
	struct seep_tracked_figures tracked = {.known = false};

	(void)state;
	rate_after(&tracked, 100, 1000);
	assert_true(isnan(rate_after(&tracked, 10, 1060)));
	assert_float_equal(rate_after(&tracked, 12, 1120), 2, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rate_is_that_since_the_first_reading),
		cmocka_unit_test(a_counter_that_falls_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
