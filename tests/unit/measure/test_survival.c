// SPDX-License-Identifier: GPL-2.0-only
/*
 * Survival curves: against published tables, and against simulated lifetimes whose truth is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/survival.h"
#include "verdict/random.h"

#define FIRST 20 /* bucket: a half to a second */

struct history {
	uint64_t lifetimes[SEEP_LIFETIME_BUCKETS];
	uint64_t ages[SEEP_LIFETIME_BUCKETS];
};

static unsigned int bucket_of(double seconds)
{
	unsigned int bucket = 0;

	while (seep_survival_bucket_s(bucket) <= seconds)
		bucket++;
	return bucket;
}

/*
 * Cutler and Ederer, J. Chronic Diseases 8 (1958): 126 patients, by years since the diagnosis. Here
 * the years are octaves; whoever was lost or withdrawn is alive at such an age.
 */
static void a_life_table_is_that_of_cutler_and_ederer(void **state)
{
	struct history history = {
		.lifetimes = {[FIRST] = 47, 5, 2, 2, 0},
		.ages = {[FIRST] = 19, 17, 15, 9, 6, 4},
	};
	struct seep_survival survival;
	double variance;

	(void)state;
	seep_survival_fit(history.lifetimes, history.ages, 2 * seep_survival_bucket_s(FIRST + 4),
			  &survival);
	assert_true(survival.valid);
	assert_true(survival.limit_s == seep_survival_bucket_s(FIRST + 4));
	assert_float_equal(survival.kept.value, 0.44, 0.005);
	/*
	 * The standard error of 0.060 that the paper has, as the interval of a share among as many.
	 */
	variance = 0.060 * 0.060;
	assert_float_equal(survival.kept.high,
			   seep_interval_of_share(0.44, 0.44 * 0.56 / variance).high, 0.01);
	/* From the end of the third year on two of them died: 1 - 2 / 16.5. */
	assert_true(survival.settle_s == seep_survival_bucket_s(FIRST + 2));
	assert_float_equal(survival.tail.value, 1 - 2 / 16.5, 1e-9);
}

static void without_censoring_it_is_the_share(void **state)
{
	struct history history = {
		.lifetimes = {[3] = 600, [FIRST] = 300},
		.ages = {[FIRST + 8] = 100},
	};
	struct seep_survival survival;

	(void)state;
	seep_survival_fit(history.lifetimes, history.ages, seep_survival_bucket_s(FIRST + 7),
			  &survival);
	assert_float_equal(survival.kept.value, 0.1, 1e-12);
	assert_float_equal(survival.kept.low, seep_interval_of_share(0.1, 1000).low, 1e-9);
	assert_float_equal(survival.kept.high, seep_interval_of_share(0.1, 1000).high, 1e-9);
	assert_true(survival.tail.value == 1);
	assert_true(survival.median_s == seep_survival_bucket_s(3));
	assert_true(survival.recent == 0);
	assert_true(survival.old == 100);
}

/* A cache that is full drops its oldest entries: nobody who is younger tells. */
static void what_ends_late_is_told(void **state)
{
	struct history history = {.ages = {[FIRST + 2] = 100, 100, 100, 100, 100}};
	double observed_s = 2 * seep_survival_bucket_s(FIRST + 5);
	struct seep_survival survival;

	(void)state;
	seep_survival_fit(history.lifetimes, history.ages, observed_s, &survival);
	assert_true(survival.limit_s == seep_survival_bucket_s(FIRST + 5));
	assert_true(survival.late.value == 1 && survival.late.low > 0.95);
	history.lifetimes[FIRST + 6] = 60;
	seep_survival_fit(history.lifetimes, history.ages, observed_s, &survival);
	assert_true(survival.tail.value == 1);
	/* 60 of the 100 and 60 that got there, of which the 100 count by half. */
	assert_float_equal(survival.late.value, 1 - 60.0 / 110, 1e-9);
	assert_true(survival.late.high < 0.6);
	/* Nobody got there. */
	history = (struct history){.ages = {[FIRST] = 100}};
	seep_survival_fit(history.lifetimes, history.ages, observed_s, &survival);
	assert_true(survival.late.value == 1 && survival.late.low == 0);
}

