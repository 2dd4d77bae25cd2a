// SPDX-License-Identifier: GPL-2.0-only
/* How the table of live blocks packs keys, and where it puts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../bpf/block_key.h"

#define NUM_BUCKETS (1u << 16)
#define BLOCKS	    (1u << 20)

static struct seep_object_key key_of(__u64 id, __u32 process, __u16 heap)
{
	return (struct seep_object_key){
		.id = id, .process = process, .kind = SEEP_KIND_MEMORY, .heap = heap};
}

static bool packed_alike(const struct seep_object_key *one, const struct seep_object_key *other)
{
	struct block_place a, b;

	assert_true(block_place(one, NUM_BUCKETS, &a));
	assert_true(block_place(other, NUM_BUCKETS, &b));
	return a.word == b.word && a.rest == b.rest;
}

/* Every bit of a key that fits, and every bit of a size. */
static void what_is_packed_comes_back(void **state)
{
	(void)state;
	for (int bit = 0; bit < 48 + 32 + 1; bit++) {
		__u64 id = 0x7f1234567010ULL, stored_bytes = 0x7fffffffffffULL;
		__u32 process = 0x5003;
		__u16 heap = SEEP_HEAP_USUAL;
		struct seep_object object = {.created_ns = 17, .stack = 23}, got;
		struct seep_object_key key, got_key;
		struct block_place place;

		if (bit < 48)
			id ^= 1ULL << bit;
		else if (bit < 48 + 32)
			process ^= 1u << (bit - 48);
		else
			heap = SEEP_HEAP_USER;
		key = key_of(id, process, heap);
		assert_true(block_place(&key, NUM_BUCKETS, &place));
		object.bytes = stored_bytes | place.rest;
		block_unpack(place.word, &object, &got_key, &got);
		assert_memory_equal(&got_key, &key, sizeof(key));
		assert_int_equal(got.bytes, stored_bytes);
		assert_int_equal(got.created_ns, 17);
		assert_int_equal(got.stack, 23);
	}
}

static void different_keys_are_packed_differently(void **state)
{
	const struct seep_object_key key = key_of(0x7f1234567010ULL, 0x5003, SEEP_HEAP_USUAL);
	struct seep_object_key other = key;

	(void)state;
	assert_true(packed_alike(&key, &other));
	for (int bit = 0; bit < 48; bit++) {
		other = key;
		other.id ^= 1ULL << bit;
		assert_false(packed_alike(&key, &other));
	}
	for (int bit = 0; bit < 32; bit++) {
		other = key;
		other.process ^= 1u << bit;
		assert_false(packed_alike(&key, &other));
	}
	other = key;
	other.heap = SEEP_HEAP_USER;
	assert_false(packed_alike(&key, &other));
}

static void what_does_not_fit_has_no_place(void **state)
{
	const struct seep_object_key fits = key_of(0xfffffffffff8ULL, 0x3ffff, SEEP_HEAP_USUAL);
	const struct seep_object_key none[] = {
		key_of(1ULL << 48, 1, SEEP_HEAP_USUAL),
		key_of(1ULL << 56, 1, SEEP_HEAP_USUAL),
		/* They would look like a slot that is free, and one that is claimed. */
		key_of(7, 0, SEEP_HEAP_USUAL),
		key_of(0xfffffffffff8ULL, 0x3ffff, SEEP_HEAP_USER),
	};
	struct block_place place;

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_false(block_place(&none[i], NUM_BUCKETS, &place));
	assert_true(block_place(&fits, NUM_BUCKETS, &place));
	assert_false(block_place(&fits, 0, &place));
}

static void the_buckets_of_a_block_are_four_of_one_page(void **state)
{
	const __u32 num_buckets = SEEP_BUCKETS(100000);

	(void)state;
	assert_int_equal(num_buckets % SEEP_PAGE_BUCKETS, 0);
	for (__u64 id = 16; id < 1 << 20; id += 16) {
		struct seep_object_key key = key_of(id, 0x5003, SEEP_HEAP_USUAL);
		struct block_place place;
		__u32 seen = 0;

		assert_true(block_place(&key, num_buckets, &place));
		assert_int_equal(block_probe(&place, 0), place.bucket);
		for (__u32 probe = 0; probe < BLOCK_PROBES; probe++) {
			__u32 index = block_probe(&place, probe);

			assert_true(index < num_buckets);
			assert_int_equal(index / SEEP_PAGE_BUCKETS,
					 place.bucket / SEEP_PAGE_BUCKETS);
			assert_false(seen & 1u << index % SEEP_PAGE_BUCKETS);
			seen |= 1u << index % SEEP_PAGE_BUCKETS;
		}
	}
}

/* Puts a full table's blocks where the table would. How many find no slot? */
static size_t count_spilled(__u64 distance, __u32 num_processes)
{
	const __u32 num_buckets = SEEP_BUCKETS(BLOCKS);
	__u8 *used = calloc(num_buckets, 1);
	size_t spilled = 0;

	assert_non_null(used);
	for (__u32 i = 0; i < BLOCKS; i++) {
		struct seep_object_key key =
			key_of(0x555555560010ULL + i / num_processes * distance, i % num_processes,
			       SEEP_HEAP_USUAL);
		struct block_place place;
		__u32 probe = 0;

		assert_true(block_place(&key, num_buckets, &place));
		while (probe < BLOCK_PROBES &&
		       used[block_probe(&place, probe)] == SEEP_BUCKET_BLOCKS)
			probe++;
		if (probe < BLOCK_PROBES)
			used[block_probe(&place, probe)]++;
		else
			spilled++;
	}
	free(used);
	return spilled;
}

static void as_many_blocks_as_wanted_find_a_slot(void **state)
{
	static const __u64 distances[] = {8, 16, 48, 4096, 1 << 20};

	(void)state;
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		assert_true(count_spilled(distances[i], 1) < BLOCKS / 100);
		assert_true(count_spilled(distances[i], 300) < BLOCKS / 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(different_keys_are_packed_differently),
		cmocka_unit_test(what_does_not_fit_has_no_place),
		cmocka_unit_test(the_buckets_of_a_block_are_four_of_one_page),
		cmocka_unit_test(as_many_blocks_as_wanted_find_a_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
