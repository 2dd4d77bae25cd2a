// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge on simulated traces: what it calls each pattern, how soon, and that it does not change
 * its mind without a reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/correlated.h"
#include "verdict/court.h"

static void a_leak_is_called_with_its_numbers(void **state)
{
	struct court court;
	const struct seep_verdict *verdict;

	(void)state;
	open_court(&court, &leak, 1);
	verdict = watch(&court, 300);
	assert_int_equal(verdict->class, SEEP_CLASS_LEAK);
	assert_int_equal(verdict->pattern, SEEP_PATTERN_LINEAR);
	assert_int_equal(verdict->severity, SEEP_SEVERITY_MEDIUM); /* 20,000 B/s */
	assert_true(verdict->rate.low <= 20000 && verdict->rate.high >= 20000);
	assert_true(verdict->rate.high - verdict->rate.low < 8000);
	assert_true(verdict->leaked.value == 1 && verdict->leaked.low > 0.99);
	assert_true(verdict->confidence > 0.9 && verdict->confidence <= 1);
	assert_false(seep_interval_known(&verdict->eta_s));
	/* Since it was called so, which takes longer than the minimum observation, but not much. */
	assert_true(verdict->since_s > 20 && verdict->since_s < 120);
	close_court(&court);
}

static void too_little_is_unknown(void **state)
{
	struct court court;

	(void)state;
	open_court(&court, &leak, 1);
	assert_int_equal(watch(&court, 5)->class, SEEP_CLASS_UNKNOWN);
	assert_int_equal(watch(&court, 15)->class, SEEP_CLASS_WARMING_UP);
	close_court(&court);
}

/* Then only the number and the lifetimes of the released tell. */
static void ages_may_be_unknown(void **state)
{
	const struct series forgetful = {
		.rate = 100, .lifetime_s = 0.1, .forgotten = 0.1, .bytes = 1000};
	const struct series load = {.rate = 20, .growth = 0.02, .lifetime_s = 1, .bytes = 1000};
	struct court court;
	const struct seep_verdict *verdict;

	(void)state;
	open_court(&court, &forgetful, 1);
	court.ages_unknown = true;
	verdict = watch(&court, 300);
	assert_int_equal(verdict->class, SEEP_CLASS_LEAK);
	assert_float_equal(verdict->leaked.value, 0.1, 0.02);
	assert_int_equal(seep_sureness_of(verdict->class, verdict->confidence),
			 SEEP_SURENESS_LIKELY);
	close_court(&court);

	open_court(&court, &load, 1);
	court.ages_unknown = true;
	assert_int_not_equal(watch(&court, 600)->class, SEEP_CLASS_LEAK);
	close_court(&court);
}

/* The process is stopped for ten minutes: nothing grows, and nothing is learnt. */
static void a_stopped_leak_stays_one(void **state)
{
	struct series series = leak;
	struct court court;

	(void)state;
	series.stopped_s = 300;
	series.stopped_for_s = 600;
	open_court(&court, &series, 1);
	assert_int_equal(watch(&court, 300)->class, SEEP_CLASS_LEAK);
	court.idle = true;
	assert_int_equal(watch(&court, 900)->class, SEEP_CLASS_LEAK);
	court.idle = false;
	assert_int_equal(watch(&court, 1200)->class, SEEP_CLASS_LEAK);
	close_court(&court);
}

/* It stops for as long, but the process goes on: it was a cache, or the work is done. */
static void a_leak_that_ends_is_taken_back(void **state)
{
	struct series series = leak;
	struct court court;

	(void)state;
	series.stopped_s = 300;
	series.stopped_for_s = 1e6;
	open_court(&court, &series, 1);
	assert_int_equal(watch(&court, 300)->class, SEEP_CLASS_LEAK);
	assert_int_equal(watch(&court, 330)->class, SEEP_CLASS_LEAK); /* not at once */
	assert_int_equal(watch(&court, 1500)->class, SEEP_CLASS_CACHE);
	close_court(&court);
}

/* Of a few large ones the slope says little, but that none is young says enough. */
static void few_that_do_not_come_any_more_are_taken_back(void **state)
{
	const struct series series = {.batch = 10,
				      .batch_every_s = 14,
				      .num_batches = 7,
				      .lifetime_s = INFINITY,
				      .bytes = 262144};
	struct court court;

	(void)state;
	open_court(&court, &series, 1);
	assert_int_equal(watch(&court, 100)->class, SEEP_CLASS_LEAK);
	assert_int_not_equal(watch(&court, 300)->class, SEEP_CLASS_LEAK);
	close_court(&court);
}

