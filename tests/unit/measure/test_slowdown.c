// SPDX-License-Identifier: GPL-2.0-only
/* What probes really cost, on simulated processes whose truth is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "effort.h"
#include "measure/interval.h"
#include "measure/slowdown.h"
#include "verdict/random.h"

#define TICK_S	0.01
#define AS_USER 0.05

/* A process in its own code for a share of its CPU time. */
struct truth {
	double user;	/* that share */
	double gap_s;	/* of CPU time, all gaps together */
	double open_s;	/* of its own CPU time, in all windows together */
	double cost_s;	/* of its probes besides, as calibrated */
	double factor;	/* they really cost so many times as much, ... */
	double as_user; /* ... and this share of it is counted as user time */
};

/* User time is counted in ticks: of some seconds, as many as come by chance. */
static double ticks_s(struct random *random, double seconds)
{
	return random ? random_poisson(random, seconds / TICK_S) * TICK_S : seconds;
}

/* @random: NULL for a clock without an error. */
static struct seep_slowdown watch(const struct truth *truth, struct random *random)
{
	return (struct seep_slowdown){
		.open_cpu_s = truth->open_s + truth->factor * truth->cost_s,
		.open_user_s =
			ticks_s(random, truth->user * truth->open_s +
						truth->as_user * truth->factor * truth->cost_s),
		.cost_s = truth->cost_s,
		.gap_cpu_s = truth->gap_s,
		.gap_user_s = ticks_s(random, truth->user * truth->gap_s),
	};
}

static double own_share_of(const struct truth *truth)
{
	return truth->open_s / (truth->open_s + truth->factor * truth->cost_s);
}

static void without_windows_nothing_is_corrected(void **state)
{
	static const struct seep_slowdown nothing;
	const struct seep_slowdown no_gap = {.open_cpu_s = 1, .open_user_s = 0.5, .cost_s = 0.3};
	struct seep_correction correction = seep_slowdown_correction(&nothing, TICK_S);
	double error = NAN;

	(void)state;
	assert_true(correction.factor == 1);
	assert_true(correction.error > 0.1);
	assert_true(seep_slowdown_own_share(&nothing, 0, TICK_S, &error) == 1);
	assert_true(error == 0);
	/* What is calibrated is believed, but not to the end. */
	assert_float_equal(seep_slowdown_own_share(&no_gap, 0, TICK_S, &error), 0.7, 1e-9);
	assert_float_equal(error, 0.3 * correction.error, 1e-9);
}

static void a_wrong_calibration_is_found(void **state)
{
	static const double factors[] = {0.5, 0.8, 1, 1.2, 1.5};

	(void)state;
	for (size_t i = 0; i < sizeof(factors) / sizeof(*factors); i++) {
		const struct truth truth = {0.6, 1000, 10, 20, factors[i], AS_USER};
		struct seep_slowdown slowdown = watch(&truth, NULL);
		struct seep_correction correction = seep_slowdown_correction(&slowdown, TICK_S);
		double error, share = seep_slowdown_own_share(&slowdown, 0, TICK_S, &error);

		assert_float_equal(correction.factor, factors[i], 1.5 * correction.error);
		assert_true(correction.error < 0.15);
		assert_float_equal(share, own_share_of(&truth), 1.5 * error);
	}
}

/* Two ticks say nothing: it stays with what is calibrated. */
static void little_time_changes_little(void **state)
{
	const struct truth truth = {0.6, 1, 0.03, 0.06, 2, AS_USER};
	struct seep_slowdown slowdown = watch(&truth, NULL);
	struct seep_correction correction = seep_slowdown_correction(&slowdown, TICK_S);

	(void)state;
	assert_true(correction.factor > 1 && correction.factor < 1.5);
	assert_true(correction.error > 0.1);
}

