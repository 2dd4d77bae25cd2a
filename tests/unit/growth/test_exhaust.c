// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "growth/exhaust.h"

#define NO_USAGE {SEEP_UNKNOWN, SEEP_UNKNOWN}

static const struct seep_usage usage[SEEP_LIMIT_COUNT] = {
	[SEEP_LIMIT_CGROUP_MEMORY] = {600, 1000},
	[SEEP_LIMIT_ADDRESS_SPACE] = {5000, 5300},
	[SEEP_LIMIT_MACHINE_MEMORY] = {100, SEEP_UNKNOWN},
	[SEEP_LIMIT_CGROUP_PIDS] = NO_USAGE,
	[SEEP_LIMIT_NOFILE] = {1024, 1024},
};

static void the_least_room_counts(void **state)
{
	const struct seep_growth growth = {.rate = {10, 5, 20}};
	struct seep_interval eta_s;

	(void)state;
	assert_int_equal(seep_exhaust_first(usage, SEEP_KIND_MEMORY, &growth, &eta_s),
			 SEEP_LIMIT_ADDRESS_SPACE);
	assert_true(eta_s.value == 30 && eta_s.low == 15 && eta_s.high == 60);
	assert_int_equal(seep_exhaust_first(usage, SEEP_KIND_MAPPING, &growth, &eta_s),
			 SEEP_LIMIT_ADDRESS_SPACE);
}

static void a_limit_is_of_its_kind(void **state)
{
	const struct seep_growth growth = {.rate = {10, 5, 20}};
	struct seep_interval eta_s;

	(void)state;
	assert_int_equal(seep_exhaust_first(usage, SEEP_KIND_FD, &growth, &eta_s),
			 SEEP_LIMIT_NOFILE);
	assert_true(eta_s.value == 0 && eta_s.high == 0);
	assert_int_equal(seep_exhaust_first(usage, SEEP_KIND_THREAD, &growth, &eta_s),
			 SEEP_LIMIT_COUNT);
	assert_false(seep_interval_known(&eta_s));
}

static void what_may_not_grow_may_never_get_there(void **state)
{
	const struct seep_growth maybe = {.rate = {10, -1, 20}};
	const struct seep_growth falling = {.rate = {-3, -5, -1}};
	struct seep_interval eta_s;

	(void)state;
	seep_exhaust_first(usage, SEEP_KIND_MEMORY, &maybe, &eta_s);
	assert_true(eta_s.value == 30 && isinf(eta_s.high));
	seep_exhaust_first(usage, SEEP_KIND_MEMORY, &falling, &eta_s);
	assert_true(isinf(eta_s.value) && isinf(eta_s.low) && isinf(eta_s.high));
}

static void one_limit_for_itself(void **state)
{
	const struct seep_growth growth = {.rate = {10, 5, 20}};
	struct seep_interval eta_s = seep_exhaust_of(&(struct seep_usage){5530, 65530}, &growth);

	(void)state;
	assert_true(eta_s.value == 6000 && eta_s.low == 3000 && eta_s.high == 12000);
	eta_s = seep_exhaust_of(&(struct seep_usage){70000, 65530}, &growth);
	assert_true(eta_s.value == 0);
	eta_s = seep_exhaust_of(&(struct seep_usage){5530, SEEP_UNKNOWN}, &growth);
	assert_false(seep_interval_known(&eta_s));
}

/* 10 t + 2 t^2 / 2 = 300 */
static void acceleration_gets_there_sooner(void **state)
{
	struct seep_growth growth = {.rate = {10, 10, 10}, .acceleration = 2};
	struct seep_interval eta_s;

	(void)state;
	seep_exhaust_first(usage, SEEP_KIND_MEMORY, &growth, &eta_s);
	assert_float_equal(10 * eta_s.value + eta_s.value * eta_s.value, 300, 1e-9);
	/* A little acceleration makes a little difference. */
	growth.acceleration = 1e-12;
	seep_exhaust_first(usage, SEEP_KIND_MEMORY, &growth, &eta_s);
	assert_float_equal(eta_s.value, 30, 1e-9);
}

/* 10 per second that double every 10 s have made 10 * 10 / ln 2 * (2^(t / 10) - 1) */
static void what_multiplies_gets_there_soonest(void **state)
{
	const struct seep_growth growth = {.rate = {10, 8, 12},
					   .multiplies = {M_LN2 / 10, M_LN2 / 20, M_LN2 / 5}};
	struct seep_interval eta_s;

	(void)state;
	seep_exhaust_first(usage, SEEP_KIND_MEMORY, &growth, &eta_s);
	assert_float_equal(100 / M_LN2 * (exp2(eta_s.value / 10) - 1), 300, 1e-9);
	assert_float_equal(12 * 5 / M_LN2 * (exp2(eta_s.low / 5) - 1), 300, 1e-9);
	assert_float_equal(8 * 20 / M_LN2 * (exp2(eta_s.high / 20) - 1), 300, 1e-9);
}

static void limits_have_names(void **state)
{
	(void)state;
	assert_string_equal(seep_limit_key(SEEP_LIMIT_CGROUP_MEMORY), "cgroup-memory");
	assert_string_equal(seep_limit_text(SEEP_LIMIT_NOFILE), "RLIMIT_NOFILE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_room_counts),
		cmocka_unit_test(a_limit_is_of_its_kind),
		cmocka_unit_test(what_may_not_grow_may_never_get_there),
		cmocka_unit_test(one_limit_for_itself),
		cmocka_unit_test(acceleration_gets_there_sooner),
		cmocka_unit_test(what_multiplies_gets_there_soonest),
		cmocka_unit_test(limits_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
