// SPDX-License-Identifier: GPL-2.0-only
/* Sites from entries of the kernel's table: numbers, ages, merging, changes from one snapshot to
 * the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/sampling.h"
#include "trace/site_table.h"

static const struct seep_stack first_stack = {.hash = 1, .num_frames = 3};
static const struct seep_stack second_stack = {.hash = 2, .num_frames = 4};
static const struct seep_stack missing_stack = {.hash = 3};

static const struct seep_site_value value = {
	.allocs = 10,
	.frees = 4,
	.alloc_bytes = 1000,
	.free_bytes = 300,
	.oldest_ns = 5000,
	.scan = 7,
	.young_objects = 2,
	.young_bytes = 200,
	.ages = {1, 5},
	.lifetimes = {3, 1},
};

static struct seep_site site_of(const struct seep_stack *stack, uint64_t allocs, uint64_t bytes)
{
	struct seep_site site = {.kind = SEEP_KIND_MEMORY, .stack = stack};
	struct seep_site_value numbers = {
		.allocs = allocs, .alloc_bytes = bytes, .oldest_ns = 100 * allocs, .scan = 1};
	struct seep_site_moment moment = {.scan_number = 1, .now_ns = 10000};

	seep_site_fill(&site, &numbers, &moment);
	return site;
}

static void test_fill(void **state)
{
	struct seep_site_moment moment = {.scan_number = 7, .now_ns = 9000};
	struct seep_site site = {0};

	(void)state;
	seep_site_fill(&site, &value, &moment);
	assert_int_equal(site.counts.allocs, 10);
	assert_int_equal(site.counts.free_bytes, 300);
	assert_int_equal(site.live_objects, 6);
	assert_int_equal(site.live_bytes, 700);
	assert_int_equal(site.oldest_ns, 4000);
	assert_int_equal(site.ages[1], 5);
	assert_int_equal(site.lifetimes[0], 3);
}

static void test_min_age(void **state)
{
	struct seep_site_moment moment = {.scan_number = 7, .now_ns = 9000, .min_age_ns = 1};
	struct seep_site_value young = value;
	struct seep_site site = {0};

	(void)state;
	seep_site_fill(&site, &value, &moment);
	assert_int_equal(site.live_objects, 4);
	assert_int_equal(site.live_bytes, 500);
	/* Read a moment later than the counters. */
	young.young_objects = 7;
	young.young_bytes = 701;
	seep_site_fill(&site, &young, &moment);
	assert_int_equal(site.live_objects, 0);
	assert_int_equal(site.live_bytes, 0);
}

/* What another scan left says nothing of now. */
static void test_old_scan(void **state)
{
	struct seep_site_moment moment = {.scan_number = 8, .now_ns = 9000, .min_age_ns = 1};
	struct seep_site site = {0};

	(void)state;
	seep_site_fill(&site, &value, &moment);
	assert_true(site.oldest_ns == SEEP_UNKNOWN);
	assert_int_equal(site.live_objects, 6);
	assert_int_equal(site.ages[1], 0);
}

/* An object that was made after the clock was read. */
static void test_made_later(void **state)
{
	struct seep_site_moment moment = {.scan_number = 7, .now_ns = 4999};
	struct seep_site site = {0};

	(void)state;
	seep_site_fill(&site, &value, &moment);
	assert_true(site.oldest_ns == SEEP_UNKNOWN);
	assert_true(site.ages_known);
}

static void test_merge(void **state)
{
	struct seep_site one = site_of(&first_stack, 10, 1000);
	struct seep_site other = site_of(&first_stack, 3, 30);
	struct seep_site_table *table;
	struct seep_site *sites;
	size_t count;

	(void)state;
	assert_int_equal(seep_site_table_new(&table), 0);
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &one), 0);
	assert_int_equal(seep_site_table_add(table, 1, &other), 0);
	sites = seep_site_table_end(table, &count);
	assert_int_equal(count, 1);
	assert_int_equal(sites[0].counts.allocs, 13);
	assert_int_equal(sites[0].live_bytes, 1030);
	/* The older of both. */
	assert_int_equal(sites[0].oldest_ns, 9700);
	seep_site_table_free(table);
}

