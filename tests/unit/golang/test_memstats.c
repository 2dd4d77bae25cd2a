// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures of a runtime that this program makes up in its own memory, as Go 1.21 has it: what
 * follows from its counters, and what is refused. Against real programs they are tested in
 * tests/root/test_goroutines.py.
 */
#include "golang/memstats.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "golang/memstats_private.h"
#include "model/snapshot.h"

#define MINOR 21
#define PROCS 3
#define CLASS 5 /* of 48 bytes */

#define KIB 1024ULL
#define MIB (1024 * KIB)

/* What the runtime has, with room for what lies between. */
struct runtime {
	uint8_t memstats[8 * KIB];
	uint8_t controller[KIB];
	uint8_t mheap[100 * KIB];
	uint8_t procs[PROCS][KIB];
	uint8_t caches[PROCS][2 * KIB];
	uint8_t spans[PROCS][256];
	uint8_t empty_span[256];
	uint64_t proc_addresses[PROCS];
	uint64_t allp[3];
	struct seep_go go;
};

static uint64_t address_of(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

static void put(uint8_t *place, size_t offset, uint64_t word)
{
	memcpy(place + offset, &word, sizeof(word));
}

static void put_half(uint8_t *place, size_t offset, uint16_t half)
{
	memcpy(place + offset, &half, sizeof(half));
}

static size_t offset_of(const struct runtime *runtime, enum seep_go_field field)
{
	return runtime->go.layout.offsets[field];
}

/* The second of the three parts that heapStats are counted in. */
static uint8_t *part_of(struct runtime *runtime)
{
	return runtime->memstats + offset_of(runtime, SEEP_GO_HEAP_GEN) / 3;
}

/* Counters of 1,000 objects of a class made and 400 released, and one of 1 MiB. */
static void put_counters(struct runtime *runtime)
{
	uint64_t words[] = {/* committed, released, in the heap, in stacks, two of the collector */
			    4 * MIB, 512 * KIB, 2 * MIB, 256 * KIB, 128 * KIB, 128 * KIB};
	struct seep_go_objects objects = {
		.tiny_allocs = 7, .large_alloc_bytes = MIB, .large_allocs = 1};
	struct seep_go_mapped mapped = {1 * KIB, 2 * KIB, 3 * KIB, 4 * KIB,
					5 * KIB, 6 * KIB, 1234,	   5678};
	struct seep_go_collections collections = {9, 2, 0.125};
	struct seep_go_settings settings = {50, 0, INT64_MAX};
	struct seep_go_goal goal = {3 * MIB, 0, UINT64_MAX};
	struct seep_go_heap heap = {2 * MIB,	 512 * KIB, MIB + 512 * KIB,
				    MIB + 48000, 19200,	    4 * MIB + 21 * KIB};

	objects.small_allocs[CLASS] = 1000;
	objects.small_frees[CLASS] = 400;
	memcpy(part_of(runtime), words, sizeof(words));
	memcpy(part_of(runtime) + sizeof(words), &objects, sizeof(objects));
	memcpy(runtime->memstats + offset_of(runtime, SEEP_GO_STATS_SYS), &mapped, sizeof(mapped));
	memcpy(runtime->memstats + offset_of(runtime, SEEP_GO_STATS_NUMGC), &collections,
	       sizeof(collections));
	memcpy(runtime->controller, &settings, sizeof(settings));
	memcpy(runtime->controller + offset_of(runtime, SEEP_GO_GC_GOAL), &goal, sizeof(goal));
	put(runtime->controller, offset_of(runtime, SEEP_GO_GC_MARKED), MIB);
	memcpy(runtime->controller + offset_of(runtime, SEEP_GO_GC_HEAP), &heap, sizeof(heap));
}

static void put_fixalloc(struct runtime *runtime, enum seep_go_field field, uint64_t size,
			 uint64_t count, size_t stat)
{
	struct seep_go_fixalloc fixalloc = {.size = size, .in_use_bytes = size * count};

	fixalloc.stat =
		address_of(runtime->memstats) + offset_of(runtime, SEEP_GO_STATS_SYS) + stat;
	memcpy(runtime->mheap + offset_of(runtime, field), &fixalloc, sizeof(fixalloc));
}

/* Each processor with one span of the class; the last one has no cache. */
static void put_procs(struct runtime *runtime)
{
	for (uint32_t i = 0; i < PROCS; i++) {
		size_t spans = offset_of(runtime, SEEP_GO_MCACHE_TINY) + 8;

		memcpy(runtime->procs[i], &i, sizeof(i));
		runtime->proc_addresses[i] = address_of(runtime->procs[i]);
		for (size_t j = 0; j < (size_t)2 * SEEP_GO_SIZE_CLASSES; j++)
			put(runtime->caches[i], spans + 8 * j, address_of(runtime->empty_span));
		put(runtime->caches[i], spans + 8 * (2 * CLASS + 1), address_of(runtime->spans[i]));
		if (i + 1 < PROCS)
			put(runtime->procs[i], offset_of(runtime, SEEP_GO_P_MCACHE),
			    address_of(runtime->caches[i]));
	}
	runtime->allp[0] = address_of(runtime->proc_addresses);
	runtime->allp[1] = runtime->allp[2] = PROCS;
}

static int set_up(void **state)
{
	struct runtime *runtime = calloc(1, sizeof(*runtime));
	uint64_t *variables;

	assert_non_null(runtime);
	variables = runtime->go.program.variables;
	strcpy(runtime->go.program.version, "go1.21.13");
	runtime->go.program.minor = MINOR;
	assert_true(seep_go_layout_of_version(MINOR, &runtime->go.layout));
	assert_int_equal(seep_remote_open(getpid(), &runtime->go.remote), 0);
	variables[SEEP_GO_MEMSTATS] = address_of(runtime->memstats);
	variables[SEEP_GO_GC_CONTROLLER] = address_of(runtime->controller);
	variables[SEEP_GO_MHEAP] = address_of(runtime->mheap);
	variables[SEEP_GO_ALLP] = address_of(runtime->allp);
	/* All of it is in memory. */
	memset(runtime->mheap, 0xff, sizeof(runtime->mheap));
	memset(runtime->caches, 0, sizeof(runtime->caches));
	put_counters(runtime);
	put_fixalloc(runtime, SEEP_GO_MHEAP_SPANS, 160, 30, offsetof(struct seep_go_mapped, spans));
	put_fixalloc(runtime, SEEP_GO_MHEAP_CACHES, 1200, 3,
		     offsetof(struct seep_go_mapped, caches));
	put_procs(runtime);
	*state = runtime;
	return 0;
}

static int tear_down(void **state)
{
	struct runtime *runtime = *state;

	seep_remote_close(runtime->go.remote);
	free(runtime);
	return 0;
}

static struct seep_go_figures read_figures(struct runtime *runtime)
{
	struct seep_go_figures figures;
	const char *why = NULL;

	assert_int_equal(seep_go_memstats_read(&runtime->go, false, &figures, &why), 0);
	return figures;
}

static void assert_refused(struct runtime *runtime, const char *expected)
{
	struct seep_go_figures figures;
	const char *why = NULL;

	assert_int_equal(seep_go_memstats_read(&runtime->go, false, &figures, &why), -EPROTO);
	assert_string_equal(why, expected);
}

static void figures_follow_from_the_counters(void **state)
{
	struct seep_go_figures figures = read_figures(*state);
	static const uint64_t expected[] = {
		[SEEP_MEMSTAT_ALLOC] = MIB + 48000 - 19200,
		[SEEP_MEMSTAT_TOTAL_ALLOC] = MIB + 48000,
		[SEEP_MEMSTAT_SYS] = 4 * MIB + 512 * KIB + 21 * KIB,
		[SEEP_MEMSTAT_LOOKUPS] = 0,
		[SEEP_MEMSTAT_MALLOCS] = 1008,
		[SEEP_MEMSTAT_FREES] = 407,
		[SEEP_MEMSTAT_HEAP_ALLOC] = MIB + 48000 - 19200,
		[SEEP_MEMSTAT_HEAP_SYS] = 4 * MIB,
		[SEEP_MEMSTAT_HEAP_IDLE] = 2 * MIB,
		[SEEP_MEMSTAT_HEAP_INUSE] = 2 * MIB,
		[SEEP_MEMSTAT_HEAP_RELEASED] = 512 * KIB,
		[SEEP_MEMSTAT_HEAP_OBJECTS] = 601,
		[SEEP_MEMSTAT_STACK_INUSE] = 256 * KIB,
		[SEEP_MEMSTAT_STACK_SYS] = 257 * KIB,
		[SEEP_MEMSTAT_MSPAN_INUSE] = 4800,
		[SEEP_MEMSTAT_MSPAN_SYS] = 2 * KIB,
		[SEEP_MEMSTAT_MCACHE_INUSE] = 3600,
		[SEEP_MEMSTAT_MCACHE_SYS] = 3 * KIB,
		[SEEP_MEMSTAT_BUCK_HASH_SYS] = 4 * KIB,
		[SEEP_MEMSTAT_GC_SYS] = 261 * KIB,
		[SEEP_MEMSTAT_OTHER_SYS] = 6 * KIB,
		[SEEP_MEMSTAT_NEXT_GC] = 3 * MIB,
		[SEEP_MEMSTAT_LAST_GC] = 1234,
		[SEEP_MEMSTAT_PAUSE_TOTAL_NS] = 5678,
		[SEEP_MEMSTAT_NUM_GC] = 9,
		[SEEP_MEMSTAT_NUM_FORCED_GC] = 2,
	};

	for (int i = 0; i < SEEP_MEMSTAT_COUNT; i++) {
		if (figures.memstats[i] != expected[i])
			print_message("%s\n", seep_memstat_key((enum seep_memstat)i));
		assert_int_equal(figures.memstats[i], expected[i]);
	}
	assert_string_equal(figures.version, "go1.21.13");
	assert_int_equal(figures.gomaxprocs, PROCS);
	assert_int_equal(figures.gogc, 50);
	assert_true(figures.gomemlimit_bytes == SEEP_UNKNOWN);
	assert_true(figures.gc_cpu_fraction == 0.125);
	assert_true(isnan(figures.collections_per_min));
}

static void what_processors_have_not_counted_is_added(void **state)
{
	struct runtime *runtime = *state;
	size_t count = offset_of(runtime, SEEP_GO_MSPAN_COUNT), before = count + 6;
	struct seep_go_figures figures;

	put_half(runtime->spans[0], count, 30);
	put_half(runtime->spans[0], before, 10);
	put(runtime->caches[0], offset_of(runtime, SEEP_GO_MCACHE_TINY), 5);
	/* It is just being replaced. */
	put_half(runtime->spans[1], count, 3);
	put_half(runtime->spans[1], before, 4);
	/* It has no cache. */
	put_half(runtime->spans[2], count, 100);
	figures = read_figures(runtime);
	assert_int_equal(figures.memstats[SEEP_MEMSTAT_MALLOCS], 1008 + 20 + 5);
	assert_int_equal(figures.memstats[SEEP_MEMSTAT_FREES], 407 + 5);
	assert_int_equal(figures.memstats[SEEP_MEMSTAT_TOTAL_ALLOC], MIB + 48000 + 20 * 48);
	/* More than a span has room for is believed of none. */
	put_half(runtime->spans[1], count, UINT16_MAX);
	figures = read_figures(runtime);
	assert_int_equal(figures.memstats[SEEP_MEMSTAT_MALLOCS], 1008 + 20 + 5);
}

static void the_next_collection_is_where_the_runtime_has_it(void **state)
{
	struct runtime *runtime = *state;
	size_t goal = offset_of(runtime, SEEP_GO_GC_GOAL);
	struct seep_go_figures figures;

	/* The sweeper wants more, then the collector began late. */
	put(runtime->controller, goal + 8, 5 * MIB);
	assert_int_equal(read_figures(runtime).memstats[SEEP_MEMSTAT_NEXT_GC], 5 * MIB);
	put(runtime->controller, goal + 16, 6 * MIB);
	assert_int_equal(read_figures(runtime).memstats[SEEP_MEMSTAT_NEXT_GC], 6 * MIB + 64 * KIB);
	/* The limit leaves 8 MiB less what is no heap (mapped but for free and live), less 1 MiB.
	 */
	put(runtime->controller, goal, UINT64_MAX);
	put(runtime->controller, 8, 8 * MIB);
	figures = read_figures(runtime);
	assert_int_equal(figures.gomemlimit_bytes, 8 * MIB);
	assert_int_equal(figures.memstats[SEEP_MEMSTAT_NEXT_GC],
			 8 * MIB - (4 * MIB + 21 * KIB - MIB - 512 * KIB - MIB - 28800) - MIB);
	/* Over the limit it collects at once: at what was marked. */
	put(runtime->controller, 8, MIB);
	assert_int_equal(read_figures(runtime).memstats[SEEP_MEMSTAT_NEXT_GC], MIB);
}

static void a_heap_that_nobody_knows_leaves_two_out(void **state)
{
	struct runtime *runtime = *state;
	struct seep_go_figures figures;

	put_fixalloc(runtime, SEEP_GO_MHEAP_SPANS, 160, 30, 0);
	figures = read_figures(runtime);
	assert_true(figures.memstats[SEEP_MEMSTAT_MSPAN_INUSE] == SEEP_UNKNOWN);
	assert_int_equal(figures.memstats[SEEP_MEMSTAT_MCACHE_INUSE], 3600);
	runtime->go.program.variables[SEEP_GO_MHEAP] = 0;
	figures = read_figures(runtime);
	assert_true(figures.memstats[SEEP_MEMSTAT_MCACHE_INUSE] == SEEP_UNKNOWN);
}

static void processors_that_are_none_are_left_out(void **state)
{
	struct runtime *runtime = *state;
	uint32_t id = 7;

	memcpy(runtime->procs[1], &id, sizeof(id));
	assert_true(read_figures(runtime).gomaxprocs == SEEP_UNKNOWN);
	runtime->allp[1] = 1ULL << 40;
	assert_true(read_figures(runtime).gomaxprocs == SEEP_UNKNOWN);
	runtime->allp[0] = 16;
	runtime->allp[1] = 1;
	assert_true(read_figures(runtime).gomaxprocs == SEEP_UNKNOWN);
}

static void spans_that_are_none_are_left_out(void **state)
{
	struct runtime *runtime = *state;
	size_t spans = offset_of(runtime, SEEP_GO_MCACHE_TINY) + 8;

	put(runtime->caches[0], spans + 8 * 7, 1);
	put(runtime->caches[0], spans + 8 * 9, UINT64_MAX);
	put(runtime->procs[1], offset_of(runtime, SEEP_GO_P_MCACHE), UINT64_MAX - 3);
	assert_int_equal(read_figures(runtime).memstats[SEEP_MEMSTAT_MALLOCS], 1008);
}

static void counters_that_do_not_add_up_are_refused(void **state)
{
	struct runtime *runtime = *state;
	size_t heap = offset_of(runtime, SEEP_GO_GC_HEAP);

	for (size_t i = 0; i < 6; i++) {
		uint64_t word;

		memcpy(&word, runtime->controller + heap + 8 * i, sizeof(word));
		put(runtime->controller, heap + 8 * i, word + 8);
		assert_refused(runtime, "its counters do not add up");
		put(runtime->controller, heap + 8 * i, word);
	}
	read_figures(runtime);
	/* Zeros add up. */
	memset(runtime->controller, 0, sizeof(runtime->controller));
	memset(runtime->memstats, 0, sizeof(runtime->memstats));
	assert_refused(runtime, "its counters do not add up");
}

/* A thread that is in the midst of counting may wait for long; the place is known by then. */
static void counters_that_have_added_up_are_believed(void **state)
{
	struct runtime *runtime = *state;
	struct seep_go_figures figures;
	const char *why = NULL;

	put(runtime->controller, offset_of(runtime, SEEP_GO_GC_HEAP), 5 * MIB);
	assert_refused(runtime, "its counters do not add up");
	assert_int_equal(seep_go_memstats_read(&runtime->go, true, &figures, &why), 0);
	assert_int_equal(figures.memstats[SEEP_MEMSTAT_HEAP_INUSE], 5 * MIB);
}

static void versions_that_nobody_knows_are_refused(void **state)
{
	struct runtime *runtime = *state;

	runtime->go.program.minor = 18;
	assert_refused(runtime, "it is not known how this version of Go counts");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(figures_follow_from_the_counters),
		TEST(what_processors_have_not_counted_is_added),
		TEST(the_next_collection_is_where_the_runtime_has_it),
		TEST(a_heap_that_nobody_knows_leaves_two_out),
		TEST(processors_that_are_none_are_left_out),
		TEST(spans_that_are_none_are_left_out),
		TEST(counters_that_do_not_add_up_are_refused),
		TEST(counters_that_have_added_up_are_believed),
		TEST(versions_that_nobody_knows_are_refused),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
