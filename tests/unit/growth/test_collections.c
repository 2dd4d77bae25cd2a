// SPDX-License-Identifier: GPL-2.0-only
/* Memory that waits for a collection: what is said of it before there was one, and after two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "growth/collections.h"
#include "verdict/judge.h"
#include "verdict/simulation.h"

#define INTERVAL_S 5

struct watch {
	struct seep_judge *judge;
	struct seep_process process;
	struct simulation simulation;
	struct seep_site site;
	uint64_t now_s;
	uint64_t collect_every_s; /* as the runtime counts; 0: it does not */
};

static void begin(struct watch *watch, const struct series *series)
{
	*watch = (struct watch){.process = {.id = 1, .collections = SEEP_UNKNOWN}};
	simulation_init(&watch->simulation, series, 5);
	assert_int_equal(seep_judge_new(&watch->judge), 0);
}

static void end(struct watch *watch)
{
	seep_judge_free(watch->judge);
	simulation_done(&watch->simulation);
}

static const struct seep_verdict *watch_until(struct watch *watch, uint64_t until_s)
{
	while (watch->now_s < until_s) {
		struct seep_snapshot snapshot = {
			.num_processes = 1,
			.processes = &watch->process,
			.num_sites = 1,
			.sites = &watch->site,
		};

		watch->now_s += INTERVAL_S;
		snapshot.seq = watch->now_s;
		snapshot.elapsed_ns = watch->now_s * SEEP_NS_PER_S;
		snapshot.final = watch->now_s >= until_s;
		if (watch->collect_every_s)
			watch->process.collections = watch->now_s / watch->collect_every_s;
		watch->site = *simulation_run(&watch->simulation, (double)watch->now_s);
		watch->site.id = 1;
		watch->site.process = &watch->process;
		watch->site.role = SEEP_SITE_ROLE_COLLECTED;
		watch->site.runtime = SEEP_RUNTIME_HOTSPOT;
		watch->process.totals[SEEP_KIND_MEMORY].counts.allocs++;
		assert_int_equal(seep_judge_feed(watch->judge, &snapshot, NULL), 0);
		if (watch->now_s < until_s)
			assert_non_null(seep_judge_site(watch->judge, &watch->site));
	}
	return seep_judge_site(watch->judge, &watch->site);
}

static const struct series leak = {.rate = 20, .lifetime_s = INFINITY, .bytes = 20000};

static void without_a_collection_it_only_grows(void **state)
{
	const struct seep_verdict *verdict;
	struct watch watch;

	(void)state;
	begin(&watch, &leak);
	for (uint64_t until_s = INTERVAL_S; until_s <= 300; until_s += INTERVAL_S)
		assert_int_not_equal(watch_until(&watch, until_s)->class, SEEP_CLASS_LEAK);
	verdict = watch_until(&watch, 305);
	assert_int_equal(verdict->class, SEEP_CLASS_GROWTH);
	assert_true(verdict->measured.kept_by_runtime);
	assert_int_equal(verdict->measured.num_collections, 0);
	assert_int_equal(verdict->measured.runtime, SEEP_RUNTIME_HOTSPOT);
	end(&watch);
}

static void what_outlives_two_collections_leaks(void **state)
{
	const struct seep_verdict *verdict;
	struct watch watch;

	(void)state;
	begin(&watch, &leak);
	watch.collect_every_s = 60;
	assert_int_not_equal(watch_until(&watch, 115)->class, SEEP_CLASS_LEAK);
	verdict = watch_until(&watch, 600);
	assert_int_equal(verdict->class, SEEP_CLASS_LEAK);
	assert_int_equal(verdict->measured.num_collections, 2);
	end(&watch);
}

/* Collections from before the trace say nothing about what came since. */
static void what_was_counted_before_does_not_count(void **state)
{
	struct watch watch;

	(void)state;
	begin(&watch, &leak);
	watch.process.collections = 7;
	assert_int_equal(watch_until(&watch, 300)->class, SEEP_CLASS_GROWTH);
	end(&watch);
}

static struct seep_site site_with(uint64_t allocs, uint64_t frees)
{
	return (struct seep_site){.counts = {.allocs = allocs, .frees = frees}};
}

static void a_bulk_release_is_a_collection(void **state)
{
	struct seep_bulk bulk = {0};
	struct seep_site site;

	(void)state;
	for (uint64_t i = 1; i <= 10; i++) {
		site = site_with(100 * i, 0);
		seep_bulk_add(&bulk, &site, (double)i);
	}
	assert_int_equal(bulk.collections.count, 0);
	/* Few, or a small part. */
	site = site_with(1100, 4);
	seep_bulk_add(&bulk, &site, 11);
	site = site_with(1200, 50);
	seep_bulk_add(&bulk, &site, 12);
	assert_int_equal(bulk.collections.count, 0);
	site = site_with(1300, 800);
	seep_bulk_add(&bulk, &site, 13);
	assert_int_equal(bulk.collections.count, 1);
	assert_float_equal(bulk.collections.since_s[0], 13, 0);
	site = site_with(2300, 1800);
	seep_bulk_add(&bulk, &site, 14);
	assert_int_equal(bulk.collections.count, 2);
	assert_float_equal(bulk.collections.since_s[1], 13, 0);
}

/* What is released one by one is released by the program. */
static void even_releases_are_no_collections(void **state)
{
	struct seep_bulk bulk = {0};

	(void)state;
	for (uint64_t i = 1; i <= 100; i++) {
		struct seep_site site = site_with(100 + 50 * i, 50 * i);

		seep_bulk_add(&bulk, &site, (double)i);
	}
	assert_true(bulk.collections.count <= 1);
}

static void only_old_objects_have_outlived_one(void **state)
{
	struct seep_collections collections = {0};
	struct seep_site site = {.ages_known = true};

	(void)state;
	assert_int_equal(seep_collections_outlived(&collections, &site, 100), 0);
	seep_collections_note(&collections, 1, 50);
	seep_collections_note(&collections, 1, 90);
	assert_int_equal(seep_collections_outlived(&collections, &site, 100), 0);
	site.ages[bucket_of(30)] = 5;
	assert_int_equal(seep_collections_outlived(&collections, &site, 100), 1);
	site.ages[bucket_of(70)] = 5;
	assert_int_equal(seep_collections_outlived(&collections, &site, 100), 2);
	site.ages_known = false;
	assert_int_equal(seep_collections_outlived(&collections, &site, 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_collection_it_only_grows),
		cmocka_unit_test(what_outlives_two_collections_leaks),
		cmocka_unit_test(what_was_counted_before_does_not_count),
		cmocka_unit_test(a_bulk_release_is_a_collection),
		cmocka_unit_test(even_releases_are_no_collections),
		cmocka_unit_test(only_old_objects_have_outlived_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
