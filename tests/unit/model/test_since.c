// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happened since an earlier snapshot of the same trace, as a snapshot: counters, live amounts,
 * ages and sums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "model/sampling.h"
#include "model/since.h"

#define MAX_SITES 8

static const struct seep_stack stacks[] = {{.hash = 100}, {.hash = 101}, {.hash = 102}};

/* A snapshot with its processes: the same ones, with other addresses, in each. */
struct moment {
	struct seep_process processes[2];
	struct seep_site sites[MAX_SITES];
	struct seep_snapshot snapshot;
};

static void init(struct moment *moment, uint64_t elapsed_s)
{
	*moment = (struct moment){
		.processes = {{.id = 1, .pid = 10}, {.id = 2, .pid = 20}},
		.snapshot =
			{
				.seq = elapsed_s,
				.elapsed_ns = elapsed_s * SEEP_NS_PER_S,
				.utc_ns = (1000 + elapsed_s) * SEEP_NS_PER_S,
				.totals = {[SEEP_KIND_MEMORY].traced = true},
				.num_processes = 2,
			},
	};
	moment->snapshot.processes = moment->processes;
	moment->snapshot.sites = moment->sites;
}

/* Objects of 10 bytes. */
static struct seep_site *add(struct moment *moment, size_t process, size_t stack, uint64_t allocs,
			     uint64_t frees, uint64_t oldest_s)
{
	struct seep_site *site = &moment->sites[moment->snapshot.num_sites++];

	*site = (struct seep_site){
		.id = stack + 1,
		.process = &moment->processes[process],
		.stack = &stacks[stack],
		.counts = {allocs, frees, allocs * 10, frees * 10},
		.live_objects = allocs - frees,
		.live_bytes = (allocs - frees) * 10,
		.oldest_ns = oldest_s * SEEP_NS_PER_S,
		.lifetimes = {[3] = frees},
	};
	return site;
}

static void assert_site(const struct seep_site *site, uint64_t id, uint64_t allocs, uint64_t frees,
			uint64_t live, int64_t change)
{
	assert_int_equal(site->id, id);
	assert_int_equal(site->counts.allocs, allocs);
	assert_int_equal(site->counts.frees, frees);
	assert_int_equal(site->counts.alloc_bytes, allocs * 10);
	assert_int_equal(site->counts.free_bytes, frees * 10);
	assert_int_equal(site->lifetimes[3], frees);
	assert_int_equal(site->live_objects, live);
	assert_int_equal(site->live_bytes, live * 10);
	assert_int_equal(site->live_objects_change, change);
	assert_int_equal(site->live_bytes_change, change * 10);
}

static void counts_from_then_on(void **state)
{
	static const struct seep_details details = {0};
	const struct seep_snapshot *snapshot;
	struct moment then, now;
	struct seep_since *since;

	(void)state;
	init(&then, 10);
	init(&now, 30);
	add(&then, 0, 0, 100, 40, 10);
	add(&then, 0, 1, 50, 0, 10);
	add(&then, 1, 0, 7, 0, 10);
	add(&now, 1, 2, 3, 1, 5);    /* came since */
	add(&now, 1, 0, 7, 0, 30);   /* nothing happened */
	add(&now, 0, 1, 50, 20, 30); /* shrank */
	add(&now, 0, 0, 180, 45, 30)->details = &details;
	assert_int_equal(seep_since_new(&now.snapshot, &then.snapshot, &since), 0);
	snapshot = seep_since_snapshot(since);
	assert_int_equal(snapshot->since_ns, 10 * SEEP_NS_PER_S);
	assert_int_equal(snapshot->since_utc_ns, 1010 * SEEP_NS_PER_S);
	assert_int_equal(snapshot->interval_ns, 20 * SEEP_NS_PER_S);
	assert_int_equal(snapshot->elapsed_ns, 30 * SEEP_NS_PER_S);
	assert_int_equal(snapshot->num_sites, 3);
	assert_site(&snapshot->sites[0], 1, 80, 5, 75, 75);
	assert_null(snapshot->sites[0].details);
	assert_int_equal(snapshot->sites[0].oldest_ns, SEEP_UNKNOWN); /* made before */
	assert_site(&snapshot->sites[1], 3, 3, 1, 2, 2);
	assert_int_equal(snapshot->sites[1].oldest_ns, 5 * SEEP_NS_PER_S);
	assert_site(&snapshot->sites[2], 2, 0, 20, 0, -20);
	assert_int_equal(snapshot->totals[SEEP_KIND_MEMORY].live_objects, 77);
	assert_int_equal(snapshot->totals[SEEP_KIND_MEMORY].counts.frees, 26);
	assert_int_equal(snapshot->processes[1].totals[SEEP_KIND_MEMORY].live_objects, 2);
	assert_ptr_equal(snapshot->sites[1].process, &snapshot->processes[1]);
	assert_int_equal(now.sites[3].counts.allocs, 180); /* what it was made from stays */
	seep_since_free(since);
}

