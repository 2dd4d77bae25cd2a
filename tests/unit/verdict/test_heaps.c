// SPDX-License-Identifier: GPL-2.0-only
/* Heaps of runtimes: many sites, each with a few arenas, judged as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "verdict/judge.h"
#include "verdict/judgement.h"

#define INTERVAL_S  2
#define ARENA_BYTES (1 << 20)
#define NUM_SITES   12

/* A process whose heap gets an arena now and then, each time by another caller. */
struct watch {
	struct seep_judge *judge;
	struct seep_process process;
	struct seep_process_stats stats;
	struct seep_site sites[NUM_SITES];
	struct seep_snapshot snapshot;
	uint64_t now_s;
	uint64_t num_arenas;
};

static void begin(struct watch *watch)
{
	static const struct seep_stack nowhere;

	*watch = (struct watch){.process = {.id = 1}};
	watch->stats.anon_bytes = SEEP_UNKNOWN;
	watch->stats.rss_bytes = SEEP_UNKNOWN;
	watch->stats.num_fds = SEEP_UNKNOWN;
	watch->stats.num_threads = SEEP_UNKNOWN;
	for (int i = 0; i < SEEP_LIMIT_COUNT; i++)
		watch->stats.usage[i] = (struct seep_usage){SEEP_UNKNOWN, SEEP_UNKNOWN};
	for (uint64_t i = 0; i < NUM_SITES; i++)
		watch->sites[i] = (struct seep_site){
			.id = i + 1,
			.process = &watch->process,
			.kind = SEEP_KIND_MAPPING,
			.stack = &nowhere,
			.role = SEEP_SITE_ROLE_ARENA,
			.runtime = SEEP_RUNTIME_CPYTHON,
			.oldest_ns = SEEP_UNKNOWN,
		};
	assert_int_equal(seep_judge_new(&watch->judge), 0);
}

static void add_arenas(struct watch *watch, uint64_t count, uint64_t bytes)
{
	for (uint64_t i = 0; i < count; i++) {
		struct seep_counts *counts = &watch->sites[watch->num_arenas++ % NUM_SITES].counts;

		counts->allocs++;
		counts->alloc_bytes += bytes;
		watch->process.totals[SEEP_KIND_MAPPING].counts.allocs++;
	}
}

static const struct seep_heap *next(struct watch *watch)
{
	watch->now_s += INTERVAL_S;
	/* It does something in any case. */
	watch->process.totals[SEEP_KIND_MEMORY].counts.allocs++;
	watch->snapshot = (struct seep_snapshot){
		.seq = watch->now_s,
		.elapsed_ns = watch->now_s * SEEP_NS_PER_S,
		.final = true,
		.num_processes = 1,
		.processes = &watch->process,
		.num_sites = NUM_SITES,
		.sites = watch->sites,
	};
	assert_int_equal(seep_judge_feed(watch->judge, &watch->snapshot, &watch->stats), 0);
	return seep_judge_heap(watch->judge, &watch->process, SEEP_RUNTIME_CPYTHON);
}

static void many_sites_are_one_heap_that_grows(void **state)
{
	const struct seep_heap *heap = NULL;
	struct watch watch;

	(void)state;
	begin(&watch);
	while (watch.now_s < 120) {
		add_arenas(&watch, watch.now_s % 4 == 0, ARENA_BYTES);
		heap = next(&watch);
		assert_int_not_equal(heap->verdict.class, SEEP_CLASS_LEAK);
	}
	assert_int_equal(heap->verdict.class, SEEP_CLASS_GROWTH);
	assert_int_equal(heap->num_arenas, 30);
	assert_int_equal(heap->mapped_bytes, 30 * ARENA_BYTES);
	assert_int_equal(heap->num_sites, NUM_SITES);
	assert_true(heap->verdict.rate.low <= ARENA_BYTES / 4.0 &&
		    heap->verdict.rate.high >= ARENA_BYTES / 4.0);
	assert_true(heap->verdict.rate.low > ARENA_BYTES / 8.0);
	for (size_t i = 0; i < NUM_SITES; i++)
		assert_null(seep_judge_site(watch.judge, &watch.sites[i]));
	assert_null(seep_judge_heap(watch.judge, &watch.process, SEEP_RUNTIME_V8));
	seep_judge_free(watch.judge);
}

static void a_heap_that_is_large_enough_is_steady(void **state)
{
	const struct seep_heap *heap = NULL;
	struct watch watch;

	(void)state;
	begin(&watch);
	while (watch.now_s < 240) {
		add_arenas(&watch, watch.now_s < 16, ARENA_BYTES);
		heap = next(&watch);
		assert_false(watch.now_s > 60 && seep_class_grows(heap->verdict.class));
	}
	assert_false(seep_class_grows(heap->verdict.class));
	seep_judge_free(watch.judge);
}

