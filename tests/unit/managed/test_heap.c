// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readings of a heap profile are made up: buckets with what was made and released. What is looked
 * at is how places count, how old their objects are taken to be, and what objects in a sample stand
 * for.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/units.h"
#include "managed/heap.h"
#include "proc/maps.h"
#include "seep/sampling.h"

#define SECOND SEEP_NS_PER_S

/* The stacks of two places: addresses of no file. */
static uint64_t addresses[] = {0x1000, 0x2000};

struct fixture {
	struct seep_tracked_heap tracked;
	struct seep_stacks *stacks;
	struct seep_maps maps;
	struct seep_frames_of of;
	uint64_t mean_bytes;
	uint64_t cycle;
};

static void begin(struct fixture *fixture, uint64_t mean_bytes)
{
	*fixture = (struct fixture){.mean_bytes = mean_bytes};
	assert_int_equal(seep_stacks_new(NULL, &fixture->stacks), 0);
	fixture->of = (struct seep_frames_of){.stacks = fixture->stacks, .maps = &fixture->maps};
}

static void end(struct fixture *fixture)
{
	seep_tracked_heap_done(&fixture->tracked);
	seep_stacks_free(fixture->stacks);
}

/* Bucket number @number, of place 0 or 1, with so many objects of @bytes bytes. */
static struct seep_go_bucket bucket(uint64_t number, size_t place, uint64_t bytes, uint64_t allocs,
				    uint64_t frees)
{
	return (struct seep_go_bucket){
		.address = number,
		.bytes = bytes,
		.allocs = allocs,
		.frees = frees,
		.whole = true,
		.num_addresses = 1,
		.first_address = place,
	};
}

/* A reading at @now_s, after a collection if @collected. */
static void read_at(struct fixture *fixture, uint64_t now_s, bool collected,
		    struct seep_go_bucket *buckets, size_t count)
{
	const struct seep_go_heap_profile profile = {
		.mean_bytes = fixture->mean_bytes,
		.cycle = fixture->cycle += collected,
		.count = count,
		.buckets = buckets,
		.num_addresses = 2,
		.addresses = addresses,
	};

	assert_int_equal(seep_tracked_heap_update(&fixture->tracked, &fixture->of, &profile,
						  now_s * SECOND),
			 0);
}

static const struct seep_heap_place *place_with(const struct fixture *fixture, uint64_t alloc_bytes)
{
	for (const struct seep_heap_place *place = fixture->tracked.places; place;
	     place = place->hh.next) {
		if (place->value.alloc_bytes == alloc_bytes)
			return place;
	}
	fail_msg("no place has made %lu bytes", alloc_bytes);
	return NULL;
}