static void what_is_released_after_all_is_taken_back(void **state)
{
	struct series series = leak;
	struct court court;

	(void)state;
	series.all_end_at_s = 300;
	open_court(&court, &series, 1);
	assert_int_equal(watch(&court, 295)->class, SEEP_CLASS_LEAK);
	assert_int_equal(watch(&court, 310)->class, SEEP_CLASS_LEAK);
	assert_int_not_equal(watch(&court, 500)->class, SEEP_CLASS_LEAK);
	close_court(&court);
}

/* Steps of 40 s are to be seen in samples of 5 s, not in the ones of 160 s after three hours. */
static void a_pattern_outlives_its_samples(void **state)
{
	const struct series series = {
		.batch = 50, .batch_every_s = 40, .lifetime_s = INFINITY, .bytes = 100};
	struct court court;
	const struct seep_verdict *verdict;

	(void)state;
	open_court(&court, &series, 1);
	verdict = watch(&court, 300);
	assert_int_equal(verdict->pattern, SEEP_PATTERN_STEPPED);
	assert_float_equal(verdict->measured.shape.step_every_s, 40, 2);
	for (double until_s = 400; until_s <= 10800; until_s += 40) {
		verdict = watch(&court, until_s);
		assert_int_equal(verdict->class, SEEP_CLASS_LEAK);
		assert_int_equal(verdict->pattern, SEEP_PATTERN_STEPPED);
		assert_true(verdict->rate.low <= 125 && verdict->rate.high >= 125);
		assert_float_equal(verdict->measured.shape.step, 5000, 500);
	}
	close_court(&court);
}

#define TIDE_S	     20.0
#define TIDE_OBJECTS 2000
#define BASE_OBJECTS 3000 /* that stay, from the first rise on: so no fall is one of most */

/* Objects that come with the tide and go with it, those that came last first. */
static void follow_tide(struct seep_site *site, double now_s)
{
	memset(site->lifetimes, 0, sizeof(site->lifetimes));
	memset(site->ages, 0, sizeof(site->ages));
	site->counts = (struct seep_counts){0};
	for (unsigned int i = 0; i < BASE_OBJECTS; i++) {
		double made_s = TIDE_S / 2 * i / BASE_OBJECTS;

		site->counts.allocs += made_s <= now_s;
		if (made_s <= now_s)
			site->ages[bucket_of(now_s - made_s)]++;
	}
	for (double from_s = 0; from_s < now_s; from_s += TIDE_S)
		for (unsigned int i = 0; i < TIDE_OBJECTS; i++) {
			double rise_s = acos(1 - 2.0 * i / TIDE_OBJECTS) / (2 * M_PI) * TIDE_S;

			if (from_s + rise_s > now_s)
				continue;
			site->counts.allocs++;
			if (from_s + TIDE_S - rise_s <= now_s) {
				site->counts.frees++;
				site->lifetimes[bucket_of(TIDE_S - 2 * rise_s)]++;
			} else {
				site->ages[bucket_of(now_s - from_s - rise_s)]++;
			}
		}
	site->counts.alloc_bytes = 1024 * site->counts.allocs;
	site->counts.free_bytes = 1024 * site->counts.frees;
}

/* Its first rise looks like that of a cache that fills up. */
static void what_goes_up_and_down_is_no_cache(void **state)
{
	static const struct seep_stack nowhere;
	struct seep_process process = {.id = 1};
	struct seep_site site = {
		.id = 1, .process = &process, .stack = &nowhere, .ages_known = true};
	const struct seep_verdict *verdict = NULL;
	struct seep_judge *judge = NULL;

	(void)state;
	assert_int_equal(seep_judge_new(&judge), 0);
	for (uint64_t now_s = 1; now_s <= 300; now_s++) {
		const struct seep_snapshot snapshot = {.seq = now_s,
						       .elapsed_ns = now_s * SEEP_NS_PER_S,
						       .final = now_s == 300,
						       .num_processes = 1,
						       .processes = &process,
						       .num_sites = 1,
						       .sites = &site};

		follow_tide(&site, (double)now_s);
		process.totals[SEEP_KIND_MEMORY].counts = site.counts;
		assert_int_equal(seep_judge_feed(judge, &snapshot, NULL), 0);
		verdict = seep_judge_site(judge, &site);
		assert_int_not_equal(verdict->class, SEEP_CLASS_LEAK);
	}
	assert_int_equal(verdict->pattern, SEEP_PATTERN_OSCILLATING);
	assert_int_equal(verdict->class, SEEP_CLASS_STEADY);
	seep_judge_free(judge);
}

