// SPDX-License-Identifier: GPL-2.0-only
/* Workers whose clock is ours: what is due, what is counted, what ends them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "base/units.h"
#include "simulate/worker.h"

#define NS SEEP_NS_PER_S
#define MS SEEP_NS_PER_MS

/* They leak on purpose. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static struct seep_simulation_config config_of(const char *name)
{
	struct seep_simulation_config config = {
		.pattern = seep_pattern_find(name),
		.num_workers = 1,
		.seed = 1,
		.scale = 1,
	};

	assert_non_null(config.pattern);
	memcpy(config.parameters, config.pattern->defaults, sizeof(config.parameters));
	return config;
}

/* Ticks each 10 ms from @from_ns on, as long as the worker can go on, until @to_ns. */
static void run(struct seep_worker *worker, uint64_t from_ns, uint64_t to_ns)
{
	for (uint64_t now_ns = from_ns; now_ns <= to_ns && !worker->over; now_ns += 10 * MS)
		assert_int_equal(seep_worker_tick(worker, now_ns), 0);
}

/* Worker @number, after @seconds of work. */
static void work_for(struct seep_worker *worker, const struct seep_simulation_config *config,
		     uint64_t number, uint64_t seconds)
{
	assert_int_equal(seep_worker_init(worker, config, number, -1), 0);
	run(worker, NS, NS + seconds * NS);
}

static void assert_consistent(const struct seep_worker *worker)
{
	for (size_t i = 0; i < worker->num_works; i++) {
		for (size_t j = 0; j < worker->works[i].activity->num_sites; j++) {
			const struct seep_site_counts *counts = &worker->works[i].counts[j];

			assert_true(counts->frees <= counts->allocs);
			assert_true(counts->free_bytes <= counts->alloc_bytes);
			assert_true(counts->leaked_objects <= counts->allocs - counts->frees);
			assert_true(counts->leaked_bytes <=
				    counts->alloc_bytes - counts->free_bytes);
		}
	}
}

static uint64_t live(const struct seep_site_counts *counts)
{
	return counts->allocs - counts->frees;
}

static void a_linear_leak_has_its_rate(void **state)
{
	struct seep_simulation_config config = config_of("linear");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];

	(void)state;
	work_for(&worker, &config, 0, 10);
	assert_int_equal(counts->allocs, 1000);
	assert_int_equal(counts->alloc_bytes, 1000 * 1024);
	assert_int_equal(counts->frees, 0);
	assert_int_equal(counts->leaked_objects, 1000);
	assert_int_equal(counts->leaked_bytes, 1000 * 1024);
	assert_consistent(&worker);
	seep_worker_done(&worker);
}

static void the_scale_is_that_of_time(void **state)
{
	struct seep_simulation_config config = config_of("stepped");
	struct seep_worker worker;

	(void)state;
	config.scale = 0.1; /* steps each half second, of 500 objects */
	work_for(&worker, &config, 0, 2);
	assert_int_equal(worker.works[0].counts[0].leaked_objects, 2000);
	assert_int_equal(worker.works[1].counts[0].allocs, 2000); /* churn goes by the clock */
	seep_worker_done(&worker);
}

static void a_stop_is_left_out(void **state)
{
	struct seep_simulation_config config = config_of("linear");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];

	(void)state;
	work_for(&worker, &config, 0, 1);
	assert_int_equal(counts->allocs, 100);
	assert_int_equal(seep_worker_tick(&worker, 62 * NS), 0); /* 60 s later */
	assert_int_equal(counts->allocs, 110);
	assert_int_equal(worker.late_ns, 60 * NS - 100 * MS);
	run(&worker, 62 * NS + 10 * MS, 63 * NS);
	assert_int_equal(counts->allocs, 210);
	assert_int_equal(worker.active_ns, 2 * NS + 100 * MS);
	seep_worker_done(&worker);
}

static void a_late_tick_is_made_up(void **state)
{
	struct seep_simulation_config config = config_of("linear");
	struct seep_worker worker;

	(void)state;
	work_for(&worker, &config, 0, 1);
	assert_int_equal(seep_worker_tick(&worker, 2 * NS + 100 * MS), 0);
	assert_int_equal(worker.works[0].counts[0].allocs, 110);
	assert_int_equal(worker.late_ns, 0);
	seep_worker_done(&worker);
}

