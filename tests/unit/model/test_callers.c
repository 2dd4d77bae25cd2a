// SPDX-License-Identifier: GPL-2.0-only
/* Sums by caller: which sites meet in which function, and that recursion counts once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/callers.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Frames: the allocator, then return addresses, innermost first. */
#define STACK(...)                                                                                 \
	{                                                                                          \
		.num_frames = LENGTH(((const uint64_t[]){__VA_ARGS__})),                           \
		.frames = (const uint64_t[])                                                       \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

enum {
	MALLOC = 1,
	XMALLOC = 50,
	HANDLE = 200,
	LOOP = 300,
	MAIN = 400,
	START = 500
};
enum {
	PARSE_A = 101,
	PARSE_B,
	PARSE_C,
	OTHER_A = 111,
	OTHER_B
};

static const struct seep_process one = {.id = 1};
static const struct seep_process two = {.id = 2};

static size_t find(const struct seep_site *sites, size_t count, struct seep_caller **ret_callers,
		   size_t *ret_of)
{
	const struct seep_site *pointers[8];
	size_t num_callers;

	for (size_t i = 0; i < count; i++)
		pointers[i] = &sites[i];
	assert_int_equal(seep_callers_find(pointers, count, ret_callers, &num_callers, ret_of), 0);
	return num_callers;
}

static void sites_of_one_function_are_together(void **state)
{
	const struct seep_stack stacks[] = {
		STACK(MALLOC, PARSE_A, HANDLE, LOOP, MAIN, START),
		STACK(MALLOC, PARSE_B, HANDLE, LOOP, MAIN, START),
		STACK(MALLOC, OTHER_A, HANDLE + 1, LOOP, MAIN, START),
		STACK(MALLOC, PARSE_C, HANDLE, LOOP, MAIN, START),
	};
	const struct seep_site sites[] = {
		{.process = &one, .stack = &stacks[0]},
		{.process = &one, .stack = &stacks[1]},
		{.process = &one, .stack = &stacks[2]},
		{.process = &one, .stack = &stacks[3]},
	};
	struct seep_caller *callers;
	size_t of[LENGTH(sites)];

	(void)state;
	assert_int_equal(find(sites, LENGTH(sites), &callers, of), 1);
	assert_int_equal(callers[0].num_sites, 3);
	/* Frame 1 is in the function that all three called malloc from. */
	assert_int_equal(callers[0].frame, 1);
	assert_ptr_equal(callers[0].site, &sites[0]);
	assert_int_equal(of[0], 0);
	assert_int_equal(of[1], 0);
	assert_int_equal(of[2], SEEP_CALLERS_NONE); /* called from elsewhere */
	assert_int_equal(of[3], 0);
	free(callers);
}

/* xmalloc is everybody's, and some call malloc themselves. */
static void wrappers_are_looked_through(void **state)
{
	const struct seep_stack stacks[] = {
		STACK(MALLOC, XMALLOC, PARSE_A, HANDLE, LOOP, MAIN, START),
		STACK(MALLOC, PARSE_B, HANDLE, LOOP, MAIN, START),
		STACK(MALLOC, XMALLOC, OTHER_A, HANDLE + 1, LOOP, MAIN, START),
		STACK(MALLOC, XMALLOC, OTHER_B, HANDLE + 1, LOOP, MAIN, START),
	};
	const struct seep_site sites[] = {
		{.process = &one, .stack = &stacks[0]},
		{.process = &one, .stack = &stacks[1]},
		{.process = &one, .stack = &stacks[2]},
		{.process = &one, .stack = &stacks[3]},
	};
	struct seep_caller *callers;
	size_t of[LENGTH(sites)];

	(void)state;
	assert_int_equal(find(sites, LENGTH(sites), &callers, of), 2);
	assert_int_equal(of[0], of[1]);
	assert_int_equal(of[2], of[3]);
	assert_int_not_equal(of[0], of[2]);
	assert_int_equal(callers[of[2]].frame, 2);
	free(callers);
}

static void processes_and_kinds_are_apart(void **state)
{
	const struct seep_stack stacks[] = {
		STACK(MALLOC, PARSE_A, HANDLE, LOOP, MAIN, START),
		STACK(MALLOC, PARSE_B, HANDLE, LOOP, MAIN, START),
		STACK(MALLOC, PARSE_C, HANDLE, LOOP, MAIN, START),
	};
	const struct seep_site sites[] = {
		{.process = &one, .stack = &stacks[0]},
		{.process = &two, .stack = &stacks[1]},
		{.process = &one, .kind = SEEP_KIND_FD, .stack = &stacks[2]},
	};
	struct seep_caller *callers;
	size_t of[LENGTH(sites)];

	(void)state;
	assert_int_equal(find(sites, LENGTH(sites), &callers, of), 0);
	assert_int_equal(of[0], SEEP_CALLERS_NONE);
	free(callers);
}

/* main has called everything, but that says nothing. */
static void what_is_far_out_is_nobodys_fault(void **state)
{
	const struct seep_stack stacks[] = {
		STACK(MALLOC, PARSE_A, 2, 3, 4, 5, MAIN, START),
		STACK(MALLOC, PARSE_B, 12, 13, 14, 15, MAIN, START),
		STACK(MALLOC),
		{0},
	};
	const struct seep_site sites[] = {
		{.process = &one, .stack = &stacks[0]},
		{.process = &one, .stack = &stacks[1]},
		{.process = &one, .stack = &stacks[2]},
		{.process = &one, .stack = &stacks[3]},
	};
	struct seep_caller *callers;
	size_t of[LENGTH(sites)];

	(void)state;
	assert_int_equal(find(sites, LENGTH(sites), &callers, of), 0);
	free(callers);
	assert_int_equal(find(NULL, 0, &callers, of), 0);
	free(callers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sites_of_one_function_are_together),
		cmocka_unit_test(wrappers_are_looked_through),
		cmocka_unit_test(processes_and_kinds_are_apart),
		cmocka_unit_test(what_is_far_out_is_nobodys_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