static void losses_are_those_since(void **state)
{
	struct moment then, now;
	struct seep_since *since;

	(void)state;
	init(&then, 10);
	init(&now, 30);
	then.snapshot.losses[SEEP_LOSS_RING_FULL] = 5;
	now.snapshot.losses[SEEP_LOSS_RING_FULL] = 8;
	then.snapshot.losses[SEEP_LOSS_UNMATCHED_FREES] = SEEP_UNKNOWN;
	now.snapshot.losses[SEEP_LOSS_UNMATCHED_FREES] = SEEP_UNKNOWN;
	then.processes[0].unmatched_frees = 4;
	then.processes[0].unmatched_free_bytes = 100;
	now.processes[0].unmatched_frees = 9;
	now.processes[0].unmatched_free_bytes = 300;
	now.processes[0].unmatched_frees_unsized = 1;
	then.snapshot.ends[SEEP_END_COMPLETE] = 10;
	now.snapshot.ends[SEEP_END_COMPLETE] = 30;
	then.snapshot.overhead.events = 100;
	now.snapshot.overhead.events = 90; /* of a file that lies */
	assert_int_equal(seep_since_new(&now.snapshot, &then.snapshot, &since), 0);
	assert_int_equal(seep_since_snapshot(since)->losses[SEEP_LOSS_RING_FULL], 3);
	assert_true(seep_since_snapshot(since)->losses[SEEP_LOSS_UNMATCHED_FREES] == SEEP_UNKNOWN);
	assert_int_equal(seep_since_snapshot(since)->processes[0].unmatched_frees, 5);
	assert_int_equal(seep_since_snapshot(since)->processes[0].unmatched_free_bytes, 200);
	assert_int_equal(seep_since_snapshot(since)->processes[0].unmatched_frees_unsized, 1);
	assert_int_equal(seep_since_snapshot(since)->ends[SEEP_END_COMPLETE], 20);
	assert_int_equal(seep_since_snapshot(since)->overhead.events, 0);
	assert_int_equal(seep_since_snapshot(since)->num_sites, 0);
	seep_since_free(since);
}

static void errors_are_those_of_the_difference(void **state)
{
	static const struct seep_sampling before = {.seen_objects = 10,
						    .allocs_error = 3,
						    .alloc_bytes_error = 50,
						    .live_objects_error = 3,
						    .live_bytes_error = 30,
						    .staying = 0.5,
						    .lifetimes = {[3] = 2},
						    .ages = {[5] = 8}};
	static const struct seep_sampling after = {.seen_objects = 25,
						   .allocs_error = 5,
						   .alloc_bytes_error = 40, /* a file that lies */
						   .live_objects_error = 4,
						   .live_bytes_error = 40,
						   .staying = 0.6,
						   .lifetimes = {[3] = 7},
						   .ages = {[5] = 18}};
	const struct seep_sampling *sampling;
	struct moment then, now;
	struct seep_since *since;

	(void)state;
	init(&then, 10);
	init(&now, 30);
	add(&then, 0, 0, 100, 40, 10)->sampling = &before;
	add(&now, 0, 0, 180, 45, 30)->sampling = &after;
	add(&now, 0, 1, 5, 0, 30)->sampling = &after; /* came since */
	add(&now, 1, 0, 5, 0, 30);
	assert_int_equal(seep_since_new(&now.snapshot, &then.snapshot, &since), 0);
	sampling = seep_since_snapshot(since)->sites[0].sampling;
	assert_int_equal(sampling->seen_objects, 15);
	assert_true(sampling->allocs_error == 4 && sampling->alloc_bytes_error == 0);
	assert_true(sampling->live_objects_error == 5 && sampling->live_bytes_error == 50);
	assert_true(sampling->staying == 0.6);
	assert_int_equal(sampling->lifetimes[3], 5);
	assert_int_equal(sampling->ages[5], 0);
	assert_null(seep_since_snapshot(since)->sites[1].sampling);
	sampling = seep_since_snapshot(since)->sites[2].sampling;
	assert_int_equal(sampling->seen_objects, 25);
	assert_true(sampling->allocs_error == 5 && sampling->live_bytes_error == 40);
	assert_true(seep_since_snapshot(since)->totals[SEEP_KIND_MEMORY].estimated);
	assert_true(after.ages[5] == 18);
	seep_since_free(since);
}

/* How old the oldest was when its process ended says nothing of when it was made. */
static void ages_of_the_ended_are_not_known(void **state)
{
	struct moment then, now;
	struct seep_since *since;

	(void)state;
	init(&then, 10);
	init(&now, 30);
	add(&now, 0, 0, 1, 0, 5);
	now.processes[0].exited = true;
	assert_int_equal(seep_since_new(&now.snapshot, &then.snapshot, &since), 0);
	assert_int_equal(seep_since_snapshot(since)->sites[0].oldest_ns, SEEP_UNKNOWN);
	seep_since_free(since);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_from_then_on),
		cmocka_unit_test(losses_are_those_since),
		cmocka_unit_test(errors_are_those_of_the_difference),
		cmocka_unit_test(ages_of_the_ended_are_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
