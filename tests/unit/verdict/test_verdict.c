// SPDX-License-Identifier: GPL-2.0-only
/* What a verdict is made of besides its class: severities, minimum observation, keys and texts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/class.h"
#include "verdict/verdict.h"

static void severity_goes_by_rate_and_time(void **state)
{
	(void)state;
	assert_int_equal(seep_severity_of(true, 100, NAN), SEEP_SEVERITY_LOW);
	assert_int_equal(seep_severity_of(true, 1 << 14, NAN), SEEP_SEVERITY_MEDIUM);
	assert_int_equal(seep_severity_of(true, 1 << 20, NAN), SEEP_SEVERITY_HIGH);
	assert_int_equal(seep_severity_of(false, 2, NAN), SEEP_SEVERITY_HIGH);
	assert_int_equal(seep_severity_of(false, 0.02, NAN), SEEP_SEVERITY_MEDIUM);
	assert_int_equal(seep_severity_of(true, 100, 1800), SEEP_SEVERITY_CRITICAL);
	assert_int_equal(seep_severity_of(true, 100, 7200), SEEP_SEVERITY_HIGH);
	assert_int_equal(seep_severity_of(true, 100, 3e5), SEEP_SEVERITY_MEDIUM);
	assert_int_equal(seep_severity_of(true, 1 << 20, INFINITY), SEEP_SEVERITY_HIGH);
}

static void slow_growth_is_observed_for_longer(void **state)
{
	(void)state;
	assert_true(seep_min_observation_s(true, 1 << 20) < 20);
	assert_float_equal(seep_min_observation_s(true, 1 << 16),
			   2 * seep_min_observation_s(true, 1 << 20), 1e-9);
	assert_true(seep_min_observation_s(true, 1 << 30) == seep_min_observation_s(true, 1 << 20));
	assert_true(seep_min_observation_s(true, 1024) < 240);
	assert_true(seep_min_observation_s(true, 0) >= seep_min_observation_s(true, 1));
	assert_true(seep_min_observation_s(false, 1) == seep_min_observation_s(true, 1 << 20));
}

/* Growth that is seen in this time, and a leak that is called one. */
static void a_leak_takes_no_less_than_growth(void **state)
{
	(void)state;
	for (double rate = 1; rate < 1e9; rate *= 3)
		assert_true(seep_leak_observation_s(true, rate) >=
			    seep_min_observation_s(true, rate));
}

static void names_are_those_of_the_reports(void **state)
{
	(void)state;
	assert_string_equal(seep_class_key(SEEP_CLASS_WARMING_UP), "warming-up");
	assert_string_equal(seep_class_key(SEEP_CLASS_LEAK), "leak");
	assert_string_equal(seep_severity_key(SEEP_SEVERITY_CRITICAL), "critical");
	for (enum seep_class i = 0; i < SEEP_CLASS_COUNT; i++)
		assert_true(strlen(seep_class_text(i)) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(severity_goes_by_rate_and_time),
		cmocka_unit_test(slow_growth_is_observed_for_longer),
		cmocka_unit_test(a_leak_takes_no_less_than_growth),
		cmocka_unit_test(names_are_those_of_the_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