static uint64_t sum(const __u64 *counts)
{
	uint64_t total = 0;

	for (size_t i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		total += counts[i];
	return total;
}

static void what_was_there_is_counted_without_an_age(void **state)
{
	struct fixture fixture;
	struct seep_go_bucket first[] = {bucket(16, 0, 100, 50, 40), bucket(32, 0, 10, 7, 0)};
	struct seep_go_bucket second[] = {bucket(16, 0, 100, 50, 45), bucket(32, 0, 10, 7, 0)};
	const struct seep_heap_place *place;

	(void)state;
	begin(&fixture, 1);
	read_at(&fixture, 100, true, first, 2);
	place = place_with(&fixture, 1070);
	assert_true(place->existed);
	assert_int_equal(place->value.allocs, 17);
	assert_int_equal(place->value.frees, 0);
	assert_int_equal(sum(place->value.ages), 0);
	assert_int_equal(place->value.oldest_ns, 100 * SECOND);
	read_at(&fixture, 110, true, second, 2);
	assert_int_equal(place->value.frees, 5);
	assert_int_equal(place->value.free_bytes, 500);
	assert_int_equal(sum(place->value.lifetimes), 0);
	end(&fixture);
}

static void the_youngest_are_released_first(void **state)
{
	struct fixture fixture;
	struct seep_go_bucket buckets[] = {bucket(16, 1, 100, 0, 0)};
	const struct seep_heap_place *place;

	(void)state;
	begin(&fixture, 1);
	read_at(&fixture, 100, true, NULL, 0);
	buckets[0].allocs = 10;
	read_at(&fixture, 110, true, buckets, 1);
	buckets[0].allocs = 15;
	read_at(&fixture, 120, true, buckets, 1);
	place = place_with(&fixture, 1500);
	assert_false(place->existed);
	/* They outlived the collection that was noticed at 100 s, and at 110 s. */
	assert_int_equal(place->value.ages[25], 10); /* 20 s: below 2^25 us */
	assert_int_equal(place->value.ages[24], 5);
	buckets[0].frees = 8;
	read_at(&fixture, 130, true, buckets, 1);
	assert_int_equal(place->value.frees, 8);
	assert_int_equal(sum(place->value.ages), 7);
	assert_int_equal(place->value.ages[25], 7); /* 30 s */
	/* Five of 20 s, three of 30 s. */
	assert_int_equal(place->value.lifetimes[25], 8);
	end(&fixture);
}

static void many_ages_are_put_together(void **state)
{
	struct fixture fixture;
	struct seep_go_bucket buckets[] = {bucket(16, 1, 8, 0, 0)};
	const struct seep_heap_place *place;

	(void)state;
	begin(&fixture, 1);
	read_at(&fixture, 100, true, NULL, 0);
	for (uint64_t i = 1; i <= 200; i++) {
		buckets[0].allocs = i;
		read_at(&fixture, 100 + i, true, buckets, 1);
	}
	place = place_with(&fixture, 1600);
	assert_int_equal(sum(place->value.ages), 200);
	buckets[0].frees = 200;
	read_at(&fixture, 301, true, buckets, 1);
	assert_int_equal(place->value.frees, 200);
	assert_int_equal(sum(place->value.ages), 0);
	assert_int_equal(sum(place->value.lifetimes), 200);
	end(&fixture);
}

static void only_collections_renew(void **state)
{
	struct fixture fixture;
	struct seep_go_bucket buckets[] = {bucket(16, 1, 8, 5, 0)};

	(void)state;
	begin(&fixture, 1);
	read_at(&fixture, 100, true, buckets, 1);
	assert_true(fixture.tracked.renewed);
	read_at(&fixture, 101, false, buckets, 1);
	assert_false(fixture.tracked.renewed);
	read_at(&fixture, 102, true, buckets, 1);
	assert_true(fixture.tracked.renewed);
	/* The second step of a collection that was asked for. */
	buckets[0].frees = 1;
	read_at(&fixture, 103, false, buckets, 1);
	assert_true(fixture.tracked.renewed);
	end(&fixture);
}

static void sums_stand_for_what_was_not_sampled(void **state)
{
	struct fixture fixture;
	struct seep_go_bucket buckets[] = {bucket(16, 1, 4096, 3, 0)};
	const struct seep_heap_place *place;
	/* As Go's own tools scale it. */
	double weight = 1 / (1 - exp(-4096.0 / 524288));

	(void)state;
	begin(&fixture, 524288);
	read_at(&fixture, 100, true, buckets, 1);
	place = place_with(&fixture, 3 * 4096);
	assert_true(fabs(ldexp((double)place->value.made.objects, -SEEP_SAMPLE_SHIFT) -
			 3 * weight) < 0.001);
	assert_true(fabs((double)place->value.made.bytes - 3 * 4096 * weight) < 3);
	buckets[0].frees = 3;
	read_at(&fixture, 101, true, buckets, 1);
	assert_int_equal(place->value.released.bytes, place->value.made.bytes);
	assert_int_equal(place->value.released.object_squares, place->value.made.object_squares);
	end(&fixture);
}

static void counts_that_fall_change_nothing(void **state)
{
	struct fixture fixture;
	struct seep_go_bucket buckets[] = {bucket(16, 1, 8, 5, 2)};
	const struct seep_heap_place *place;

	(void)state;
	begin(&fixture, 1);
	read_at(&fixture, 100, true, buckets, 1);
	place = place_with(&fixture, 3 * 8);
	buckets[0].allocs = 4;
	buckets[0].frees = 1;
	read_at(&fixture, 101, true, buckets, 1);
	assert_int_equal(place->value.allocs, 3);
	assert_int_equal(place->value.frees, 0);
	/* More released than there can be: only what is there goes. */
	buckets[0].frees = 100;
	read_at(&fixture, 102, true, buckets, 1);
	assert_int_equal(place->value.frees, 3);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_there_is_counted_without_an_age),
		cmocka_unit_test(the_youngest_are_released_first),
		cmocka_unit_test(many_ages_are_put_together),
		cmocka_unit_test(only_collections_renew),
		cmocka_unit_test(sums_stand_for_what_was_not_sampled),
		cmocka_unit_test(counts_that_fall_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