static void workers_share_exactly(void **state)
{
	struct seep_simulation_config config = config_of("cycle");
	uint64_t leaked = 0;

	(void)state;
	config.num_workers = 7;
	config.parameters[SEEP_SIMULATE_OBJECTS] = 999;
	for (uint64_t number = 0; number < config.num_workers; number++) {
		struct seep_worker worker;

		work_for(&worker, &config, number, 20);
		leaked += worker.works[0].counts[0].leaked_objects;
		assert_int_equal(worker.works[0].counts[0].frees, 0);
		seep_worker_done(&worker);
	}
	assert_int_equal(leaked, 999);
}

static void the_limit_ends_it_exactly(void **state)
{
	struct seep_simulation_config config = config_of("exponential");
	struct seep_worker worker;

	(void)state;
	config.parameters[SEEP_SIMULATE_LIMIT] = 100 * 1024;
	config.scale = 0.01;
	work_for(&worker, &config, 0, 60);
	assert_true(worker.over);
	assert_int_equal(worker.error, 0);
	assert_int_equal(worker.works[0].counts[0].leaked_bytes, 100 * 1024);
	assert_true(worker.active_ns < NS);
	seep_worker_done(&worker);
}

static void one_in_a_thousand_leaks(void **state)
{
	struct seep_simulation_config config = config_of("rare");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];

	(void)state;
	work_for(&worker, &config, 0, 10);
	assert_int_equal(counts->allocs, 1000000);
	assert_in_range(counts->leaked_objects, 842, 1158); /* five standard deviations */
	assert_in_range(live(counts) - counts->leaked_objects, 1, 256);
	assert_in_range(counts->alloc_bytes, 9990000, 10010000);
	assert_consistent(&worker);
	seep_worker_done(&worker);
}

static void a_seed_repeats_itself(void **state)
{
	struct seep_simulation_config config = config_of("rare");
	struct seep_worker first, again, other;

	(void)state;
	work_for(&first, &config, 0, 1);
	work_for(&again, &config, 0, 1);
	assert_memory_equal(first.works[0].counts, again.works[0].counts,
			    sizeof(first.works[0].counts));
	config.seed = 2;
	work_for(&other, &config, 0, 1);
	assert_memory_not_equal(first.works[0].counts, other.works[0].counts,
				sizeof(first.works[0].counts));
	seep_worker_done(&first);
	seep_worker_done(&again);
	seep_worker_done(&other);
}

static void a_cache_fills_and_stays(void **state)
{
	struct seep_simulation_config config = config_of("cache");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];
	uint64_t inserted;

	(void)state;
	work_for(&worker, &config, 0, 20);
	assert_int_equal(live(counts), 2000);
	inserted = counts->allocs;
	run(&worker, 21 * NS + 10 * MS, 40 * NS);
	assert_int_equal(live(counts), 2000);
	assert_true(counts->allocs > inserted);
	assert_int_equal(counts->leaked_objects, 0);
	seep_worker_done(&worker);
}

static void a_swing_leaves_its_leak(void **state)
{
	struct seep_simulation_config config = config_of("oscillating");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];

	(void)state;
	work_for(&worker, &config, 0, 30); /* three periods: all are at the bottom */
	assert_int_equal(live(counts), counts->leaked_objects);
	assert_in_range(counts->allocs, 5990, 6000);
	assert_in_range(counts->leaked_objects, 484, 716); /* five standard deviations */
	seep_worker_done(&worker);
}

static void a_burst_goes_away(void **state)
{
	struct seep_simulation_config config = config_of("burst");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];

	(void)state;
	work_for(&worker, &config, 0, 7);
	assert_int_equal(live(counts), 2000);
	run(&worker, 8 * NS + 10 * MS, 11 * NS);
	assert_int_equal(live(counts), 0);
	assert_int_equal(counts->allocs, 2000);
	seep_worker_done(&worker);
}

static void messages_wait_as_long_as_they_should(void **state)
{
	struct seep_simulation_config config = config_of("seasonal");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];

	(void)state;
	work_for(&worker, &config, 0, 11); /* high season is at 10 s; a wait is 2 s */
	assert_in_range(live(counts), 780, 800);
	run(&worker, 12 * NS + 10 * MS, 22 * NS);
	assert_in_range(live(counts), 0, 20);
	assert_int_equal(counts->leaked_objects, 0);
	seep_worker_done(&worker);
}

