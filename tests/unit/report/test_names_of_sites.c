// SPDX-License-Identifier: GPL-2.0-only
/* What a site is called, and which sites are told as one: functions of libraries are passed over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/callers.h"
#include "report/naming.h"
#include "symbol/walk.h"
#include "verdict/judgement.h"

#define EXE "/usr/bin/server"

/* The function at each address: the offset of a frame is its index here. */
enum place {
	MALLOC,
	PARSE,
	PARSE_AGAIN,
	HANDLE,
	FROM_ELEM,
	CLONE,
	BOX,
	NUM_PLACES
};

static const struct seep_line lines[NUM_PLACES] = {
	[MALLOC] = {.function = "malloc"},
	[PARSE] = {.function = "parse"},
	[PARSE_AGAIN] = {.function = "parse"},
	[HANDLE] = {.function = "handle"},
	[FROM_ELEM] = {.function = "<u8 as alloc::vec::spec_from_elem::SpecFromElem>::from_elem"},
	[CLONE] = {.function = "<server::Session as core::clone::Clone>::clone"},
	[BOX] = {.function = "<&mut [core::mem::MaybeUninit<u8>] as core::fmt::Debug>::fmt"},
};
static struct seep_location locations[NUM_PLACES];

const struct seep_location *seep_symbolizer_resolve(struct seep_symbolizer *symbolizer,
						    uint32_t process, uint64_t frame)
{
	struct seep_location *location = &locations[frame & 0xf];

	(void)symbolizer;
	(void)process;
	*location =
		(struct seep_location){.module = EXE, .num_lines = 1, .lines = &lines[frame & 0xf]};
	return location;
}

#define FRAME(place) SEEP_FRAME(1, place)

static const struct seep_process process = {.id = 1, .pid = 100, .exe = EXE};
static const struct seep_judgement leak = {.class = "leak", .rate = {1000, 900, 1100}};

static bool is_common(enum place place)
{
	const uint64_t frames[] = {FRAME(MALLOC), FRAME(place)};
	const struct seep_stack stack = {.hash = 1, .num_frames = 2, .frames = frames};
	const struct seep_site site = {.process = &process, .stack = &stack};
	struct seep_walk walk;

	seep_walk_init(&walk, NULL, &site, SEEP_WALK_INNERMOST_FIRST);
	assert_true(seep_walk_next(&walk) && seep_walk_next(&walk));
	return seep_naming_is_common(&walk);
}

static void traits_of_rust_are_of_whom_the_type_is(void **state)
{
	(void)state;
	assert_true(is_common(FROM_ELEM));
	assert_true(is_common(BOX));
	assert_false(is_common(CLONE));
	assert_false(is_common(PARSE));
}

/* Two copies of a loop's body, which a compiler has made of one: both have the same two sites. */
static void one_function_is_told_once(void **state)
{
	enum {
		NUM = 4
	};
	uint64_t frames[NUM][4];
	struct seep_stack stacks[NUM];
	struct seep_site sites[NUM];
	const struct seep_site *list[NUM];
	struct seep_caller_groups groups;

	(void)state;
	for (size_t i = 0; i < NUM; i++) {
		enum place place = i < 2 ? PARSE : PARSE_AGAIN;

		/* Each site is another call of the allocator, in a function that they share. */
		frames[i][0] = FRAME(MALLOC);
		frames[i][1] = SEEP_FRAME(2 + i, FROM_ELEM);
		frames[i][2] = FRAME(place);
		frames[i][3] = FRAME(HANDLE);
		stacks[i] =
			(struct seep_stack){.hash = i + 1, .num_frames = 4, .frames = frames[i]};
		sites[i] = (struct seep_site){
			.id = i, .process = &process, .stack = &stacks[i], .judgement = &leak};
		list[i] = &sites[i];
	}
	assert_int_equal(seep_caller_groups_find(list, NUM, NULL, &groups), 0);
	assert_int_equal(groups.count, 1);
	assert_int_equal(groups.groups[0].num_sites, NUM);
	assert_true(groups.groups[0].leak);
	assert_float_equal(groups.groups[0].per_s, NUM * 1000, 1);
	for (size_t i = 0; i < NUM; i++)
		assert_ptr_equal(seep_caller_group_of(&groups, &sites[i]), &groups.groups[0]);
	seep_caller_groups_done(&groups);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traits_of_rust_are_of_whom_the_type_is),
		cmocka_unit_test(one_function_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