/* What is reserved is no use of memory: what becomes resident is. */
static void only_what_is_resident_counts(void **state)
{
	const struct seep_heap *heap = NULL;
	struct watch watch;

	(void)state;
	begin(&watch);
	add_arenas(&watch, 4, 64 << 20);
	watch.process.totals[SEEP_KIND_MEMORY].live_bytes = 10 << 20;
	while (watch.now_s < 120) {
		watch.stats.anon_bytes = (20 << 20) + watch.now_s * 100000;
		heap = next(&watch);
	}
	assert_int_equal(heap->verdict.class, SEEP_CLASS_GROWTH);
	assert_int_equal(heap->mapped_bytes, 4 * (64 << 20));
	assert_float_equal(heap->used_bytes, (10 << 20) + 118 * 100000, 1);
	assert_float_equal(heap->verdict.rate.value, 100000, 5000);
	/* The process is explained by it, not by what is reserved. */
	assert_int_equal(seep_judge_process(watch.judge, &watch.process)->health,
			 SEEP_HEALTH_EXPLAINED);
	/* With what is reserved in steps, and nothing resident, nothing grows. */
	seep_judge_free(watch.judge);
	begin(&watch);
	watch.stats.anon_bytes = 20 << 20;
	while (watch.now_s < 120) {
		add_arenas(&watch, 1, 64 << 20);
		heap = next(&watch);
	}
	assert_false(seep_class_grows(heap->verdict.class));
	seep_judge_free(watch.judge);
}

static void a_judgement_has_the_largest_callers(void **state)
{
	const struct seep_process_judgement *of;
	struct seep_judgements *judgements;
	struct watch watch;

	(void)state;
	begin(&watch);
	watch.sites[NUM_SITES - 1].runtime = SEEP_RUNTIME_V8;
	while (watch.now_s < 120) {
		add_arenas(&watch, 1, ARENA_BYTES);
		next(&watch);
	}
	assert_int_equal(seep_judgements_new(&judgements), 0);
	assert_int_equal(seep_judgements_fill(judgements, watch.judge, NULL, watch.sites, NUM_SITES,
					      &watch.process, 1),
			 0);
	of = watch.process.judgement;
	assert_int_equal(of->num_heaps, 2);
	assert_string_equal(of->heaps[0].runtime, "cpython");
	assert_string_equal(of->heaps[0].name, "CPython");
	assert_string_equal(of->heaps[0].class, "growth");
	assert_int_equal(of->heaps[0].num_sites, SEEP_HEAP_SITES);
	assert_ptr_equal(of->heaps[0].sites[0], &watch.sites[0]);
	assert_string_equal(of->heaps[1].runtime, "v8");
	assert_int_equal(of->heaps[1].num_sites, 1);
	assert_ptr_equal(of->heaps[1].sites[0], &watch.sites[NUM_SITES - 1]);
	assert_null(watch.sites[0].judgement);
	seep_judgements_free(judgements);
	seep_judge_free(watch.judge);
}

/* What is taken stays. */
static void add_blocks(struct watch *watch, size_t index, uint64_t count)
{
	struct seep_site *site = &watch->sites[index];

	site->counts.allocs += count;
	site->counts.alloc_bytes += count * ARENA_BYTES;
	site->live_objects = site->counts.allocs;
	site->live_bytes = site->counts.alloc_bytes;
}

/* One caller needs more now and then, the other one all the time; together they are regular. */
static void sites_of_a_pool_are_judged_as_one(void **state)
{
	struct seep_pool pool = {.id = 42};
	const struct seep_verdict *one, *other;
	struct seep_judgements *judgements;
	struct watch watch;

	(void)state;
	begin(&watch);
	for (size_t i = 0; i < NUM_SITES; i++) {
		watch.sites[i].role = SEEP_SITE_ROLE_NONE;
		watch.sites[i].runtime = SEEP_RUNTIME_NONE;
	}
	watch.sites[0].pool = watch.sites[1].pool = &pool;
	while (watch.now_s < 120) {
		/* Three of four for the first, and none for the second in the last minute. */
		add_blocks(&watch, watch.now_s < 60 && watch.now_s % 8 == 0, 1);
		next(&watch);
	}
	/* Until it is known to be a pool, each site stands for itself. */
	one = seep_judge_site(watch.judge, &watch.sites[0]);
	other = seep_judge_site(watch.judge, &watch.sites[1]);
	assert_true(seep_class_grows(one->class));
	assert_false(seep_class_grows(other->class));

	pool = (struct seep_pool){42, "a pool grows", "trace it"};
	add_blocks(&watch, 0, 1);
	next(&watch);
	one = seep_judge_site(watch.judge, &watch.sites[0]);
	other = seep_judge_site(watch.judge, &watch.sites[1]);
	assert_true(seep_class_grows(one->class));
	assert_int_equal(other->class, one->class);
	assert_int_equal(other->pattern, one->pattern);
	/* One block in two seconds, of which each site has its share. */
	assert_float_equal(one->rate.value + other->rate.value, ARENA_BYTES / 2.0,
			   ARENA_BYTES / 20.0);
	assert_float_equal(
		one->rate.value / other->rate.value,
		(double)watch.sites[0].counts.allocs / (double)watch.sites[1].counts.allocs, 0.01);

	assert_int_equal(seep_judgements_new(&judgements), 0);
	assert_int_equal(seep_judgements_fill(judgements, watch.judge, NULL, watch.sites, NUM_SITES,
					      &watch.process, 1),
			 0);
	assert_int_equal(watch.process.judgement->num_heaps, 0);
	assert_string_equal(watch.sites[1].judgement->evidence[1], "a pool grows");
	assert_int_equal(watch.sites[1].judgement->num_advice, 1);
	assert_string_equal(watch.sites[1].judgement->advice[0], "trace it");
	seep_judgements_free(judgements);
	seep_judge_free(watch.judge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_sites_are_one_heap_that_grows),
		cmocka_unit_test(a_heap_that_is_large_enough_is_steady),
		cmocka_unit_test(only_what_is_resident_counts),
		cmocka_unit_test(a_judgement_has_the_largest_callers),
		cmocka_unit_test(sites_of_a_pool_are_judged_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