/* What a site points to is the table's, and tells of both entries if there are two. */
static void test_sampling(void **state)
{
	struct seep_sampling first = {.seen_objects = 3, .allocs_error = 3, .staying = 0.5};
	struct seep_sampling second = {.seen_objects = 5, .allocs_error = 4, .staying = 0.25};
	struct seep_site one = site_of(&first_stack, 10, 1000);
	struct seep_site other = site_of(&first_stack, 3, 30);
	struct seep_site_table *table;
	struct seep_site *sites;
	size_t count;

	(void)state;
	first.ages[7] = 1;
	second.ages[7] = 2;
	one.sampling = &first;
	other.sampling = &second;
	assert_int_equal(seep_site_table_new(&table), 0);
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &one), 0);
	assert_int_equal(seep_site_table_add(table, 1, &other), 0);
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	sites = seep_site_table_end(table, &count);
	assert_int_equal(count, 1);
	assert_int_equal(sites[0].sampling->seen_objects, 8);
	assert_true(sites[0].sampling->allocs_error == 5);
	assert_true(sites[0].sampling->staying == 0.25);
	assert_int_equal(sites[0].sampling->ages[7], 3);
	/* The next snapshot knows nothing of it. */
	one.sampling = NULL;
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &one), 0);
	sites = seep_site_table_end(table, &count);
	assert_null(sites[0].sampling);
	seep_site_table_free(table);
}

static void test_apart(void **state)
{
	struct seep_site one = site_of(&first_stack, 10, 1000);
	struct seep_site stack = site_of(&second_stack, 3, 30);
	struct seep_site kind = one;
	struct seep_site_table *table;
	size_t count;

	(void)state;
	kind.kind = SEEP_KIND_MAPPING;
	assert_int_equal(seep_site_table_new(&table), 0);
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &one), 0);
	assert_int_equal(seep_site_table_add(table, 1, &stack), 0);
	assert_int_equal(seep_site_table_add(table, 1, &kind), 0);
	assert_int_equal(seep_site_table_add(table, 2, &one), 0);
	seep_site_table_end(table, &count);
	assert_int_equal(count, 4);
	seep_site_table_free(table);
}

/* A merged site has one change, and the first snapshot has none. */
static void test_changes(void **state)
{
	struct seep_site before = site_of(&first_stack, 10, 1000);
	struct seep_site half = site_of(&first_stack, 4, 400);
	struct seep_site fresh = site_of(&second_stack, 2, 20);
	struct seep_site_table *table;
	struct seep_site *sites;
	size_t count;

	(void)state;
	assert_int_equal(seep_site_table_new(&table), 0);
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &before), 0);
	sites = seep_site_table_end(table, &count);
	assert_int_equal(sites[0].live_bytes_change, 0);
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &half), 0);
	assert_int_equal(seep_site_table_add(table, 1, &fresh), 0);
	assert_int_equal(seep_site_table_add(table, 1, &half), 0);
	sites = seep_site_table_end(table, &count);
	assert_int_equal(count, 2);
	assert_int_equal(sites[0].live_bytes_change, -200);
	assert_int_equal(sites[0].live_objects_change, -2);
	assert_int_equal(sites[1].live_bytes_change, 20);
	seep_site_table_free(table);
}

/* Sites of processes that have gone are forgotten, the others are not. */
static void test_forgets(void **state)
{
	struct seep_site stays = site_of(&first_stack, 10, 1000);
	struct seep_site_table *table;
	struct seep_site *sites;
	size_t count;

	(void)state;
	assert_int_equal(seep_site_table_new(&table), 0);
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &stays), 0);
	for (uint32_t process = 2; process < 5000; process++)
		assert_int_equal(seep_site_table_add(table, process, &stays), 0);
	seep_site_table_end(table, &count);
	assert_int_equal(count, 4999);
	for (int i = 0; i < 2; i++) {
		seep_site_table_begin(table);
		assert_int_equal(seep_site_table_add(table, 1, &stays), 0);
		sites = seep_site_table_end(table, &count);
		assert_int_equal(sites[0].live_bytes_change, 0);
	}
	/* Process 2 was forgotten: all that it has is new. */
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 2, &stays), 0);
	sites = seep_site_table_end(table, &count);
	assert_int_equal(sites[0].live_bytes_change, 1000);
	seep_site_table_free(table);
}

static void test_without_stack(void **state)
{
	struct seep_site with = site_of(&first_stack, 10, 1000);
	struct seep_site without = site_of(&missing_stack, 1, 10);
	struct seep_site_table *table;

	(void)state;
	assert_int_equal(seep_site_table_new(&table), 0);
	seep_site_table_begin(table);
	assert_int_equal(seep_site_table_add(table, 1, &with), 0);
	assert_int_equal(seep_site_table_add(table, 1, &without), 0);
	assert_int_equal(seep_site_table_num_without_stack(table), 1);
	seep_site_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),	 cmocka_unit_test(test_min_age),
		cmocka_unit_test(test_old_scan), cmocka_unit_test(test_made_later),
		cmocka_unit_test(test_merge),	 cmocka_unit_test(test_sampling),
		cmocka_unit_test(test_apart),	 cmocka_unit_test(test_changes),
		cmocka_unit_test(test_forgets),	 cmocka_unit_test(test_without_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