static void a_vector_doubles(void **state)
{
	struct seep_simulation_config config = config_of("vector-bounded");
	struct seep_worker worker;
	const struct seep_site_counts *counts = &worker.works[0].counts[0];

	(void)state;
	work_for(&worker, &config, 0, 20); /* 8000 elements: 64 doubled seven times */
	assert_int_equal(counts->allocs, 8);
	assert_int_equal(counts->frees, 7);
	assert_int_equal(counts->alloc_bytes - counts->free_bytes, 8192 * 64);
	seep_worker_done(&worker);
}

static void fragmentation_keeps_what_is_live(void **state)
{
	struct seep_simulation_config config = config_of("fragmentation");
	struct seep_worker worker;
	const struct seep_site_counts *counts = worker.works[0].counts;

	(void)state;
	work_for(&worker, &config, 0, 4); /* 1024 lines: four documents */
	assert_int_equal(worker.works[0].done, 1024);
	assert_int_equal(live(&counts[0]), 1);
	assert_int_equal(live(&counts[1]), 1024 - 4 + 1024);
	assert_int_equal(counts[1].alloc_bytes - counts[1].free_bytes, 4 << 20);
	seep_worker_done(&worker);
}

/* Every pattern at a tenth of its time, by three workers. */
static void all_patterns_are_consistent(void **state)
{
	(void)state;
	for (size_t i = 0; i < seep_num_patterns; i++) {
		struct seep_simulation_config config = config_of(seep_patterns[i].name);

		config.scale = 0.1;
		config.num_workers = 3;
		for (uint64_t number = 0; number < config.num_workers; number++) {
			struct seep_worker worker;

			work_for(&worker, &config, number, 1);
			assert_true(worker.works[0].counts[0].allocs > 0);
			assert_consistent(&worker);
			seep_worker_done(&worker);
		}
	}
}

static void a_simulation_ends_by_itself_at_the_limit(void **state)
{
	struct seep_simulation_config config = config_of("linear");
	struct seep_simulation_counts counts;
	struct seep_simulation *simulation;
	eventfd_t value;
	int flags;

	(void)state;
	config.num_workers = 4;
	config.parameters[SEEP_SIMULATE_GROWTH] = 100 << 20;
	config.parameters[SEEP_SIMULATE_OBJECTS] = 1000;
	config.parameters[SEEP_SIMULATE_LIMIT] = 100 << 10;
	assert_int_equal(seep_simulation_new(&config, &simulation), 0);
	assert_int_equal(seep_simulation_start(simulation), 0);
	flags = fcntl(seep_simulation_fd(simulation), F_GETFL);
	fcntl(seep_simulation_fd(simulation), F_SETFL, flags & ~O_NONBLOCK);
	assert_int_equal(eventfd_read(seep_simulation_fd(simulation), &value), 0);
	assert_int_equal(seep_simulation_error(simulation), 0);
	seep_simulation_stop(simulation);
	seep_simulation_count(simulation, &counts);
	assert_int_equal(counts.num_functions, 4);
	assert_string_equal(counts.functions[0].site->function, "leak_session");
	assert_true(counts.functions[0].subject);
	assert_in_range(counts.functions[0].counts.leaked_objects, 25, 100);
	seep_simulation_free(simulation);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_linear_leak_has_its_rate),
		cmocka_unit_test(the_scale_is_that_of_time),
		cmocka_unit_test(a_stop_is_left_out),
		cmocka_unit_test(a_late_tick_is_made_up),
		cmocka_unit_test(workers_share_exactly),
		cmocka_unit_test(the_limit_ends_it_exactly),
		cmocka_unit_test(one_in_a_thousand_leaks),
		cmocka_unit_test(a_seed_repeats_itself),
		cmocka_unit_test(a_cache_fills_and_stays),
		cmocka_unit_test(a_swing_leaves_its_leak),
		cmocka_unit_test(a_burst_goes_away),
		cmocka_unit_test(messages_wait_as_long_as_they_should),
		cmocka_unit_test(a_vector_doubles),
		cmocka_unit_test(fragmentation_keeps_what_is_live),
		cmocka_unit_test(all_patterns_are_consistent),
		cmocka_unit_test(a_simulation_ends_by_itself_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
