// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readings are made up: which goroutines there are, at which of two places. What is looked at is
 * how places count who comes and goes, how old they are, and how many places there may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "managed/goroutines.h"

#define SECOND SEEP_NS_PER_S
#define MAX    8

/* Two places: stacks 0 and 1 of each reading. */
static const uint64_t stacks[] = {0xa, 0xb};

static struct seep_go some_go(void)
{
	struct seep_go go = {.num_reasons = 2};

	strcpy(go.reasons[1], "chan receive");
	return go;
}

/* A reading at @now_s with these goroutines, ids ascending. */
static void read_at(struct seep_tracked_goroutines *tracked, uint64_t now_s,
		    const struct seep_goroutine *items, size_t count)
{
	const struct seep_go go = some_go();
	struct seep_goroutine copy[MAX];
	const struct seep_goroutines goroutines = {
		.count = count,
		.items = copy,
		.num_stacks = 2,
	};

	for (size_t i = 0; i < count; i++)
		copy[i] = items[i];
	assert_int_equal(seep_tracked_goroutines_update(tracked, &go, &goroutines, stacks,
							now_s * SECOND),
			 0);
}

static const struct seep_goroutine_place *place(const struct seep_tracked_goroutines *tracked,
						uint64_t stack)
{
	const struct seep_goroutine_place *found = NULL;

	HASH_FIND(hh, tracked->places, &stack, sizeof(stack), found);
	assert_non_null(found);
	return found;
}