/* Shares stay shares, whatever the ticks say. */
static void nonsense_has_its_limits(void **state)
{
	/* More user time in the windows than there was CPU time; and none that is left. */
	const struct seep_slowdown fast = {1, 50, 0.5, 100, 50}, slow = {1, 0.001, 5, 100, 50};
	double error;

	(void)state;
	assert_true(seep_slowdown_correction(&fast, TICK_S).factor >= 0);
	assert_true(seep_slowdown_own_share(&fast, 0, TICK_S, &error) <= 1);
	assert_true(seep_slowdown_own_share(&slow, 0, TICK_S, &error) > 0);
	assert_true(isfinite(error));
}

/*
 * A process that uses 1 % of a CPU for what comes to it, and 20 times as much while a window is
 * open: 5 % are its own then, though what is calibrated leaves it a third.
 */
static void who_has_time_does_as_much_in_a_window(void **state)
{
	const struct seep_slowdown slowdown = {.open_cpu_s = 0.2,
					       .open_user_s = 0.05,
					       .cost_s = 0.13,
					       .gap_cpu_s = 0.99,
					       .gap_user_s = 0.9};
	double error, by_cost = seep_slowdown_own_share(&slowdown, 0, TICK_S, &error), share;

	(void)state;
	assert_true(by_cost > 0.1);
	share = seep_slowdown_own_share(&slowdown, 99, TICK_S, &error);
	assert_float_equal(share, 0.05, 1e-9);
	assert_true(error > 0 && error < share / 2);
	/* Who is busy all the time does less in a window, and that shows in no time. */
	share = seep_slowdown_own_share(&slowdown, 3, TICK_S, &error);
	assert_true(share == by_cost);
}

/* Of processes that differ from the calibration as they do: for any time that they are watched. */
static void the_truth_is_within_the_error(void **state)
{
	static const double seconds[] = {0.1, 1, 10, 100};
	uint64_t count = effort(10000, 2000);
	struct random random = {1};

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(*seconds); i++) {
		uint64_t within = 0, share_within = 0;

		for (uint64_t j = 0; j < count; j++) {
			const struct truth truth = {
				.user = random_between(&random, 0.2, 0.95),
				.gap_s = 40 * seconds[i],
				.open_s = seconds[i],
				.cost_s = seconds[i] * random_between(&random, 0.5, 3),
				.factor = fmax(0, 1 + 0.2 * random_normal(&random)),
				.as_user = fmax(0, AS_USER + 0.05 * random_normal(&random)),
			};
			struct seep_slowdown slowdown = watch(&truth, &random);
			struct seep_correction correction =
				seep_slowdown_correction(&slowdown, TICK_S);
			double error, share = seep_slowdown_own_share(&slowdown, 0, TICK_S, &error);

			within += fabs(correction.factor - truth.factor) <=
				  SEEP_Z_95 * correction.error;
			share_within += fabs(share - own_share_of(&truth)) <= SEEP_Z_95 * error;
		}
		assert_true((double)within >= 0.92 * (double)count);
		assert_true((double)share_within >= 0.92 * (double)count);
	}
}

/*
 * A program that does nothing but allocate: in its windows it has a few per cent for itself, of
 * which its user time says little. Then little is known, and that has to be said.
 */
static void hardly_any_own_time_is_hardly_known(void **state)
{
	const struct truth truth = {1, 100, 0.4, 9.6, 1, 0.08};
	struct seep_slowdown slowdown = watch(&truth, NULL);
	double error, share = seep_slowdown_own_share(&slowdown, 0, TICK_S, &error);

	(void)state;
	assert_true(fabs(share - own_share_of(&truth)) <= error);
	assert_true(error > 0.5 * share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_windows_nothing_is_corrected),
		cmocka_unit_test(a_wrong_calibration_is_found),
		cmocka_unit_test(little_time_changes_little),
		cmocka_unit_test(nonsense_has_its_limits),
		cmocka_unit_test(who_has_time_does_as_much_in_a_window),
		cmocka_unit_test(the_truth_is_within_the_error),
		cmocka_unit_test(hardly_any_own_time_is_hardly_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
