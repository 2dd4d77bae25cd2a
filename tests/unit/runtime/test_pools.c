// SPDX-License-Identifier: GPL-2.0-only
/* Pools of a program, by the shape of what its sites take: made-up stacks of functions with names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/pools.h"

#define BLOCK	   65536
#define MAX_SITES  4
#define MAX_FRAMES 6

enum {
	LIBC = 2,
	APP = 3
};

/* A function is a frame; several frames may be of one function. */
static const struct named {
	unsigned int file;
	const char *function;
} functions[] = {
	{LIBC, "malloc"},  {LIBC, "sbrk"},     {APP, "grow"},
	{APP, "cell_get"}, {APP, "on_read"},   {APP, "on_page"},
	{APP, "main"},	   {APP, "pool_grow"}, {APP, "std::vector<int>::reserve"},
};

enum {
	MALLOC,
	SBRK,
	GROW,
	GET,
	ON_READ,
	ON_PAGE,
	MAIN,
	POOL_GROW,
	VECTOR,
	NUM_FUNCTIONS
};

struct fixture {
	struct seep_symbolizer *symbolizer;
	struct seep_pools *pools;
	struct seep_location locations[NUM_FUNCTIONS];
	struct seep_line lines[NUM_FUNCTIONS];
	struct seep_process process;
	struct seep_stack stacks[MAX_SITES];
	uint64_t frames[MAX_SITES][MAX_FRAMES];
	struct seep_site sites[MAX_SITES];
	size_t num_sites;
};

static void begin(struct fixture *fixture)
{
	*fixture = (struct fixture){.process = {.id = 7}};
	assert_int_equal(seep_symbolizer_new(&fixture->symbolizer), 0);
	assert_int_equal(seep_pools_new(fixture->symbolizer, &fixture->pools), 0);
	seep_symbolizer_add_file(fixture->symbolizer, LIBC, "/lib/libc.so.6", -1, NULL);
	seep_symbolizer_add_file(fixture->symbolizer, APP, "/srv/app", -1, NULL);
	for (size_t i = 0; i < NUM_FUNCTIONS; i++) {
		fixture->lines[i] = (struct seep_line){.function = functions[i].function};
		fixture->locations[i] = (struct seep_location){
			.module = functions[i].file == LIBC ? "/lib/libc.so.6" : "/srv/app",
			.num_lines = 1,
			.lines = &fixture->lines[i],
		};
		assert_int_equal(seep_symbolizer_know(fixture->symbolizer,
						      SEEP_FRAME(functions[i].file, i),
						      &fixture->locations[i]),
				 0);
	}
}

static void end(struct fixture *fixture)
{
	seep_pools_free(fixture->pools);
	seep_symbolizer_free(fixture->symbolizer);
}

/* A site with @blocks of BLOCK bytes. The functions are given innermost first, up to main. */
static struct seep_site *add(struct fixture *fixture, uint64_t blocks, const int *stack)
{
	size_t index = fixture->num_sites++, count = 0;
	struct seep_site *site = &fixture->sites[index];

	for (;; count++) {
		fixture->frames[index][count] =
			SEEP_FRAME(functions[stack[count]].file, (uint64_t)stack[count]);
		if (stack[count] == MAIN)
			break;
	}
	fixture->stacks[index] = (struct seep_stack){
		.hash = index + 1, .num_frames = count + 1, .frames = fixture->frames[index]};
	*site = (struct seep_site){
		.id = index + 1,
		.process = &fixture->process,
		.kind = SEEP_KIND_MEMORY,
		.stack = &fixture->stacks[index],
		.counts = {.allocs = blocks, .alloc_bytes = blocks * BLOCK},
	};
	return site;
}

#define ADD(blocks, ...) add(&fixture, blocks, (const int[]){__VA_ARGS__, MAIN})

static void fill(struct fixture *fixture)
{
	assert_int_equal(seep_pools_fill(fixture->pools, fixture->sites, fixture->num_sites), 0);
}