static void nothing_is_said_of_too_little(void **state)
{
	struct history history = {.ages = {[5] = 3}};
	struct seep_survival survival;

	(void)state;
	seep_survival_fit(history.lifetimes, history.ages, 1e-6, &survival);
	assert_false(survival.valid);
	memset(&history, 0, sizeof(history));
	seep_survival_fit(history.lifetimes, history.ages, 1000, &survival);
	assert_false(survival.valid);
	/* All have gone: nobody got to where the curve would be looked at. */
	history.lifetimes[2] = 50;
	seep_survival_fit(history.lifetimes, history.ages, 1000, &survival);
	assert_true(survival.valid);
	assert_true(survival.kept.value == 0 && survival.tail.value == 0);
	assert_true(survival.kept.high < 0.08 && survival.tail.high == 1);
}

static void the_last_bucket_has_no_end(void **state)
{
	struct history history = {
		.lifetimes = {[SEEP_LIFETIME_BUCKETS - 1] = 5},
		.ages = {[SEEP_LIFETIME_BUCKETS - 1] = 5},
	};
	struct seep_survival survival;

	(void)state;
	seep_survival_fit(history.lifetimes, history.ages, 1e9, &survival);
	assert_true(survival.limit_s == seep_survival_bucket_s(SEEP_LIFETIME_BUCKETS - 2));
	assert_true(survival.kept.value == 1 && survival.old == 5);
	assert_true(isinf(survival.median_s));
}

/* Made evenly over the time observed; a share of @forgotten stays, the rest lives for @mean_s. */
static void simulate(struct random *random, size_t count, double observed_s, double forgotten,
		     double mean_s, struct history *ret_history)
{
	memset(ret_history, 0, sizeof(*ret_history));
	for (size_t i = 0; i < count; i++) {
		double age_s = random_between(random, 0, observed_s);
		double lifetime_s = random_uniform(random) < forgotten ?
					    INFINITY :
					    random_exponential(random, mean_s);

		if (lifetime_s < age_s)
			ret_history->lifetimes[bucket_of(lifetime_s)]++;
		else
			ret_history->ages[bucket_of(age_s)]++;
	}
}

#define TIDE_S 20.0

/*
 * Objects that come in tides, as they are after @observed_s: who came last goes first, one in ten
 * stays.
 */
static double watch_tides(double observed_s, struct history *ret_history)
{
	double stay = 0;
	double end = 0;

	memset(ret_history, 0, sizeof(*ret_history));
	for (double from_s = 0; from_s < observed_s; from_s += TIDE_S)
		for (unsigned int i = 0; i < 2000; i++) {
			double rise_s = acos(1 - i / 1000.0) / M_PI * TIDE_S / 2;
			double age_s = observed_s - from_s - rise_s;
			double lifetime_s = TIDE_S - 2 * rise_s;

			if (age_s >= lifetime_s && i % 10) {
				ret_history->lifetimes[bucket_of(lifetime_s)]++;
				end++;
			} else if (age_s >= 0) {
				ret_history->ages[bucket_of(age_s)]++;
				stay += age_s >= lifetime_s;
			}
		}
	return stay / (stay + end);
}

static void many_at_once_are_all_of_one_age(void **state)
{
	struct history history;
	struct seep_survival survival;

	(void)state;
	/* While a tide runs out. */
	for (double observed_s = 270; observed_s <= 276; observed_s++) {
		double share = watch_tides(observed_s, &history);

		seep_survival_fit(history.lifetimes, history.ages, observed_s, &survival);
		assert_true(survival.kept.low <= share && survival.kept.high >= share);
		assert_true(survival.kept.high - survival.kept.low < 0.04);
	}
}

