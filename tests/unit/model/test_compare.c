// SPDX-License-Identifier: GPL-2.0-only
/*
 * Comparing two snapshots: what is new, grew, shrank or is gone, matching by id and by names, and
 * the doubts about numbers that are hard to compare.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "model/compare.h"
#include "model/sampling.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_SITES     8
#define HOUR_NS	      (3600 * SEEP_NS_PER_S)

/* The processes of one snapshot, and of another one: other PIDs, one more worker. */
static const struct seep_process old_processes[] = {
	{.id = 1, .pid = 100, .comm = "srv", .exe = "/usr/bin/server"},
	{.id = 2, .pid = 101, .comm = "cron"},
};
static const struct seep_process new_processes[] = {
	{.id = 7, .pid = 900, .comm = "srv: main", .exe = "/opt/v2/bin/server"},
	{.id = 8, .pid = 901, .comm = "srv: worker", .exe = "/opt/v2/bin/server"},
	{.id = 9, .pid = 902, .comm = "cron"},
};

struct one_side {
	struct seep_site sites[MAX_SITES];
	struct seep_path paths[MAX_SITES];
	struct seep_snapshot snapshot;
};

static void init(struct one_side *side, const struct seep_process *processes, size_t count)
{
	*side = (struct one_side){
		.snapshot =
			{
				.elapsed_ns = HOUR_NS,
				.max_size_bytes = UINT64_MAX,
				.totals = {[SEEP_KIND_MEMORY].traced = true,
					   [SEEP_KIND_FD].traced = true},
				.processes = processes,
				.num_processes = count,
			},
	};
	side->snapshot.sites = side->sites;
}

static void init_both(struct one_side *before, struct one_side *after)
{
	init(before, old_processes, LENGTH(old_processes));
	init(after, new_processes, LENGTH(new_processes));
}

/* Objects of 10 bytes; a descriptor has none. */
static struct seep_site *add(struct one_side *side, size_t process, enum seep_kind kind,
			     uint64_t id, uint64_t allocs, uint64_t live)
{
	struct seep_site *site = &side->sites[side->snapshot.num_sites++];
	uint64_t bytes = kind == SEEP_KIND_FD ? 0 : 10;

	*site = (struct seep_site){
		.id = id,
		.process = &side->snapshot.processes[process],
		.kind = kind,
		.counts = {allocs, allocs - live, allocs * bytes, (allocs - live) * bytes},
		.live_objects = live,
		.live_bytes = live * bytes,
	};
	return site;
}

static void add_path(struct one_side *side, uint64_t id, uint64_t live, uint64_t names,
		     uint64_t builds)
{
	side->paths[side->snapshot.num_sites] = (struct seep_path){names, builds};
	add(side, 0, SEEP_KIND_MEMORY, id, live, live);
}

static struct seep_comparison *compare_with(const struct one_side *before,
					    const struct one_side *after,
					    const struct seep_compare_options *options)
{
	const struct seep_side sides[] = {{&before->snapshot, before->paths},
					  {&after->snapshot, after->paths}};
	struct seep_comparison *comparison;

	assert_int_equal(seep_compare(&sides[0], &sides[1], options, &comparison), 0);
	return comparison;
}

static struct seep_comparison *compare(const struct one_side *before, const struct one_side *after)
{
	const struct seep_compare_options options = {.kinds = UINT32_MAX};

	return compare_with(before, after, &options);
}

static void assert_change(const struct seep_change *change, uint64_t id, enum seep_change_type type,
			  uint64_t before, uint64_t after)
{
	assert_int_equal(change->site->id, id);
	assert_int_equal(change->type, type);
	assert_int_equal(change->before.live_objects, before);
	assert_int_equal(change->after.live_objects, after);
}