static void callers_of_a_pool_are_joined(void **state)
{
	struct fixture fixture;
	struct seep_site *read, *page;

	(void)state;
	begin(&fixture);
	read = ADD(6, MALLOC, GROW, GET, ON_READ);
	page = ADD(2, MALLOC, GROW, GET, ON_PAGE);
	fill(&fixture);
	assert_non_null(read->pool);
	assert_ptr_equal(read->pool, page->pool);
	assert_int_equal(read->pool_index, 1);
	assert_string_equal(read->pool->evidence,
			    "this looks like a pool that grows: grow has taken 8 blocks of "
			    "64.0 KiB and released none; who asked for more: on_read (75.0 %), "
			    "on_page (25.0 %)");
	assert_non_null(strstr(read->pool->advice, "--alloc HANDS_OUT:size=argN,ret=ptr"));
	end(&fixture);
}

/* As an object that is forgotten has the same shape. */
static void one_caller_is_no_pool(void **state)
{
	struct fixture fixture;
	struct seep_site *site;

	(void)state;
	begin(&fixture);
	site = ADD(50, MALLOC, GROW, GET, ON_READ);
	fill(&fixture);
	assert_non_null(site->pool);
	assert_false(seep_pool_is_known(site->pool));
	end(&fixture);
}

static void a_name_or_the_break_make_one(void **state)
{
	struct fixture fixture;
	struct seep_site *named, *broken;

	(void)state;
	begin(&fixture);
	named = ADD(50, MALLOC, POOL_GROW, GET, ON_READ);
	broken = ADD(50, SBRK, SBRK, GROW, ON_READ);
	fill(&fixture);
	assert_true(seep_pool_is_known(named->pool));
	assert_non_null(strstr(named->pool->evidence, "a pool grows: pool_grow"));
	assert_true(seep_pool_is_known(broken->pool));
	assert_int_equal(broken->pool_index, 2);
	end(&fixture);
}

/* A wrapper of malloc makes blocks of every size, and some are released. */
static void anything_else_of_the_call_speaks_against_it(void **state)
{
	struct fixture fixture;
	struct seep_site *site, *other;

	(void)state;
	begin(&fixture);
	site = ADD(50, MALLOC, POOL_GROW, GET, ON_READ);
	other = ADD(50, MALLOC, POOL_GROW, GET, ON_PAGE);
	other->counts.alloc_bytes = 50 * 100;
	fill(&fixture);
	assert_null(site->pool);
	other->counts.alloc_bytes = 50 * BLOCK;
	fill(&fixture);
	assert_true(seep_pool_is_known(site->pool));
	site->counts.frees = 1;
	fill(&fixture);
	assert_null(site->pool);
	assert_null(other->pool);
	end(&fixture);
}

static void small_or_few_blocks_are_none(void **state)
{
	struct fixture fixture;
	struct seep_site *site;

	(void)state;
	begin(&fixture);
	site = ADD(3, MALLOC, POOL_GROW, GET, ON_READ);
	fill(&fixture);
	assert_false(seep_pool_is_known(site->pool));
	site->counts = (struct seep_counts){.allocs = 50, .alloc_bytes = 50 * 4096};
	fill(&fixture);
	assert_null(site->pool);
	end(&fixture);
}

/* Each process has its own, and code of the standard library grows none. */
static void pools_are_told_apart(void **state)
{
	struct seep_process other = {.id = 8};
	struct fixture fixture;
	struct seep_site *one, *two, *vector;

	(void)state;
	begin(&fixture);
	one = ADD(50, MALLOC, POOL_GROW, GET, ON_READ);
	two = ADD(50, MALLOC, POOL_GROW, GET, ON_READ);
	two->process = &other;
	vector = ADD(50, MALLOC, VECTOR, POOL_GROW, ON_READ);
	fill(&fixture);
	assert_ptr_not_equal(one->pool, two->pool);
	assert_int_not_equal(one->pool->id, two->pool->id);
	assert_int_equal(vector->pool_index, 2);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_of_a_pool_are_joined),
		cmocka_unit_test(one_caller_is_no_pool),
		cmocka_unit_test(a_name_or_the_break_make_one),
		cmocka_unit_test(anything_else_of_the_call_speaks_against_it),
		cmocka_unit_test(small_or_few_blocks_are_none),
		cmocka_unit_test(pools_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
