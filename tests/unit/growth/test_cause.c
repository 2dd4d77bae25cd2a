// SPDX-License-Identifier: GPL-2.0-only
/* What a process grows by, from its mappings at two moments; and in words. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "growth/cause.h"

#define KIB   1024.0
#define MIB   1048576.0
#define ARENA 0x7f0004000000 /* a multiple of 64 MiB */

/* Anonymous, in MiB, unless @resident has more. */
struct mapping {
	uint64_t start;
	double size, resident, anon;
	const char *name;
	bool reserved, shared;
};

#define MAPPINGS_MAX 8

struct image {
	struct seep_region regions[MAPPINGS_MAX];
	struct seep_smaps smaps;
};

static void make(struct image *image, const struct mapping *mappings)
{
	*image = (struct image){.smaps = {.regions = image->regions}};
	for (; mappings->size > 0; mappings++) {
		struct seep_region *region = &image->regions[image->smaps.count++];

		*region = (struct seep_region){
			.start = mappings->start,
			.end = mappings->start + (uint64_t)(mappings->size * MIB),
			.resident_bytes = (uint64_t)(mappings->resident * MIB),
			.anon_bytes = (uint64_t)(mappings->anon * MIB),
			.writable = !mappings->reserved,
			.shared = mappings->shared,
		};
		strncpy(region->name, mappings->name, SEEP_REGION_NAME - 1);
	}
}

/* Of the sites, in MiB. */
struct blocks {
	double live_growth, released;
};

static const struct blocks idle = {0, 0};

static struct seep_cause find(const struct mapping *before, const struct mapping *after,
			      enum seep_resident part, struct blocks blocks)
{
	const struct seep_process_verdict verdict = {.part = part};
	struct image images[2];
	struct seep_cause_moments moments = {
		.verdict = &verdict,
		.before = &images[0].smaps,
		.after = &images[1].smaps,
		.before_s = 20,
		.after_s = 30,
		.before_live_bytes = MIB,
		.after_live_bytes = MIB + blocks.live_growth * MIB,
		.after_released_bytes = blocks.released * MIB,
	};
	struct seep_cause cause;
	bool found;

	make(&images[0], before);
	make(&images[1], after);
	found = seep_cause_of_regions(&moments, &cause);
	assert_int_equal(found, cause.kind != SEEP_CAUSE_NONE);
	return cause;
}

#define HEAP(size, resident) {0x1000000, size, resident, resident, "[heap]", false, false}
#define LIBC		     {0x7f1000000000, 2, 1, 0.1, "/usr/lib/libc.so.6", false, false}
#define END		     {0, 0, 0, 0, "", false, false}

static void pages_of_an_old_mapping_are_touched(void **state)
{
	const struct mapping before[] = {
		HEAP(1, 1), {0x7f0000001000, 1024, 5, 5, "", false, false}, LIBC, END};
	const struct mapping after[] = {
		HEAP(1.1, 1.1), {0x7f0000001000, 1024, 9, 9, "", false, false}, LIBC, END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_ANON, idle);

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_TOUCHED);
	assert_float_equal(cause.bytes, 4 * MIB, 1);
	assert_float_equal(cause.share, 4 / 4.1, 0.001);
	assert_float_equal(cause.rate.value, 0.4 * MIB, 1);
	assert_int_equal(cause.address, 0x7f0000001000);
	assert_int_equal(cause.mapping_bytes, 1024 << 20);
	assert_int_equal(cause.touched_bytes, 9 << 20);
}

/* The kernel merges neighbours: what was two mappings is one, and its pages are the same. */
static void merged_mappings_are_no_growth(void **state)
{
	const struct mapping before[] = {{0x7f0000001000, 4, 4, 4, "", false, false},
					 {0x7f0000401000, 4, 4, 4, "", false, false},
					 END};
	const struct mapping after[] = {{0x7f0000001000, 8, 8, 8, "", false, false}, END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_ANON, idle);

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_NONE);
}