static void sorts_and_their_order(void **state)
{
	struct one_side before, after;
	struct seep_comparison *comparison;
	struct seep_amount sum_before, sum_after;

	(void)state;
	init_both(&before, &after);
	add(&before, 0, SEEP_KIND_MEMORY, 1, 50, 10);
	add(&before, 0, SEEP_KIND_MEMORY, 2, 50, 20);
	add(&before, 0, SEEP_KIND_MEMORY, 3, 50, 30);
	add(&before, 0, SEEP_KIND_MEMORY, 4, 50, 5);
	add(&before, 0, SEEP_KIND_MEMORY, 5, 50, 0);
	add(&before, 0, SEEP_KIND_FD, 6, 50, 3);
	add(&after, 0, SEEP_KIND_MEMORY, 1, 60, 17); /* +7 */
	add(&after, 0, SEEP_KIND_MEMORY, 2, 60, 29); /* +9 */
	add(&after, 0, SEEP_KIND_MEMORY, 3, 60, 1);
	add(&after, 0, SEEP_KIND_MEMORY, 5, 60, 8); /* seen before, with nothing alive: not new */
	add(&after, 0, SEEP_KIND_MEMORY, 9, 60, 4);
	add(&after, 0, SEEP_KIND_FD, 6, 60, 5);
	comparison = compare(&before, &after);
	assert_int_equal(comparison->num_changes, 7);
	assert_change(&comparison->changes[0], 9, SEEP_CHANGE_NEW, 0, 4);
	assert_change(&comparison->changes[1], 2, SEEP_CHANGE_GREW, 20, 29);
	assert_change(&comparison->changes[2], 5, SEEP_CHANGE_GREW, 0, 8);
	assert_change(&comparison->changes[3], 1, SEEP_CHANGE_GREW, 10, 17);
	assert_change(&comparison->changes[4], 3, SEEP_CHANGE_SHRANK, 30, 1);
	assert_change(&comparison->changes[5], 4, SEEP_CHANGE_GONE, 5, 0);
	/* counted in descriptors, though the metric is bytes */
	assert_change(&comparison->changes[6], 6, SEEP_CHANGE_GREW, 3, 5);
	assert_int_equal(seep_change_of(&comparison->changes[4], SEEP_METRIC_LIVE_BYTES), -290);
	assert_int_equal(seep_change_of(&comparison->changes[4], SEEP_METRIC_ALLOC_OBJECTS), 10);
	assert_ptr_equal(comparison->changes[5].site, &before.sites[3]);
	assert_ptr_equal(comparison->changes[4].site, &after.sites[2]);
	seep_comparison_sum(comparison, SEEP_KIND_MEMORY, &sum_before, &sum_after);
	assert_int_equal(sum_before.live_bytes, 650);
	assert_int_equal(sum_after.live_bytes, 590);
	assert_int_equal(sum_before.num_sites, 5);
	seep_comparison_free(comparison);
}

static void processes_of_a_program_are_added_up(void **state)
{
	struct one_side before, after;
	struct seep_comparison *comparison;

	(void)state;
	init_both(&before, &after);
	add(&before, 0, SEEP_KIND_MEMORY, 1, 10, 10);
	add(&before, 1, SEEP_KIND_MEMORY, 1, 10, 2); /* of cron, by its command name */
	add(&after, 1, SEEP_KIND_MEMORY, 1, 10, 9);
	add(&after, 0, SEEP_KIND_MEMORY, 1, 10, 4);
	add(&after, 2, SEEP_KIND_MEMORY, 1, 10, 1);
	comparison = compare(&before, &after);
	assert_int_equal(comparison->num_changes, 2);
	assert_change(&comparison->changes[0], 1, SEEP_CHANGE_GREW, 10, 13);
	assert_string_equal(comparison->changes[0].program, "server");
	assert_int_equal(comparison->changes[0].before.num_sites, 1);
	assert_int_equal(comparison->changes[0].after.num_sites, 2);
	assert_int_equal(comparison->changes[0].after.counts.frees, 7);
	assert_ptr_equal(comparison->changes[0].site, &after.sites[0]); /* has the most */
	assert_change(&comparison->changes[1], 1, SEEP_CHANGE_SHRANK, 2, 1);
	assert_string_equal(comparison->changes[1].program, "cron");
	assert_int_equal(comparison->doubts, 1u << SEEP_DOUBT_PROCESSES);
	seep_comparison_free(comparison);
}