static void the_share_that_stays_is_in_the_interval(void **state)
{
	struct random random = {1};
	size_t covered = 0;
	const size_t runs = 500;

	(void)state;
	for (size_t i = 0; i < runs; i++) {
		double forgotten = random_scale(&random, 0.01, 0.9);
		struct seep_survival survival;
		struct history history;

		simulate(&random, 2000, 300, forgotten, 1, &history);
		seep_survival_fit(history.lifetimes, history.ages, 300, &survival);
		covered += survival.kept.low <= forgotten && survival.kept.high >= forgotten;
		assert_true(survival.tail.value == 1);
	}
	assert_true(covered >= runs * 95 / 100);
}

static void what_is_released_late_has_no_tail(void **state)
{
	struct random random = {2};
	struct seep_survival survival;
	struct history history;

	(void)state;
	simulate(&random, 5000, 300, 0, 60, &history);
	seep_survival_fit(history.lifetimes, history.ages, 300, &survival);
	/* From 33.6 to 134 s: exp(-100 / 60) */
	assert_float_equal(survival.tail.value, exp(-(survival.limit_s - survival.settle_s) / 60),
			   0.04);
	assert_true(survival.kept.low < survival.kept.value * 0.3);
}

static void one_octave_will_do_where_two_do_not(void **state)
{
	struct random random = {3};
	struct seep_survival survival;
	struct history history;

	(void)state;
	/* Of those that get to 33.6 s most end before 67 s, hardly one later. */
	simulate(&random, 20000, 300, 0.05, 12, &history);
	seep_survival_fit(history.lifetimes, history.ages, 300, &survival);
	assert_true(survival.settle_s == survival.limit_s / 2);
	assert_true(survival.tail.value > 0.9);
	assert_float_equal(survival.kept.value, 0.05, 0.01);
}

static void rates_are_those_of_what_stays(void **state)
{
	struct random random = {4};
	struct seep_survival survival;
	struct history history;

	(void)state;
	simulate(&random, 20000, 300, 0.5, 0.1, &history);
	seep_survival_fit(history.lifetimes, history.ages, 300, &survival);
	assert_float_equal(survival.recent_per_s, 20000 * 0.5 / 300, 2);
	assert_float_equal(survival.old_per_s, 20000 * 0.5 / 300, 2);
}

/*
 * 1,000 a second live for a millisecond, 10 a second stay: 3,000 after 300 s, and one that passes.
 */
static void ages_are_guessed_by_littles_law(void **state)
{
	uint64_t lifetimes[SEEP_LIFETIME_BUCKETS] = {[10] = 300000};
	uint64_t ages[SEEP_LIFETIME_BUCKETS];
	struct seep_survival survival;
	uint64_t sum = 0;

	(void)state;
	seep_survival_guess_ages(lifetimes, 3001, 1010, 300, ages);
	for (size_t i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		sum += ages[i];
	assert_in_range(sum, 2995, 3005);
	seep_survival_fit(lifetimes, ages, 300, &survival);
	assert_float_equal(survival.recent_per_s, 10, 0.1);
	assert_float_equal(survival.old_per_s, 10, 0.1);
	/* All that live are passing: none of them is old. */
	seep_survival_guess_ages(lifetimes, 1, 1000, 300, ages);
	seep_survival_fit(lifetimes, ages, 300, &survival);
	assert_true(survival.recent == 0 && survival.old == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life_table_is_that_of_cutler_and_ederer),
		cmocka_unit_test(without_censoring_it_is_the_share),
		cmocka_unit_test(what_ends_late_is_told),
		cmocka_unit_test(nothing_is_said_of_too_little),
		cmocka_unit_test(the_last_bucket_has_no_end),
		cmocka_unit_test(many_at_once_are_all_of_one_age),
		cmocka_unit_test(the_share_that_stays_is_in_the_interval),
		cmocka_unit_test(what_is_released_late_has_no_tail),
		cmocka_unit_test(one_octave_will_do_where_two_do_not),
		cmocka_unit_test(rates_are_those_of_what_stays),
		cmocka_unit_test(ages_are_guessed_by_littles_law),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
