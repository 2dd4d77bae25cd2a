// SPDX-License-Identifier: GPL-2.0-only
/* The verdict about a process: does its memory grow, and do the sites explain it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "growth/process.h"
#include "verdict/random.h"

#define SNAPSHOTS  30
#define INTERVAL_S 10
#define MIB	   1048576.0

/* How memory goes, from one snapshot to the next. */
struct memory {
	double resident;	/* at the start, bytes */
	double resident_growth; /* per second */
	double live_growth;
	double noise;
	double mapped_growth;
};

static struct seep_process_verdict judge(const struct memory *memory, uint64_t limit)
{
	struct random random = {1};
	struct seep_process process = {.pre_attach_bytes = (uint64_t)memory->resident};
	struct seep_process_verdict verdict;
	struct seep_process_stats stats;
	struct seep_series series, parts;

	memset(&stats, 0xff, sizeof(stats));
	seep_series_init(&series);
	seep_series_init(&parts);
	for (size_t i = 1; i <= SNAPSHOTS; i++) {
		double time_s = (double)(i * INTERVAL_S);
		struct seep_sample sample;

		stats.anon_bytes = (uint64_t)(memory->resident + memory->resident_growth * time_s +
					      memory->noise * random_normal(&random));
		process.totals[SEEP_KIND_MEMORY].live_bytes =
			(uint64_t)(memory->live_growth * time_s);
		assert_true(seep_process_sample(&process, &stats,
						(uint64_t)(memory->mapped_growth * time_s), time_s,
						&sample));
		seep_series_add(&series, &sample);
	}
	stats.usage[SEEP_LIMIT_CGROUP_MEMORY] = (struct seep_usage){stats.anon_bytes, limit};
	seep_process_conclude(&process, &stats, &series, &parts, &verdict);
	return verdict;
}

static void growth_is_explained_by_sites(void **state)
{
	const struct memory memory = {50 * MIB, MIB, 0.9 * MIB, 0.1 * MIB, 0};
	struct seep_process_verdict verdict = judge(&memory, UINT64_MAX);

	(void)state;
	assert_int_equal(verdict.health, SEEP_HEALTH_EXPLAINED);
	assert_float_equal(verdict.coverage, 0.9, 0.01);
	assert_true(verdict.before_bytes == 50 * MIB);
	assert_true(verdict.resident.slope.low <= MIB && verdict.resident.slope.high >= MIB);
	assert_int_equal(verdict.limit, SEEP_LIMIT_COUNT);
}

/* The stacks of threads, say: of more than is resident there need be no more. */
static void growth_is_explained_by_mappings(void **state)
{
	const struct memory memory = {50 * MIB, MIB, 0, 0.1 * MIB, 8 * MIB};
	struct seep_process_verdict verdict = judge(&memory, UINT64_MAX);

	(void)state;
	assert_int_equal(verdict.health, SEEP_HEALTH_EXPLAINED);
	assert_true(verdict.explained_bytes == 0);
}

static void flat_live_memory_explains_no_growth(void **state)
{
	const struct memory memory = {50 * MIB, MIB, 100, 0.1 * MIB, 0};
	struct seep_process_verdict verdict = judge(&memory, UINT64_MAX);

	(void)state;
	assert_int_equal(verdict.health, SEEP_HEALTH_UNEXPLAINED);
	assert_true(verdict.coverage < 0.01);
}

static void what_does_not_grow_is_steady(void **state)
{
	const struct memory flat = {50 * MIB, 0, 0, 0.1 * MIB, 0};
	const struct memory hardly = {50 * MIB, 100, 0, 0, 0};
	struct seep_process_verdict verdict = judge(&flat, UINT64_MAX);

	(void)state;
	assert_int_equal(verdict.health, SEEP_HEALTH_STEADY);
	verdict = judge(&hardly, UINT64_MAX); /* 30,000 bytes of 50 MiB: for certain, but so what */
	assert_int_equal(verdict.health, SEEP_HEALTH_STEADY);
}

static void the_limit_is_met_in_time(void **state)
{
	const struct memory memory = {50 * MIB, MIB, MIB, 0.1 * MIB, 0};
	/* 350 MiB are used now, and 600 more come in 600 s. */
	struct seep_process_verdict verdict = judge(&memory, (uint64_t)(950 * MIB));

	(void)state;
	assert_int_equal(verdict.limit, SEEP_LIMIT_CGROUP_MEMORY);
	assert_float_equal(verdict.eta_s.value, 600, 10);
	assert_true(verdict.eta_s.low <= 600 && verdict.eta_s.high >= 600);
}

static void without_numbers_nothing_is_known(void **state)
{
	const struct seep_process process = {.rss_bytes = SEEP_UNKNOWN,
					     .pre_attach_bytes = SEEP_UNKNOWN};
	struct seep_process_verdict verdict;
	struct seep_series series, parts;
	struct seep_sample sample;

	(void)state;
	seep_series_init(&series);
	seep_series_init(&parts);
	assert_false(seep_process_sample(&process, NULL, 0, 1, &sample));
	seep_process_conclude(&process, NULL, &series, &parts, &verdict);
	assert_int_equal(verdict.health, SEEP_HEALTH_UNKNOWN);
	assert_true(isnan(verdict.coverage) && isnan(verdict.resident_bytes));
	assert_false(seep_interval_known(&verdict.eta_s));
}