/* The same functions at other offsets, in another build; two calls in one of them. */
static void other_builds_are_matched_by_names(void **state)
{
	struct one_side before, after;
	struct seep_comparison *comparison;

	(void)state;
	init(&before, old_processes, 1);
	init(&after, new_processes, 1);
	add_path(&before, 1, 10, 77, 1000);
	add_path(&before, 2, 4, 88, 1000);
	add_path(&before, 3, 2, 88, 1000);
	add_path(&before, 4, 1, 0, 1000); /* without names */
	add_path(&after, 11, 30, 77, 2000);
	add_path(&after, 12, 5, 88, 2000);
	add_path(&after, 14, 1, 0, 2000);
	comparison = compare(&before, &after);
	assert_int_equal(comparison->num_changes, 4);
	assert_int_equal(comparison->num_by_names, 2);
	assert_change(&comparison->changes[0], 14, SEEP_CHANGE_NEW, 0, 1);
	assert_change(&comparison->changes[1], 11, SEEP_CHANGE_GREW, 10, 30);
	assert_true(comparison->changes[1].by_names);
	assert_change(&comparison->changes[2], 12, SEEP_CHANGE_SHRANK, 6, 5);
	assert_change(&comparison->changes[3], 4, SEEP_CHANGE_GONE, 1, 0);
	assert_false(comparison->changes[3].by_names);
	assert_int_equal(comparison->doubts, 1u << SEEP_DOUBT_BUILDS);
	seep_comparison_free(comparison);
}

/*
 * Within one build another id is another call, whatever it is called; one build of several will do.
 */
static void names_do_not_join_what_ids_tell_apart(void **state)
{
	struct one_side before, after;
	struct seep_comparison *comparison;

	(void)state;
	init(&before, old_processes, 1);
	init(&after, new_processes, 1);
	add_path(&before, 1, 10, 77, 1000);
	add_path(&before, 2, 10, 77, 3000);
	add_path(&before, 3, 10, 99, 1000);
	add_path(&after, 11, 30, 77, 2000);
	add_path(&after, 12, 31, 77, 3000);
	add_path(&after, 3, 10, 99, 1000);
	add_path(&after, 13, 10, 99, 2000); /* its match has one already */
	comparison = compare(&before, &after);
	assert_int_equal(comparison->num_by_names, 0);
	assert_int_equal(comparison->num_changes, 6);
	assert_change(&comparison->changes[0], 12, SEEP_CHANGE_NEW, 0, 31);
	assert_change(&comparison->changes[1], 11, SEEP_CHANGE_NEW, 0, 30);
	assert_change(&comparison->changes[2], 13, SEEP_CHANGE_NEW, 0, 10);
	assert_change(&comparison->changes[5], 3, SEEP_CHANGE_SAME, 10, 10);
	seep_comparison_free(comparison);
}

static void the_metric_decides(void **state)
{
	const struct seep_compare_options options = {.kinds = SEEP_KIND_BIT(SEEP_KIND_MEMORY),
						     .metric = SEEP_METRIC_ALLOC_OBJECTS};
	struct one_side before, after;
	struct seep_comparison *comparison;

	(void)state;
	init_both(&before, &after);
	add(&before, 0, SEEP_KIND_MEMORY, 1, 50, 10);
	add(&before, 0, SEEP_KIND_FD, 2, 50, 10);
	add(&after, 0, SEEP_KIND_MEMORY, 1, 40, 20);
	add(&after, 0, SEEP_KIND_FD, 2, 50, 20);
	comparison = compare_with(&before, &after, &options);
	assert_int_equal(comparison->kinds, SEEP_KIND_BIT(SEEP_KIND_MEMORY));
	assert_int_equal(comparison->num_changes, 1);
	assert_change(&comparison->changes[0], 1, SEEP_CHANGE_SHRANK, 10, 20);
	seep_comparison_free(comparison);
}

static void what_makes_it_doubtful(void **state)
{
	struct seep_process old_one = old_processes[0], new_one = old_processes[0];
	struct one_side before, after;
	struct seep_comparison *comparison;

	(void)state;
	init(&before, &old_one, 1);
	init(&after, &new_one, 1);
	after.snapshot.elapsed_ns = HOUR_NS + HOUR_NS / 10;
	comparison = compare(&before, &after);
	assert_int_equal(comparison->doubts, 0);
	assert_int_equal(comparison->span_ns, 0);
	seep_comparison_free(comparison);

	after.snapshot.elapsed_ns++;
	after.snapshot.min_age_ns = 1;
	after.snapshot.min_size_bytes = 1;
	after.snapshot.max_size_bytes = 1;
	after.snapshot.totals[SEEP_KIND_FD].traced = false;
	new_one.attached_late = true;
	add(&before, 0, SEEP_KIND_MEMORY, 1, 1, 1);
	add(&before, 0, SEEP_KIND_FD, 5, 1, 1);
	add(&after, 0, SEEP_KIND_MEMORY, 2, 1, 1);
	comparison = compare(&before, &after);
	assert_int_equal(comparison->doubts,
			 (1u << SEEP_DOUBT_COUNT) - 1 - (1u << SEEP_DOUBT_PROCESSES) -
				 (1u << SEEP_DOUBT_BUILDS) - (1u << SEEP_DOUBT_SAMPLED));
	assert_int_equal(comparison->num_changes, 2); /* no descriptors */
	seep_comparison_free(comparison);
}

