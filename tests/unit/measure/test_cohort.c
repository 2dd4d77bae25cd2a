// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is estimated from windows, where the answer is known beforehand. How often intervals hold is
 * in test_cohort_accuracy.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "measure/cohort.h"
#include "measure/survival.h"
#include "verdict/random.h"

#define SECOND	 20 /* bucket: a half to a second */
#define OBSERVED 130.0

/* 50 windows of 100 ms, 4 % of the time, of which the first @followed_s are followed. */
static struct seep_windows some_windows(double followed_s)
{
	struct seep_windows windows = {0};

	for (unsigned int i = 0; i < 50; i++)
		seep_windows_add(&windows, 2.4, 0.1, followed_s);
	return windows;
}

static uint64_t sum(const uint64_t *counts)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		total += counts[i];
	return total;
}

static struct seep_cohort_fit fit_clumps(const struct seep_windows *windows,
					 const struct seep_cohort *cohort,
					 const struct seep_reuse *reuse, uint64_t releases,
					 double clumping)
{
	const struct seep_cohort_context context = {
		.windows = windows,
		.tables = &reuse,
		.num_tables = 1,
		.releases = releases,
		.releases_clumping = 1,
		.observed_s = OBSERVED,
		.made_per_s =
			(double)(sum(cohort->released) + sum(cohort->late) + sum(cohort->unseen)) /
			OBSERVED,
		.clumping = clumping,
	};
	struct seep_cohort_fit result;

	seep_cohort_fit(cohort, &context, &result);
	return result;
}

static struct seep_cohort_fit fit_windows(const struct seep_windows *windows,
					  const struct seep_cohort *cohort,
					  const struct seep_reuse *reuse, uint64_t releases)
{
	return fit_clumps(windows, cohort, reuse, releases, 1);
}

static struct seep_cohort_fit fit(const struct seep_cohort *cohort, const struct seep_reuse *reuse,
				  uint64_t releases)
{
	const struct seep_windows windows = some_windows(0.05);

	return fit_windows(&windows, cohort, reuse, releases);
}

/* Half of the addresses come back, within four seconds. */
static const struct seep_reuse half_returns = {
	.returned = {[SECOND + 2] = 5000},
	.waiting = {[SECOND + 5] = 2000, [SECOND + 6] = 2000, [SECOND + 7] = 1000},
	.squares = 10000,
};

static void seen_dead_by_half_is_dead(void **state)
{
	/* Of 10,000 blocks 1,000 outlived their window; half of them are found dead. */
	struct seep_cohort cohort = {
		.released = {[8] = 9000},
		.late = {[SECOND + 2] = 500},
		.unseen = {[SECOND + 5] = 200, [SECOND + 6] = 200, [SECOND + 7] = 100},
	};
	struct seep_cohort_fit result = fit(&cohort, &half_returns, 10000);

	(void)state;
	assert_true(result.valid);
	assert_true(result.limit_s == seep_survival_bucket_s(seep_survival_last_bucket(OBSERVED)));
	assert_float_equal(result.found, 0.5, 0.02);
	assert_true(result.staying.value < 0.005);
	assert_true(result.staying.low == 0);
	assert_true(result.staying.high > 0 && result.staying.high < 0.02);
	/* All that is not found dead was moved to where it ended. */
	assert_int_equal(sum(result.lifetimes) + sum(result.ages), 10000);
	assert_true(result.live < 20);
}

static void more_than_reuse_explains_stays(void **state)
{
	/* A tenth of 10,000 is not released: of those that outlive their window 1,000 of 2,000. */
	struct seep_cohort cohort = {
		.released = {[8] = 8000},
		.late = {[SECOND + 2] = 500},
		.unseen = {[SECOND + 5] = 600, [SECOND + 6] = 600, [SECOND + 7] = 300},
	};
	struct seep_cohort_fit result = fit(&cohort, &half_returns, 10000);

	(void)state;
	assert_float_equal(result.staying.value, 0.1, 0.005);
	assert_true(result.staying.low > 0.08 && result.staying.low < result.staying.value);
	assert_true(result.staying.high < 0.12 && result.staying.high > result.staying.value);
	assert_float_equal(result.live, 1000, 50);
	assert_true(result.live_error > 30 && result.live_error < 150);
	assert_int_equal(sum(result.lifetimes) + sum(result.ages), 10000);
}

/* Of blocks that stay for certain two are seen: there may have been seven to be seen. */
static void few_that_stay_may_be_many(void **state)
{
	struct seep_cohort cohort = {.released = {[8] = 10000}, .unseen = {[SECOND + 5] = 2}};
	const struct seep_reuse all_return = {.returned = {[SECOND] = 10000}, .squares = 10000};
	struct seep_cohort_fit result = fit(&cohort, &all_return, 10000);

	(void)state;
	assert_float_equal(result.live, 2, 0.2);
	assert_true(result.live_error > 0.95 * sqrt(3));
}