/* However much of its last period there was to be seen. */
static void the_rate_of_an_oscillation_allows_for_its_phase(void **state)
{
	const struct series series = {.rate = 200,
				      .wave = 1,
				      .wave_s = 60,
				      .phase = -M_PI / 2,
				      .forgotten = 0.5,
				      .lifetimes = LIFETIMES_FIXED,
				      .lifetime_s = 10,
				      .bytes = 1000};
	struct court court;

	(void)state;
	open_court(&court, &series, 1);
	watch(&court, 295);
	for (double until_s = 300; until_s <= 420; until_s += INTERVAL_S) {
		const struct seep_verdict *verdict = watch(&court, until_s);

		assert_int_equal(verdict->class, SEEP_CLASS_LEAK);
		assert_int_equal(verdict->pattern, SEEP_PATTERN_OSCILLATING);
		assert_true(verdict->rate.low <= 100000 && verdict->rate.high >= 100000);
		assert_true(verdict->rate.high - verdict->rate.low < 50000);
	}
	close_court(&court);
}

static void sites_that_vanish_are_forgotten(void **state)
{
	struct court court;
	struct seep_snapshot snapshot;

	(void)state;
	open_court(&court, &leak, 1);
	assert_int_equal(watch(&court, 300)->class, SEEP_CLASS_LEAK);
	snapshot = snapshot_of(&court);
	snapshot.seq++;
	snapshot.elapsed_ns += SEEP_NS_PER_S;
	snapshot.num_sites = 0;
	assert_int_equal(seep_judge_feed(court.judge, &snapshot, NULL), 0);
	assert_null(seep_judge_site(court.judge, &court.sites[0]));
	snapshot.seq++;
	snapshot.elapsed_ns += SEEP_NS_PER_S;
	snapshot.num_processes = 0;
	assert_int_equal(seep_judge_feed(court.judge, &snapshot, NULL), 0);
	assert_null(seep_judge_process(court.judge, &court.process));
	close_court(&court);
}

/* A process that starts again has another id, and its sites the same. */
static void a_restart_begins_anew(void **state)
{
	struct court court;

	(void)state;
	open_court(&court, &leak, 1);
	assert_int_equal(watch(&court, 300)->class, SEEP_CLASS_LEAK);
	court.process.id = 2;
	assert_int_equal(watch(&court, 305)->class, SEEP_CLASS_UNKNOWN);
	close_court(&court);
}

static void too_many_sites_are_counted(void **state)
{
	const size_t count = SEEP_JUDGE_MAX_SITES + 7;
	struct seep_process process = {.id = 1};
	struct seep_site *sites = calloc(count, sizeof(*sites));
	const struct seep_snapshot snapshot = {.seq = 1,
					       .elapsed_ns = SEEP_NS_PER_S,
					       .num_processes = 1,
					       .processes = &process,
					       .num_sites = count,
					       .sites = sites};
	static const struct seep_stack nowhere;
	struct seep_judge *judge = NULL;

	(void)state;
	assert_non_null(sites);
	for (size_t i = 0; i < count; i++)
		sites[i] = (struct seep_site){.id = i, .process = &process, .stack = &nowhere};
	assert_int_equal(seep_judge_new(&judge), 0);
	assert_int_equal(seep_judge_feed(judge, &snapshot, NULL), 0);
	assert_int_equal(seep_judge_num_left_out(judge), 7);
	assert_non_null(seep_judge_site(judge, &sites[SEEP_JUDGE_MAX_SITES - 1]));
	assert_null(seep_judge_site(judge, &sites[SEEP_JUDGE_MAX_SITES]));
	seep_judge_free(judge);
	free(sites);
}

/* What a runtime tells of its heap is news only after a collection: each is one sample. */
static void what_nobody_has_looked_at_is_no_sample(void **state)
{
	const struct seep_verdict *verdict;
	struct court court;

	(void)state;
	open_court(&court, &leak, 1);
	court.simulations[0].site.existed = true;
	watch(&court, 10);
	court.simulations[0].site.unchanged = true;
	verdict = watch(&court, 100);
	/* Without the one in which it had nothing. */
	assert_int_equal(verdict->measured.num_samples, 2);
	assert_float_equal(verdict->measured.observed_s, INTERVAL_S, 0.01);
	court.simulations[0].site.unchanged = false;
	verdict = watch(&court, 300);
	assert_int_equal(verdict->class, SEEP_CLASS_LEAK);
	assert_float_equal(verdict->measured.observed_s, 300 - INTERVAL_S, 0.01);
	close_court(&court);
}