static void released_memory_that_malloc_keeps_is_fragmentation(void **state)
{
	const struct mapping before[] = {HEAP(10, 10), LIBC, END};
	const struct mapping after[] = {HEAP(14, 14), LIBC, END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_ANON, (struct blocks){0.5, 20});

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_FRAGMENTATION);
	/* What is live is none of it. */
	assert_float_equal(cause.bytes, 3.5 * MIB, 1);
	assert_float_equal(cause.share, 3.5 / 4, 0.001);
	assert_float_equal(cause.free_bytes, (14 - 1.5) * MIB, 1);
	assert_int_equal(cause.num_heaps, 1);
}

/* In an arena of a thread: the rest of its 64 MiB is reserved, and was mapped all the time. */
static void arenas_of_threads_are_heaps_of_malloc(void **state)
{
	const struct mapping before[] = {HEAP(1, 1),
					 {ARENA, 1, 1, 1, "", false, false},
					 {ARENA + (1 << 20), 63, 0, 0, "", true, false},
					 LIBC,
					 END};
	const struct mapping after[] = {HEAP(1, 1),
					{ARENA, 5, 5, 5, "", false, false},
					{ARENA + (5 << 20), 59, 0, 0, "", true, false},
					LIBC,
					END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_ANON, (struct blocks){0, 20});

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_FRAGMENTATION);
	assert_float_equal(cause.bytes, 4 * MIB, 1);
	assert_int_equal(cause.num_heaps, 2);
}

/* Who moves the program break without malloc has released nothing. */
static void another_allocator_is_no_fragmentation(void **state)
{
	const struct mapping before[] = {HEAP(10, 10), LIBC, END};
	const struct mapping after[] = {HEAP(14, 14), LIBC, END};
	const struct mapping jemalloc[] = {HEAP(14, 14),
					   {0x7f0000000000, 1, 0, 0, "/lib/libjemalloc.so.2", false,
					    false},
					   END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_ANON, idle);

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_EXTENDED);
	assert_string_equal(cause.mapping, "[heap]");
	cause = find(before, jemalloc, SEEP_RESIDENT_ANON, (struct blocks){0, 20});
	assert_int_equal(cause.kind, SEEP_CAUSE_EXTENDED);
}

/* The heap was there, and blocks in it are used for the first time. */
static void touched_blocks_are_no_fragmentation(void **state)
{
	const struct mapping before[] = {HEAP(50, 10), LIBC, END};
	const struct mapping after[] = {HEAP(50, 14), LIBC, END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_ANON, (struct blocks){0, 20});

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_TOUCHED);
	assert_string_equal(cause.mapping, "[heap]");
}

static void static_data_has_the_name_of_its_file(void **state)
{
	const struct mapping before[] = {{0x500000, 1, 1, 0.1, "/usr/bin/server", false, false},
					 {0x600000, 100, 1, 1, "", false, false},
					 END};
	const struct mapping after[] = {{0x500000, 1, 1, 0.1, "/usr/bin/server", false, false},
					{0x600000, 100, 3, 3, "", false, false},
					END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_ANON, idle);

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_TOUCHED);
	assert_true(cause.static_data);
	assert_string_equal(cause.mapping, "/usr/bin/server");
}

static void files_and_shared_memory_are_told_apart(void **state)
{
	const struct mapping before[] = {HEAP(1, 1),
					 {0x7f0000000000, 100, 1, 0, "/var/lib/data", false, true},
					 {0x7f0010000000, 100, 1, 0, "/memfd:ring (deleted)", false,
					  true},
					 END};
	const struct mapping after[] = {HEAP(3, 3),
					{0x7f0000000000, 100, 9, 0, "/var/lib/data", false, true},
					{0x7f0010000000, 100, 5, 0, "/memfd:ring (deleted)", false,
					 true},
					END};
	struct seep_cause cause = find(before, after, SEEP_RESIDENT_FILE, idle);

	(void)state;
	assert_int_equal(cause.kind, SEEP_CAUSE_FILES);
	assert_float_equal(cause.bytes, 8 * MIB, 1);
	assert_string_equal(cause.mapping, "/var/lib/data");
	cause = find(before, after, SEEP_RESIDENT_SHARED, idle);
	assert_int_equal(cause.kind, SEEP_CAUSE_SHARED);
	assert_float_equal(cause.bytes, 4 * MIB, 1);
	assert_string_equal(cause.mapping, "/memfd:ring (deleted)");
}