/*
 * 288 blocks of a table that is made and dropped again and again: windows saw three times how it
 * was made, and once how it was dropped. Of that no more follows than of three blocks.
 */
static void what_ends_together_counts_once(void **state)
{
	const struct seep_windows windows = some_windows(0.05);
	const struct seep_cohort cohort = {
		.released = {[15] = 30, [16] = 40},
		.late = {[SECOND + 3] = 78},
		.unseen = {[SECOND + 5] = 70, [SECOND + 6] = 70},
	};
	const struct seep_reuse returns_soon = {.returned = {[SECOND + 2] = 5000}, .squares = 5000};
	struct seep_cohort_fit singly = fit_clumps(&windows, &cohort, &returns_soon, 10, 1);
	struct seep_cohort_fit bursts = fit_clumps(&windows, &cohort, &returns_soon, 10, 140);
	/* One in a hundred stays behind of what is made in bursts, but one by one. */
	const struct seep_cohort trickle = {
		.released = {[15] = 10000},
		.unseen = {[SECOND + 4] = 40, [SECOND + 5] = 40, [SECOND + 6] = 40},
	};

	(void)state;
	assert_true(singly.surely > 0.1);
	assert_true(bursts.surely == 0);
	assert_true(bursts.staying.low < 0.1 && bursts.staying.high > 0.7);
	assert_float_equal(bursts.staying.value, singly.staying.value, 0.001);
	assert_true(fit_clumps(&windows, &trickle, &returns_soon, 10, 140).surely > 0);
}

/* If nothing says how fast addresses come back, the unseen may be dead, all of them. */
static void without_reuse_nothing_is_known(void **state)
{
	struct seep_cohort cohort = {.unseen = {[SECOND + 6] = 1000, [SECOND + 7] = 1000}};
	struct seep_reuse none = {0};
	struct seep_cohort_fit result = fit(&cohort, &none, 50000);

	(void)state;
	assert_true(result.addresses == 0);
	assert_true(result.staying.low == 0);
	assert_true(result.staying.high == 1);
}

/* But if windows see no releases at all, there are none. */
static void without_releases_all_stay(void **state)
{
	struct seep_cohort cohort = {.unseen = {[SECOND + 6] = 1000, [SECOND + 7] = 1000}};
	struct seep_reuse none = {0};
	struct seep_cohort_fit result = fit(&cohort, &none, 0);

	(void)state;
	assert_true(result.staying.value == 1);
	assert_true(result.staying.low > 0.995);
	/* With 250 of them, a tenth of the blocks may be theirs: 8 for 7 times as long as followed.
	 */
	result = fit(&cohort, &none, 250);
	assert_true(result.staying.low > 0.9 && result.staying.low < 0.93);
	assert_int_equal(sum(result.ages), 2000);
}

/*
 * Live for 4 to 8 ms: of 10,000 that end within windows of 100 ms, 890 others do not if these are
 * cut as soon as the last one is made.
 */
static void what_ends_soon_does_not_stay(void **state)
{
	struct seep_cohort cohort = {.released = {[13] = 10000}, .unseen = {[SECOND + 7] = 890}};
	struct seep_reuse none = {0};
	const struct seep_windows cut = some_windows(0.1);
	struct seep_cohort_fit result = fit_windows(&cut, &cohort, &none, 0);

	(void)state;
	assert_true(result.staying.low == 0);
	assert_true(result.surely == 0);
	/* If each is looked at for long enough, they have not ended soon. */
	result = fit(&cohort, &none, 0);
	assert_true(result.surely > 0.07);
	/* Ten times as many are too many. */
	cohort.unseen[SECOND + 7] = 8900;
	result = fit(&cohort, &none, 0);
	assert_true(result.surely > 0.3);
}

/* Half of those that outlive their window stay; not if addresses came back half as often. */
static void a_site_is_not_accused_by_a_little(void **state)
{
	struct seep_cohort cohort = {
		.released = {[8] = 8000},
		.late = {[SECOND + 2] = 500},
		.unseen = {[SECOND + 5] = 600, [SECOND + 6] = 600, [SECOND + 7] = 300},
	};
	struct seep_cohort_fit result = fit(&cohort, &half_returns, 10000);

	(void)state;
	assert_true(result.staying.low > 0.08);
	assert_true(result.surely == 0);
	cohort.late[SECOND + 2] = 100;
	result = fit(&cohort, &half_returns, 10000);
	assert_true(result.surely > 0.05 && result.surely < result.staying.low);
}