/* What an allocator has mapped is in its blocks: the leak is theirs. */
static void arenas_have_no_verdict(void **state)
{
	static const uint64_t frames[] = {SEEP_FRAME(1, 2),
					  SEEP_ORIGIN_FRAME(SEEP_ORIGIN_ALLOCATOR)};
	static const struct seep_stack arena = {.num_frames = 2, .frames = frames};
	struct court court;

	(void)state;
	open_court(&court, &leak, 1);
	court.simulations[0].site.stack = &arena;
	assert_null(watch(&court, 300));
	assert_int_equal(seep_judge_num_left_out(court.judge), 0);
	close_court(&court);
}

/*
 * Two sites leak with every request, whose number goes up and down, and descriptors with the first.
 */
static void correlated_are_found(void **state)
{
	struct seep_correlations correlated[SEEP_CORRELATED_COMPARED];
	struct series history[] = {leak, leak};
	struct court court;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		history[i].rate = i ? 60 : 30;
		history[i].wave = 1;
		history[i].wave_s = 90;
	}
	open_court(&court, history, 2);
	court.fds_follow = true;
	watch(&court, 600);
	assert_int_equal(seep_correlated_find(court.judge, court.sites, 2, correlated), 2);
	assert_ptr_equal(correlated[0].site, &court.sites[1]); /* the faster one */
	assert_ptr_equal(correlated[1].site, &court.sites[0]);
	assert_int_equal(correlated[1].count, 2);
	assert_null(correlated[1].with[0].site);
	assert_string_equal(correlated[1].with[0].measure, "open_descriptors");
	assert_true(correlated[1].with[0].correlation > 0.95);
	assert_ptr_equal(correlated[1].with[1].site, &court.sites[1]);
	assert_true(correlated[1].with[1].correlation >= SEEP_CORRELATED);
	assert_true(correlated[1].with[1].correlation <= correlated[1].with[0].correlation);
	assert_string_equal(seep_correlated_measure_text("open_descriptors"), "open descriptors");
	assert_string_equal(seep_correlated_measure_text("phase_of_moon"), "phase_of_moon");
	close_court(&court);
}

/* What grows at an even rate has no correlated; nor has what does not grow. */
static void what_grows_alone_has_no_correlated(void **state)
{
	struct seep_correlations correlated[SEEP_CORRELATED_COMPARED];
	struct series history[] = {leak, leak};
	struct court court;

	(void)state;
	history[1].lifetime_s = 2;
	open_court(&court, history, 2);
	watch(&court, 600);
	assert_int_equal(seep_correlated_find(court.judge, court.sites, 2, correlated), 1);
	assert_ptr_equal(correlated[0].site, &court.sites[0]);
	assert_int_equal(correlated[0].count, 0);
	assert_true(
		isnan(seep_judge_correlation(court.judge, &court.sites[0], SEEP_PROCESS_STAT_FDS)));
	close_court(&court);
}

/* The worst are compared, and each has the closest. */
static void correlated_are_bounded(void **state)
{
	enum {
		COUNT = SEEP_CORRELATED_COMPARED + 8
	};
	struct seep_correlations correlated[SEEP_CORRELATED_COMPARED];
	struct seep_process process = {.id = 1};
	static const struct seep_stack nowhere;
	struct seep_site sites[COUNT] = {0};
	struct seep_judge *judge;

	(void)state;
	assert_int_equal(seep_judge_new(&judge), 0);
	for (uint64_t seq = 1; seq <= 200; seq++) {
		const struct seep_snapshot snapshot = {
			.seq = seq,
			.final = seq == 200,
			.elapsed_ns = seq * SEEP_NS_PER_S,
			.num_processes = 1,
			.processes = &process,
			.num_sites = COUNT,
			.sites = sites,
		};

		process.totals[SEEP_KIND_MEMORY].counts.allocs = seq;
		for (uint64_t i = 0; i < COUNT; i++) {
			uint64_t made = (1 + i) * (5 + seq * seq % 7);

			sites[i].id = i + 1;
			sites[i].process = &process;
			sites[i].stack = &nowhere;
			sites[i].ages_known = true;
			sites[i].counts.allocs += made;
			sites[i].counts.alloc_bytes += made * 1000;
			sites[i].live_objects = sites[i].counts.allocs;
			sites[i].live_bytes = sites[i].counts.alloc_bytes;
			sites[i].ages[25] = sites[i].live_objects;
		}
		assert_int_equal(seep_judge_feed(judge, &snapshot, NULL), 0);
	}
	assert_int_equal(seep_correlated_find(judge, sites, COUNT, correlated),
			 SEEP_CORRELATED_COMPARED);
	for (size_t i = 0; i < SEEP_CORRELATED_COMPARED; i++) {
		assert_ptr_equal(correlated[i].site, &sites[COUNT - 1 - i]);
		assert_int_equal(correlated[i].count, SEEP_CORRELATED_MAX);
	}
	seep_judge_free(judge);
}