/* What may be the error of an estimate is no change; nobody knows of one without an error. */
static void estimates_that_agree(void **state)
{
	static const struct seep_sampling rough = {.live_bytes_error = 30, .allocs_error = 1};
	static const struct seep_sampling unknown = {.live_bytes_error = NAN};
	const struct seep_process process = {.id = 7, .exe = "/usr/bin/server", .sampled = true};
	struct one_side before, after;
	struct seep_comparison *comparison;

	(void)state;
	init_both(&before, &after);
	init(&after, &process, 1);
	for (uint64_t i = 0; i < 4; i++) {
		add(&before, 0, SEEP_KIND_MEMORY, 1 + i, 200, 100);
		add(&after, 0, SEEP_KIND_MEMORY, 1 + i, 200, i == 1 ? 109 : 108);
		/*
		 * Errors of 30 bytes on both sides are one of 42 in the difference, and of 83 once
		 * in 20 times.
		 */
		before.sites[i].sampling = i == 3 ? &unknown : i == 2 ? NULL : &rough;
		after.sites[i].sampling = i == 2 ? NULL : &rough;
	}
	comparison = compare(&before, &after);
	assert_int_equal(comparison->num_changes, 4);
	/* The three that grew come first, the largest change before the others. */
	assert_int_equal(comparison->changes[0].site->id, 2);
	assert_int_equal(comparison->changes[2].type, SEEP_CHANGE_GREW);
	assert_int_equal(comparison->changes[3].type, SEEP_CHANGE_SAME);
	assert_int_equal(comparison->changes[3].site->id, 1);
	assert_true(comparison->changes[3].after.estimated);
	assert_true(comparison->doubts & 1u << SEEP_DOUBT_SAMPLED);
	seep_comparison_free(comparison);
}

static void nothing_in_common(void **state)
{
	const struct seep_compare_options options = {.kinds = SEEP_KIND_BIT(SEEP_KIND_THREAD)};
	struct one_side before, after;
	struct seep_comparison *comparison = NULL;
	struct seep_side side = {&before.snapshot, NULL}, other = {&after.snapshot, NULL};

	(void)state;
	init_both(&before, &after);
	assert_int_equal(seep_compare(&side, &other, &options, &comparison), -ENODATA);
	assert_null(comparison);
}

static void rates_of_one_trace(void **state)
{
	const struct seep_compare_options options = {.kinds = UINT32_MAX, .same_trace = true};
	struct one_side before, after;
	struct seep_comparison *comparison;

	(void)state;
	init(&before, old_processes, 1);
	init(&after, old_processes, 1);
	after.snapshot.elapsed_ns = HOUR_NS + HOUR_NS / 4;
	comparison = compare_with(&before, &after, &options);
	assert_int_equal(comparison->span_ns, HOUR_NS / 4);
	assert_int_equal(comparison->doubts, 0);
	assert_int_equal(seep_change_per_hour(-5, comparison->span_ns), -20);
	assert_int_equal(seep_change_per_hour(1LL << 50, HOUR_NS * 2), 1LL << 49);
	assert_int_equal(seep_change_per_hour(5, 0), 0);
	seep_comparison_free(comparison);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_and_their_order),
		cmocka_unit_test(processes_of_a_program_are_added_up),
		cmocka_unit_test(other_builds_are_matched_by_names),
		cmocka_unit_test(names_do_not_join_what_ids_tell_apart),
		cmocka_unit_test(the_metric_decides),
		cmocka_unit_test(what_makes_it_doubtful),
		cmocka_unit_test(estimates_that_agree),
		cmocka_unit_test(nothing_in_common),
		cmocka_unit_test(rates_of_one_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