/* The few that were found may be of a sort that is found; of the others nothing is known. */
static void what_is_hardly_found_may_be_anything(void **state)
{
	struct seep_cohort cohort = {.late = {[SECOND + 4] = 5}, .unseen = {[SECOND + 7] = 1000}};
	struct seep_reuse lost = {
		.returned = {[SECOND + 2] = 2},
		.waiting = {[SECOND + 7] = 4998},
		.squares = 5000,
	};
	struct seep_cohort_fit result = fit(&cohort, &lost, 50000);

	(void)state;
	assert_true(result.staying.value > 0.5);
	assert_true(result.staying.low == 0);
}

/* A hundred tell what becomes of blocks, not a thousand, if nine of ten have just been made. */
static void the_young_tell_nothing(void **state)
{
	struct seep_cohort cohort = {
		.late = {[SECOND + 4] = 20},
		.unseen = {[SECOND] = 900, [SECOND + 7] = 80},
	};
	struct seep_reuse returns = {.returned = {[SECOND + 2] = 5000}, .squares = 5000};
	struct seep_cohort_fit result = fit(&cohort, &returns, 50000);

	(void)state;
	assert_float_equal(result.staying.value, 0.8, 0.01);
	assert_true(result.staying.high - result.staying.low > 0.14);
}

/* Ten releases of one address in one window tell as much as one. */
static void repeated_releases_count_once(void **state)
{
	struct seep_cohort cohort = {
		.released = {[8] = 8000},
		.late = {[SECOND + 2] = 500},
		.unseen = {[SECOND + 5] = 600, [SECOND + 6] = 600, [SECOND + 7] = 300},
	};
	struct seep_reuse clumped = half_returns;
	struct seep_cohort_fit one, ten;

	(void)state;
	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		clumped.returned[i] /= 50;
		clumped.waiting[i] /= 50;
	}
	clumped.squares = half_returns.squares / 50;
	one = fit(&cohort, &clumped, 10000);
	clumped.squares *= 10;
	ten = fit(&cohort, &clumped, 10000);
	assert_float_equal(ten.addresses, one.addresses / 10, 1e-9);
	assert_float_equal(ten.staying.value, one.staying.value, 1e-9);
	assert_true(ten.staying.low < one.staying.low);
	assert_true(ten.staying.high > one.staying.high);
}

static void young_blocks_are_expected_ones(void **state)
{
	/* Live for a quarter of a millisecond: the window that is just open has some. */
	struct seep_cohort cohort = {
		.released = {[8] = 9980},
		.late = {[SECOND + 2] = 5},
		.unseen = {[8] = 15},
	};
	struct seep_cohort_fit result = fit(&cohort, &half_returns, 10000);

	(void)state;
	/* 10,000 in 130 s, for 0.2 ms each: there is hardly one at a time. */
	assert_true(result.live < 0.1);
	assert_int_equal(sum(result.lifetimes) + sum(result.ages), 10000);
}

static void of_nothing_there_is_nothing_to_say(void **state)
{
	struct seep_cohort cohort = {0};
	struct seep_cohort_fit result = fit(&cohort, &half_returns, 10000);

	(void)state;
	assert_false(result.valid);
	cohort.released[8] = 100;
	result = fit(&cohort, &half_returns, 10000);
	assert_true(result.valid);
	assert_true(result.staying.value == 0 && result.staying.low == 0);
	assert_float_equal(result.staying.high, seep_interval_of_share(0, 100).high, 0.005);
	assert_int_equal(sum(result.lifetimes), 100);
}

/* Up to a million in some of the buckets. */
static void draw_counts(struct random *random, uint64_t *counts)
{
	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		counts[i] =
			random_uniform(random) < 0.8 ? 0 : (uint64_t)random_scale(random, 1, 1e6);
}

static void whatever_is_counted_gives_an_interval(void **state)
{
	struct random random = {1};
	const struct seep_windows windows = some_windows(0.05);

	(void)state;
	for (unsigned int i = 0; i < 400; i++) {
		struct seep_cohort cohort;
		struct seep_cohort_fit result;
		struct seep_reuse reuse;

		draw_counts(&random, cohort.released);
		draw_counts(&random, cohort.late);
		draw_counts(&random, cohort.unseen);
		draw_counts(&random, reuse.returned);
		draw_counts(&random, reuse.waiting);
		reuse.squares = random_bits(&random) % 100000000;
		result = fit_clumps(&windows, &cohort, &reuse, random_bits(&random) % 1000000,
				    1 + (double)(random_bits(&random) % 1000));
		assert_true(result.staying.low >= 0 && result.staying.high <= 1);
		assert_true(result.staying.low <= result.staying.value);
		assert_true(result.staying.value <= result.staying.high);
		assert_true(result.surely <= result.staying.low);
		assert_true(result.found >= 0 && result.found <= 1);
		assert_true(isfinite(result.live) && isfinite(result.live_error));
		assert_int_equal(sum(result.lifetimes) + sum(result.ages),
				 sum(cohort.released) + sum(cohort.late) + sum(cohort.unseen));
	}
}