static void all_that_is_resident_will_do(void **state)
{
	const struct seep_process process = {.rss_bytes = 4096};
	struct seep_sample sample;

	(void)state;
	assert_true(seep_process_sample(&process, NULL, 0, 7, &sample));
	assert_true(sample.time_s == 7 && sample.values[SEEP_PROCESS_STAT_RESIDENT] == 4096);
}

/* Of those that live and of which it is known. */
static void coverage_is_of_what_is_known(void **state)
{
	struct seep_process processes[] = {
		{.anon_bytes = 3000, .pre_attach_bytes = 1000},
		{.anon_bytes = 5000, .pre_attach_bytes = 3000},
		{.anon_bytes = SEEP_UNKNOWN, .pre_attach_bytes = 0},
		{.anon_bytes = 9000, .pre_attach_bytes = 0, .exited = true},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++)
		processes[i].totals[SEEP_KIND_MEMORY].live_bytes = 1000 * (i + 1);
	assert_float_equal(seep_process_coverage(processes, 1), 0.5, 1e-9);
	assert_float_equal(seep_process_coverage(processes, 4), 0.75, 1e-9);
	assert_true(isnan(seep_process_coverage(processes + 2, 2)));
	processes[0].anon_bytes = 500; /* it has given back what it had before */
	assert_true(isnan(seep_process_coverage(processes, 1)));
}

/* Mappings that come at @rate a second, to those @before. */
static struct seep_process_verdict judge_mappings(double before, double rate)
{
	struct seep_process process = {.pre_attach_bytes = 0};
	struct seep_process_verdict verdict;
	struct seep_process_stats stats;
	struct seep_series series, parts;

	memset(&stats, 0xff, sizeof(stats));
	seep_series_init(&series);
	seep_series_init(&parts);
	for (size_t i = 1; i <= SNAPSHOTS; i++) {
		double time_s = (double)(i * INTERVAL_S);
		struct seep_sample sample;

		stats.anon_bytes = 4096;
		stats.num_mappings = (uint64_t)(before + rate * time_s);
		assert_true(seep_process_sample(&process, &stats, 0, time_s, &sample));
		seep_series_add(&series, &sample);
	}
	stats.usage[SEEP_LIMIT_MAP_COUNT] = (struct seep_usage){stats.num_mappings, 65530};
	seep_process_conclude(&process, &stats, &series, &parts, &verdict);
	return verdict;
}

static void mappings_have_a_limit(void **state)
{
	struct seep_process_verdict verdict = judge_mappings(530, 100);

	(void)state;
	assert_true(seep_process_mappings_grow(&verdict));
	assert_float_equal(verdict.mappings.slope.value, 100, 1e-6);
	assert_true(verdict.num_mappings == 30530 && verdict.max_mappings == 65530);
	assert_float_equal(verdict.mappings_eta_s.value, 350, 1e-6);
	assert_int_equal(verdict.health, SEEP_HEALTH_STEADY);
}

static void few_mappings_more_are_no_growth(void **state)
{
	struct seep_process_verdict verdict = judge_mappings(300, 0.02);

	(void)state;
	assert_false(seep_process_mappings_grow(&verdict));
	assert_false(seep_interval_known(&verdict.mappings_eta_s));
	verdict = judge_mappings(300, 0);
	assert_false(seep_process_mappings_grow(&verdict));
}

/* A cache that was full before: 100 new blocks for 100 old ones, and the process stays as it is. */
static void what_was_full_before_is_exchanged(void **state)
{
	const struct seep_site site = {.live_objects = 100, .live_bytes = 10000};
	const struct seep_site later = {.live_objects = 50, .live_bytes = 5000};
	struct seep_process process = {
		.attached_late = true,
		.unmatched_frees = 100,
		.unmatched_free_bytes = 10400,
	};
	struct seep_process_verdict verdict = {.resident = {.num_samples = 30}};
	struct seep_turnover turnover;

	(void)state;
	assert_true(seep_turnover_of(&process, &verdict, &turnover));
	assert_true(turnover.in_bytes);
	assert_true(seep_turnover_explains(&turnover, &site, 400));
	/* They are set against one site only: a leak beside it stays one. */
	assert_false(seep_turnover_explains(&turnover, &later, 200));
	/* The process grows as fast as the site. */
	verdict.resident.slope.value = 390;
	assert_true(seep_turnover_of(&process, &verdict, &turnover));
	assert_false(seep_turnover_explains(&turnover, &site, 400));
	/* A few large blocks are not exchanged for many small ones. */
	verdict.resident.slope.value = 0;
	process.unmatched_frees = 20;
	assert_true(seep_turnover_of(&process, &verdict, &turnover));
	assert_false(seep_turnover_explains(&turnover, &site, 400));
	/* Of what is traced in windows no releases are counted. */
	process.sampled = true;
	assert_false(seep_turnover_of(&process, &verdict, &turnover));
	process.sampled = false;
	/* Of many the size is not known: then blocks are counted. */
	process.unmatched_frees_unsized = 50;
	process.unmatched_frees = 49;
	assert_true(seep_turnover_of(&process, &verdict, &turnover));
	assert_false(turnover.in_bytes);
	assert_false(seep_turnover_explains(&turnover, &site, 400));
	process.unmatched_frees = 60;
	assert_true(seep_turnover_of(&process, &verdict, &turnover));
	assert_true(seep_turnover_explains(&turnover, &site, 400));
	/* Nothing is known of it, or nothing was there before. */
	process.unmatched_frees = SEEP_UNKNOWN;
	assert_false(seep_turnover_of(&process, &verdict, &turnover));
	process.unmatched_frees = 100;
	process.attached_late = false;
	assert_false(seep_turnover_of(&process, &verdict, &turnover));
}