/*
 * Of a process of which a MiB per second becomes resident, and is mapped by a site of this stack.
 */
static enum seep_health health_with(const struct seep_stack *stack)
{
	struct seep_process process = {.id = 1};
	struct seep_site site = {
		.id = 1, .process = &process, .kind = SEEP_KIND_MAPPING, .stack = stack};
	struct seep_process_stats stats;
	struct seep_judge *judge = NULL;
	enum seep_health health;

	memset(&stats, 0xff, sizeof(stats)); /* SEEP_UNKNOWN */
	assert_int_equal(seep_judge_new(&judge), 0);
	for (uint64_t seq = 1; seq <= 60; seq++) {
		const struct seep_snapshot snapshot = {.seq = seq,
						       .elapsed_ns = seq * SEEP_NS_PER_S,
						       .num_processes = 1,
						       .processes = &process,
						       .num_sites = 1,
						       .sites = &site};

		site.counts = (struct seep_counts){.allocs = seq, .alloc_bytes = seq << 20};
		process.totals[SEEP_KIND_MAPPING].counts = site.counts;
		stats.anon_bytes = seq << 20;
		assert_int_equal(seep_judge_feed(judge, &snapshot, &stats), 0);
	}
	health = seep_judge_process(judge, &process)->health;
	seep_judge_free(judge);
	return health;
}

/* What is in an arena is counted by block: that it grows may be because blocks lie badly. */
static void arenas_explain_nothing(void **state)
{
	const uint64_t of_allocator = SEEP_ORIGIN_FRAME(SEEP_ORIGIN_ALLOCATOR);
	const uint64_t of_thread = SEEP_ORIGIN_FRAME(SEEP_ORIGIN_THREAD);
	const struct seep_stack arena = {.num_frames = 1, .frames = &of_allocator};
	const struct seep_stack thread = {.num_frames = 1, .frames = &of_thread};

	(void)state;
	assert_int_equal(health_with(&arena), SEEP_HEALTH_UNEXPLAINED);
	assert_int_equal(health_with(&thread), SEEP_HEALTH_EXPLAINED);
}

/* Of what was reserved before the trace pages are touched: that is no growth of a site. */
static void mappings_from_before_explain_nothing(void **state)
{
	const uint64_t before = SEEP_ORIGIN_FRAME(SEEP_ORIGIN_BEFORE);
	const struct seep_stack stack = {.num_frames = 1, .frames = &before};

	(void)state;
	assert_int_equal(health_with(&stack), SEEP_HEALTH_UNEXPLAINED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_leak_is_called_with_its_numbers),
		cmocka_unit_test(too_little_is_unknown),
		cmocka_unit_test(ages_may_be_unknown),
		cmocka_unit_test(a_stopped_leak_stays_one),
		cmocka_unit_test(a_leak_that_ends_is_taken_back),
		cmocka_unit_test(few_that_do_not_come_any_more_are_taken_back),
		cmocka_unit_test(what_is_released_after_all_is_taken_back),
		cmocka_unit_test(a_pattern_outlives_its_samples),
		cmocka_unit_test(what_goes_up_and_down_is_no_cache),
		cmocka_unit_test(the_rate_of_an_oscillation_allows_for_its_phase),
		cmocka_unit_test(sites_that_vanish_are_forgotten),
		cmocka_unit_test(a_restart_begins_anew),
		cmocka_unit_test(too_many_sites_are_counted),
		cmocka_unit_test(what_nobody_has_looked_at_is_no_sample),
		cmocka_unit_test(arenas_have_no_verdict),
		cmocka_unit_test(correlated_are_found),
		cmocka_unit_test(what_grows_alone_has_no_correlated),
		cmocka_unit_test(correlated_are_bounded),
		cmocka_unit_test(arenas_explain_nothing),
		cmocka_unit_test(mappings_from_before_explain_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