static void a_steady_rate_has_the_variance_of_chance(void **state)
{
	struct seep_total total = {0};
	struct seep_interval interval;

	(void)state;
	/* 100 in each of 50 windows that are 4 % of the time: 125,000 in all, plus or minus 1.4 %.
	 */
	for (unsigned int i = 0; i < 50; i++)
		seep_total_add(&total, 100, 100, 2.4, 0.1);
	assert_float_equal(seep_total_error(&total, 125), sqrt(0.96 / 5000) * 125000, 1e-6);
	interval = seep_total_interval(&total, 125);
	assert_float_equal(interval.value, 125000, 1e-6);
	assert_true(interval.low < 125000 - 1.96 * seep_total_error(&total, 125));
	assert_true(seep_total_clumping(&total) == 1);
	/* More time has passed than was to be expected. */
	assert_float_equal(seep_total_interval(&total, 250).value, 250000, 1e-6);
}

static void what_is_all_seen_is_certain(void **state)
{
	struct seep_total total = {0};

	(void)state;
	seep_total_add(&total, 100, 100, 0, 1);
	seep_total_add(&total, 500, 500, 0, 1);
	assert_true(seep_total_interval(&total, 2).value == 600);
	assert_true(seep_total_error(&total, 2) == 0);
}

static void bursts_show_between_windows(void **state)
{
	struct seep_total total = {0};

	(void)state;
	for (unsigned int i = 0; i < 50; i++)
		seep_total_add(&total, i % 5 ? 0 : 500, i % 5 ? 0 : 500, 2.4, 0.1);
	/* A window in five sees one: the numbers vary as those of 10 events, not of 5,000. */
	assert_true(seep_total_clumping(&total) > 300);
	assert_float_equal(seep_total_error(&total, 125) / 125000, 1 / sqrt(10), 0.06);
}

/* 100 come in each window, and about as many go: what grows is known by the numbers of both. */
static void growth_is_what_comes_less_what_goes(void **state)
{
	struct seep_total total = {0};
	struct seep_interval interval;

	(void)state;
	for (unsigned int i = 0; i < 50; i++)
		seep_total_add(&total, i % 2 ? 14 : -14, 200, 2.4, 0.1);
	interval = seep_total_interval(&total, 125);
	assert_true(interval.value == 0);
	assert_true(interval.low < -25 * sqrt(0.96 * 10000) && interval.high == -interval.low);
	memset(&total, 0, sizeof(total));
	for (unsigned int i = 0; i < 50; i++)
		seep_total_add(&total, i % 2 ? 24 : -4, 200, 2.4, 0.1);
	interval = seep_total_interval(&total, 125);
	assert_float_equal(interval.value, 12500, 1e-6);
	assert_true(interval.low > 0);
}

static void one_window_does_not_tell_its_error(void **state)
{
	struct seep_total total = {0};

	(void)state;
	seep_total_add(&total, 100, 100, 2.4, 0.1);
	assert_true(isinf(seep_total_error(&total, 2.5)));
	assert_true(isinf(seep_total_interval(&total, 2.5).high));
	assert_true(isinf(seep_total_interval(&total, 2.5).low));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seen_dead_by_half_is_dead),
		cmocka_unit_test(more_than_reuse_explains_stays),
		cmocka_unit_test(few_that_stay_may_be_many),
		cmocka_unit_test(what_ends_together_counts_once),
		cmocka_unit_test(without_reuse_nothing_is_known),
		cmocka_unit_test(without_releases_all_stay),
		cmocka_unit_test(what_ends_soon_does_not_stay),
		cmocka_unit_test(a_site_is_not_accused_by_a_little),
		cmocka_unit_test(what_is_hardly_found_may_be_anything),
		cmocka_unit_test(the_young_tell_nothing),
		cmocka_unit_test(repeated_releases_count_once),
		cmocka_unit_test(young_blocks_are_expected_ones),
		cmocka_unit_test(of_nothing_there_is_nothing_to_say),
		cmocka_unit_test(whatever_is_counted_gives_an_interval),
		cmocka_unit_test(a_steady_rate_has_the_variance_of_chance),
		cmocka_unit_test(what_is_all_seen_is_certain),
		cmocka_unit_test(bursts_show_between_windows),
		cmocka_unit_test(growth_is_what_comes_less_what_goes),
		cmocka_unit_test(one_window_does_not_tell_its_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