static void little_growth_has_no_cause(void **state)
{
	const struct mapping before[] = {{0x7f0000001000, 100, 5, 5, "", false, false}, END};
	const struct mapping after[] = {{0x7f0000001000, 100, 5.03, 5.03, "", false, false}, END};
	const struct mapping less[] = {{0x7f0000001000, 100, 1, 1, "", false, false}, END};

	(void)state;
	assert_int_equal(find(before, after, SEEP_RESIDENT_ANON, idle).kind, SEEP_CAUSE_NONE);
	assert_int_equal(find(before, less, SEEP_RESIDENT_ANON, idle).kind, SEEP_CAUSE_NONE);
}

static void assert_words(const struct seep_cause *cause, const char *sentence, const char *advice)
{
	char *texts[SEEP_CAUSE_WORDS];
	size_t count;

	assert_int_equal(seep_cause_words(cause, texts, &count), 0);
	assert_int_equal(count, SEEP_CAUSE_WORDS);
	assert_string_equal(texts[0], sentence);
	assert_string_equal(texts[1], advice);
	free(texts[0]);
	free(texts[1]);
}

static void causes_are_told_in_words(void **state)
{
	const struct seep_cause touched = {
		.kind = SEEP_CAUSE_TOUCHED,
		.bytes = 4 * MIB,
		.share = 0.97,
		.rate = {100 * KIB, NAN, NAN},
		.address = 0x7f0000001000,
		.mapping_bytes = 1 << 30,
		.touched_bytes = 24 << 20,
		.owner = "mapped by reserve_table",
	};
	const struct seep_cause kept = {
		.kind = SEEP_CAUSE_FRAGMENTATION,
		.bytes = 4 * MIB,
		.share = 0.5,
		.rate = {MIB, NAN, NAN},
		.free_bytes = 8 * MIB,
		.num_heaps = 16,
	};
	const struct seep_cause below = {
		.kind = SEEP_CAUSE_DESCENDANTS,
		.bytes = 4 * MIB,
		.share = 1,
		.rate = {100 * KIB, NAN, NAN},
		.owner = "worker 7, worker 9",
	};

	(void)state;
	assert_words(
		&touched,
		"97.0 % of its growth (4.00 MiB, 100 KiB per second) is in pages of an old "
		"mapping that are touched now (1.00 GiB at 7f0000001000, mapped by "
		"reserve_table)",
		"24.0 MiB of it are touched; it ends with the mapping, in 2 h 51 min; look for "
		"what writes to ever more of it");
	assert_words(
		&kept,
		"50.0 % of its growth (4.00 MiB, 1.00 MiB per second) is in memory that was "
		"released and that malloc keeps (fragmentation)",
		"malloc_trim(0) gives the free pages back, 8.00 MiB at most; malloc has 16 heaps "
		"for its threads, with MALLOC_ARENA_MAX=2 in the environment 2");
	assert_words(
		&below,
		"processes below it that are not traced (worker 7, worker 9) grow by 100 KiB per "
		"second, 4.00 MiB so far",
		"trace them as well, with --children");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_an_old_mapping_are_touched),
		cmocka_unit_test(merged_mappings_are_no_growth),
		cmocka_unit_test(released_memory_that_malloc_keeps_is_fragmentation),
		cmocka_unit_test(arenas_of_threads_are_heaps_of_malloc),
		cmocka_unit_test(another_allocator_is_no_fragmentation),
		cmocka_unit_test(touched_blocks_are_no_fragmentation),
		cmocka_unit_test(static_data_has_the_name_of_its_file),
		cmocka_unit_test(files_and_shared_memory_are_told_apart),
		cmocka_unit_test(little_growth_has_no_cause),
		cmocka_unit_test(causes_are_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
