// SPDX-License-Identifier: GPL-2.0-only
/* Sums, order and arithmetic of a snapshot, at the edges of 64 bits too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/snapshot.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void assert_counts(const struct seep_counts *counts, uint64_t allocs, uint64_t frees,
			  uint64_t alloc_bytes, uint64_t free_bytes)
{
	assert_int_equal(counts->allocs, allocs);
	assert_int_equal(counts->frees, frees);
	assert_int_equal(counts->alloc_bytes, alloc_bytes);
	assert_int_equal(counts->free_bytes, free_bytes);
}

static void counts_add_up(void **state)
{
	const struct seep_counts counts = {5, 3, 500, 301};
	struct seep_counts sum = {1, 1, 10, 10};

	(void)state;
	seep_counts_add(&sum, &counts);
	assert_counts(&sum, 6, 4, 510, 311);
	assert_int_equal(seep_counts_live_objects(&counts), 2);
	assert_int_equal(seep_counts_live_bytes(&counts), 199);
}

static void metrics_read_what_they_say(void **state)
{
	/* Fewer are live as reported than the counters have: the young ones are left out. */
	const struct seep_site site = {
		.counts = {5, 3, 500, 301},
		.live_objects = 1,
		.live_bytes = 100,
	};

	(void)state;
	assert_int_equal(seep_site_metric(&site, SEEP_METRIC_LIVE_BYTES), 100);
	assert_int_equal(seep_site_metric(&site, SEEP_METRIC_LIVE_OBJECTS), 1);
	assert_int_equal(seep_site_metric(&site, SEEP_METRIC_ALLOC_BYTES), 500);
	assert_int_equal(seep_site_metric(&site, SEEP_METRIC_ALLOC_OBJECTS), 5);
}

static void sites_are_sorted_for_reports(void **state)
{
	static const struct seep_process processes[] = {{.id = 1}, {.id = 2}};
	/* In the order that is expected; each differs from the next in what decides. */
	static const struct seep_site expected[] = {
		{9, &processes[1], .live_bytes = UINT64_MAX},
		{9, &processes[1], .live_bytes = 1ULL << 40},
		{9, &processes[1], .live_bytes = 1, .live_objects = 1ULL << 33},
		{9, &processes[1], .live_bytes = 1, .live_objects = 7, .counts.alloc_bytes = 9},
		{3, &processes[1], .live_bytes = 1, .live_objects = 7, .counts.alloc_bytes = 8},
		{4, &processes[0], .live_bytes = 1, .live_objects = 7, .counts.alloc_bytes = 8},
		{4, &processes[1], .live_bytes = 1, .live_objects = 7, .counts.alloc_bytes = 8},
		{1, &processes[0], .live_bytes = 0},
		{UINT64_MAX, &processes[0], .live_bytes = 0},
	};
	struct seep_site sites[LENGTH(expected)];

	(void)state;
	for (size_t step = 1; step < LENGTH(sites); step++) {
		size_t at = 0;

		if (step == 3 || step == 6) /* would not visit all nine */
			continue;
		for (size_t i = 0; i < LENGTH(sites); i++, at = (at + step) % LENGTH(sites))
			sites[i] = expected[at];
		seep_sites_sort(sites, LENGTH(sites));
		for (size_t i = 0; i < LENGTH(sites); i++) {
			assert_ptr_equal(sites[i].process, expected[i].process);
			assert_int_equal(sites[i].id, expected[i].id);
			assert_true(sites[i].live_bytes == expected[i].live_bytes);
			assert_true(sites[i].live_objects == expected[i].live_objects);
		}
	}
	seep_sites_sort(NULL, 0);
}

static void sums_follow_the_process_and_the_kind(void **state)
{
	struct seep_process processes[] = {
		{.pid = 1, .totals[SEEP_KIND_MEMORY] = {true, {9, 9, 9, 9}, 9, 9}},
		{.pid = 2},
		{.pid = 3, .totals[SEEP_KIND_FD] = {true, {9, 9, 9, 9}, 9, 9}},
	};
	const struct seep_site sites[] = {
		{.process = &processes[1],
		 .counts = {1, 0, 10, 0},
		 .live_objects = 1,
		 .live_bytes = 10},
		{.process = &processes[0],
		 .counts = {20, 10, 200, 100},
		 .live_objects = 9,
		 .live_bytes = 90},
		{.process = &processes[1], .counts = {300, 300, 3000, 3000}, .live_bytes = 0},
		{.process = &processes[1],
		 .kind = SEEP_KIND_FD,
		 .counts = {7, 4},
		 .live_objects = 3},
	};
	struct seep_totals totals[SEEP_KIND_COUNT] = {
		[SEEP_KIND_MEMORY] = {true, {9, 9, 9, 9}, 9, 9},
		[SEEP_KIND_FD].traced = true,
	};

	(void)state;
	seep_snapshot_sum(processes, LENGTH(processes), sites, LENGTH(sites), totals);

	assert_counts(&processes[0].totals[SEEP_KIND_MEMORY].counts, 20, 10, 200, 100);
	assert_int_equal(processes[0].totals[SEEP_KIND_MEMORY].live_objects, 9);
	assert_int_equal(processes[0].totals[SEEP_KIND_MEMORY].live_bytes, 90);
	assert_counts(&processes[1].totals[SEEP_KIND_MEMORY].counts, 301, 300, 3010, 3000);
	assert_int_equal(processes[1].totals[SEEP_KIND_MEMORY].live_objects, 1);
	assert_int_equal(processes[1].totals[SEEP_KIND_MEMORY].live_bytes, 10);
	assert_counts(&processes[2].totals[SEEP_KIND_MEMORY].counts, 0, 0, 0, 0);
	assert_int_equal(processes[2].totals[SEEP_KIND_MEMORY].live_bytes, 0);
	assert_int_equal(processes[2].totals[SEEP_KIND_MEMORY].live_objects, 0);
	assert_int_equal(processes[2].pid, 3);

	assert_int_equal(processes[1].totals[SEEP_KIND_FD].live_objects, 3);
	assert_int_equal(processes[2].totals[SEEP_KIND_FD].live_objects, 0);
	assert_true(processes[2].totals[SEEP_KIND_FD].traced);
	assert_false(processes[2].totals[SEEP_KIND_THREAD].traced);
	assert_int_equal(totals[SEEP_KIND_FD].counts.frees, 4);

	assert_true(totals[SEEP_KIND_MEMORY].traced);
	assert_counts(&totals[SEEP_KIND_MEMORY].counts, 321, 310, 3210, 3100);
	assert_int_equal(totals[SEEP_KIND_MEMORY].live_objects, 10);
	assert_int_equal(totals[SEEP_KIND_MEMORY].live_bytes, 100);
}

static void nothing_sums_up_to_nothing(void **state)
{
	struct seep_totals totals[SEEP_KIND_COUNT] = {{.live_bytes = 9}};

	(void)state;
	seep_snapshot_sum(NULL, 0, NULL, 0, totals);
	assert_false(totals[0].traced);
	assert_int_equal(totals[0].live_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_add_up),
		cmocka_unit_test(metrics_read_what_they_say),
		cmocka_unit_test(sites_are_sorted_for_reports),
		cmocka_unit_test(sums_follow_the_process_and_the_kind),
		cmocka_unit_test(nothing_sums_up_to_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