static uint64_t sum(const __u64 *counts)
{
	uint64_t total = 0;

	for (size_t i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		total += counts[i];
	return total;
}

static struct seep_goroutine waiting(uint64_t id, uint32_t stack)
{
	return (struct seep_goroutine){
		.id = id, .stack = stack, .state = SEEP_GO_STATE_WAITING, .reason = 1};
}

static void who_comes_and_goes_is_counted(void **state)
{
	struct seep_tracked_goroutines tracked = {.count = 0};
	const struct seep_goroutine first[] = {waiting(1, 0), waiting(5, 1), waiting(7, 1)};
	const struct seep_goroutine second[] = {waiting(1, 0), waiting(7, 1), waiting(9, 1)};

	(void)state;
	read_at(&tracked, 100, first, 3);
	assert_int_equal(place(&tracked, 0xb)->value.allocs, 2);
	read_at(&tracked, 110, second, 3);
	assert_int_equal(place(&tracked, 0xa)->value.allocs, 1);
	assert_int_equal(place(&tracked, 0xa)->value.frees, 0);
	assert_int_equal(place(&tracked, 0xb)->value.allocs, 3);
	assert_int_equal(place(&tracked, 0xb)->value.frees, 1);
	/* Of those that were there at the beginning it is not told how long they live. */
	assert_int_equal(sum(place(&tracked, 0xb)->value.lifetimes), 0);
	assert_int_equal(place(&tracked, 0xb)->value.oldest_ns, 100 * SECOND);
	assert_int_equal(sum(place(&tracked, 0xb)->value.ages), 1);
	read_at(&tracked, 120, NULL, 0);
	assert_int_equal(place(&tracked, 0xa)->value.frees, 1);
	assert_int_equal(place(&tracked, 0xb)->value.frees, 3);
	assert_int_equal(place(&tracked, 0xb)->value.oldest_ns, 0);
	/* The other one was seen for 10 s: between 2^23 and 2^24 us. */
	assert_int_equal(sum(place(&tracked, 0xb)->value.lifetimes), 1);
	assert_int_equal(place(&tracked, 0xb)->value.lifetimes[24], 1);
	assert_true(place(&tracked, 0xb)->existed);
	seep_tracked_goroutines_done(&tracked);
}

static void who_moves_on_leaves_one_place_for_the_other(void **state)
{
	struct seep_tracked_goroutines tracked = {.count = 0};
	const struct seep_goroutine before[] = {waiting(3, 0)};
	const struct seep_goroutine after[] = {waiting(3, 1)};

	(void)state;
	read_at(&tracked, 100, before, 1);
	read_at(&tracked, 110, after, 1);
	assert_int_equal(place(&tracked, 0xa)->value.frees, 1);
	assert_int_equal(place(&tracked, 0xb)->value.allocs, 1);
	/* It is as old as its time at the new place. */
	assert_int_equal(place(&tracked, 0xb)->value.oldest_ns, 110 * SECOND);
	seep_tracked_goroutines_done(&tracked);
}

static void what_the_runtime_knows_makes_it_older(void **state)
{
	struct seep_tracked_goroutines tracked = {.count = 0, .min_age_ns = 30 * SECOND};
	struct seep_goroutine items[] = {waiting(3, 0), waiting(4, 0), waiting(5, 0)};

	(void)state;
	items[0].waits_since_ns = 40 * SECOND;
	items[1].waits_since_ns = 200 * SECOND; /* yet to come: not believed */
	read_at(&tracked, 100, items, 3);
	assert_int_equal(place(&tracked, 0xa)->value.oldest_ns, 40 * SECOND);
	/* The other two are new. */
	assert_int_equal(place(&tracked, 0xa)->value.young_objects, 2);
	read_at(&tracked, 131, items, 3);
	assert_int_equal(place(&tracked, 0xa)->value.young_objects, 0);
	seep_tracked_goroutines_done(&tracked);
}

static void what_they_do_is_told(void **state)
{
	struct seep_tracked_goroutines tracked = {.count = 0};
	struct seep_goroutine items[] = {waiting(3, 0), waiting(4, 0), waiting(5, 0)};
	const struct seep_details *details;

	(void)state;
	items[1].state = SEEP_GO_STATE_RUNNING;
	items[2].reason = 99; /* of no name */
	for (int i = 0; i < 2; i++) {
		read_at(&tracked, 100, items, 3);
		details = &place(&tracked, 0xa)->details;
		assert_int_equal(details->num_groups, 3);
		assert_string_equal(details->groups[0].name, "waiting: chan receive");
		assert_int_equal(details->groups[0].objects, 1);
		assert_string_equal(details->groups[1].name, "running");
		assert_string_equal(details->groups[2].name, "waiting");
	}
	seep_tracked_goroutines_done(&tracked);
}

/* A program whose stacks are never the same must not fill our memory. */
static void places_are_bounded(void **state)
{
	enum {
		MORE = 100,
		COUNT = SEEP_PLACES_MAX + MORE
	};
	struct seep_tracked_goroutines tracked = {.count = 0};
	struct seep_goroutine *items = calloc(COUNT, sizeof(*items));
	uint64_t *many = calloc(COUNT, sizeof(*many));
	const struct seep_go go = some_go();
	const struct seep_goroutines goroutines = {
		.count = COUNT,
		.items = items,
		.num_stacks = COUNT,
	};

	(void)state;
	assert_non_null(items);
	assert_non_null(many);
	for (uint32_t i = 0; i < COUNT; i++) {
		items[i] = waiting(i + 1, i);
		many[i] = 1000 + i;
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(seep_tracked_goroutines_update(&tracked, &go, &goroutines, many,
								100 * SECOND),
				 0);
		assert_int_equal(tracked.count, SEEP_PLACES_MAX);
		assert_int_equal(tracked.num_without_place, MORE);
	}
	assert_true(seep_tracked_goroutines_have_room(&tracked, 1000));
	assert_false(seep_tracked_goroutines_have_room(&tracked, 1));
	seep_tracked_goroutines_done(&tracked);
	free(items);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_and_goes_is_counted),
		cmocka_unit_test(who_moves_on_leaves_one_place_for_the_other),
		cmocka_unit_test(what_the_runtime_knows_makes_it_older),
		cmocka_unit_test(what_they_do_is_told),
		cmocka_unit_test(places_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