/* What grows beside anonymous memory, bytes per second. */
static struct seep_process_verdict judge_parts(double shared, double file, double system_shared,
					       double descendants)
{
	const struct seep_process process = {.pre_attach_bytes = SEEP_UNKNOWN};
	struct seep_process_verdict verdict;
	struct seep_process_stats stats;
	struct seep_series series, parts;

	memset(&stats, 0xff, sizeof(stats));
	seep_series_init(&series);
	seep_series_init(&parts);
	for (size_t i = 1; i <= SNAPSHOTS; i++) {
		double time_s = (double)(i * INTERVAL_S);
		struct seep_sample sample;

		stats.anon_bytes = 4096;
		stats.shared_bytes = (uint64_t)(shared * time_s);
		stats.file_bytes = (uint64_t)(file * time_s);
		stats.system_shared_bytes = (uint64_t)(50 * MIB + system_shared * time_s);
		stats.descendants_bytes = (uint64_t)(descendants * time_s);
		assert_true(seep_process_sample(&process, &stats, 0, time_s, &sample));
		seep_series_add(&series, &sample);
		seep_process_sample_parts(&stats, time_s, &sample);
		seep_series_add(&parts, &sample);
	}
	seep_process_conclude(&process, &stats, &series, &parts, &verdict);
	return verdict;
}

static void shared_memory_is_growth_if_there_is_more_of_it(void **state)
{
	struct seep_process_verdict verdict = judge_parts(MIB, 0, MIB, 0);

	(void)state;
	assert_int_equal(verdict.health, SEEP_HEALTH_UNEXPLAINED);
	assert_int_equal(verdict.part, SEEP_RESIDENT_SHARED);
	assert_float_equal(verdict.resident.slope.value, MIB, 1);
	/* The buffers of a database, which others have filled. */
	verdict = judge_parts(MIB, 0, 0, 0);
	assert_int_equal(verdict.health, SEEP_HEALTH_STEADY);
}

static void files_are_growth_if_it_is_much(void **state)
{
	struct seep_process_verdict verdict = judge_parts(0, 100 * 1024, 0, 0);

	(void)state;
	assert_int_equal(verdict.health, SEEP_HEALTH_UNEXPLAINED);
	assert_int_equal(verdict.part, SEEP_RESIDENT_FILE);
	/* 6 MiB of a large program that warms up. */
	verdict = judge_parts(0, 20 * 1024, 0, 0);
	assert_int_equal(verdict.health, SEEP_HEALTH_STEADY);
}

/* The process is steady; whether it is the reason is to be found out by others. */
static void what_grows_outside_is_noted(void **state)
{
	struct seep_process_verdict verdict = judge_parts(0, 0, MIB, MIB);

	(void)state;
	assert_int_equal(verdict.health, SEEP_HEALTH_STEADY);
	assert_true(verdict.grows[SEEP_PROCESS_PART_SYSTEM_SHARED]);
	assert_true(verdict.grows[SEEP_PROCESS_PART_DESCENDANTS]);
	verdict = judge_parts(0, 0, 0, 100);
	assert_false(verdict.grows[SEEP_PROCESS_PART_SYSTEM_SHARED]);
	assert_false(verdict.grows[SEEP_PROCESS_PART_DESCENDANTS]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(growth_is_explained_by_sites),
		cmocka_unit_test(growth_is_explained_by_mappings),
		cmocka_unit_test(flat_live_memory_explains_no_growth),
		cmocka_unit_test(what_does_not_grow_is_steady),
		cmocka_unit_test(the_limit_is_met_in_time),
		cmocka_unit_test(without_numbers_nothing_is_known),
		cmocka_unit_test(all_that_is_resident_will_do),
		cmocka_unit_test(coverage_is_of_what_is_known),
		cmocka_unit_test(mappings_have_a_limit),
		cmocka_unit_test(what_was_full_before_is_exchanged),
		cmocka_unit_test(few_mappings_more_are_no_growth),
		cmocka_unit_test(shared_memory_is_growth_if_there_is_more_of_it),
		cmocka_unit_test(files_are_growth_if_it_is_much),
		cmocka_unit_test(what_grows_outside_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
