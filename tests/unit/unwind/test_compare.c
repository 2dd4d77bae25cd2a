// SPDX-License-Identifier: GPL-2.0-only
#include "unwind/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct seep_place places[] = {
	{7, 0x1000}, {7, 0x2000}, {SEEP_PLACE_VDSO, 0x30}, {SEEP_PLACE_RAW, 0x40}, {9, 0x5000},
};

/* The first @count of the places. */
static struct seep_unwound walk(size_t count, bool whole)
{
	return (struct seep_unwound){.places = places, .count = count, .whole = whole};
}

/* The same with the sides exchanged must be the same. */
static void expect(struct seep_unwound left, struct seep_unwound right, enum seep_agreement result,
		   size_t at)
{
	size_t found_at;

	assert_int_equal(seep_unwound_compare(&left, &right, &found_at), result);
	assert_int_equal(found_at, at);
	assert_int_equal(seep_unwound_compare(&right, &left, &found_at), result);
	assert_int_equal(found_at, at);
}

static void test_whole(void **state)
{
	(void)state;
	expect(walk(5, true), walk(5, true), SEEP_AGREEMENT_SAME, 5);
	expect(walk(1, true), walk(1, true), SEEP_AGREEMENT_SAME, 1);
	/* One ends where the other goes on. */
	expect(walk(4, true), walk(5, true), SEEP_AGREEMENT_DIFFERENT, 4);
	expect(walk(0, true), walk(1, true), SEEP_AGREEMENT_DIFFERENT, 0);
}

static void test_given_up(void **state)
{
	(void)state;
	expect(walk(3, false), walk(5, true), SEEP_AGREEMENT_PREFIX, 3);
	expect(walk(5, false), walk(5, true), SEEP_AGREEMENT_PREFIX, 5);
	expect(walk(3, false), walk(4, false), SEEP_AGREEMENT_PREFIX, 3);
	/* The one that gave up had come farther than there is. */
	expect(walk(5, false), walk(4, true), SEEP_AGREEMENT_DIFFERENT, 4);
}

static void test_too_little(void **state)
{
	(void)state;
	expect(walk(1, false), walk(5, true), SEEP_AGREEMENT_NONE, 1);
	expect(walk(0, false), walk(5, true), SEEP_AGREEMENT_NONE, 0);
	expect(walk(0, false), walk(0, false), SEEP_AGREEMENT_NONE, 0);
	expect(walk(2, false), walk(5, true), SEEP_AGREEMENT_PREFIX, 2);
}

static void test_other_places(void **state)
{
	static const struct seep_place other[] = {
		{8, 0x1000},
		{7, 0x1001},
		{SEEP_PLACE_RAW, 0x1000},
		{SEEP_PLACE_VDSO, 0x1000},
	};

	(void)state;
	for (size_t at = 0; at < 5; at++) {
		for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
			struct seep_place changed[5];

			for (size_t j = 0; j < 5; j++)
				changed[j] = j == at ? other[i] : places[j];
			/* Also where one frame is all there is to compare. */
			expect((struct seep_unwound){changed, 5, true}, walk(5, true),
			       SEEP_AGREEMENT_DIFFERENT, at);
			expect((struct seep_unwound){changed, at + 1, false}, walk(5, true),
			       SEEP_AGREEMENT_DIFFERENT, at);
		}
	}
}

/* What stands behind a file without a name is not looked at. */
static void test_unknown_files(void **state)
{
	struct seep_place holes[5];

	(void)state;
	for (size_t i = 0; i < 5; i++)
		holes[i] = places[i];
	holes[3].file = SEEP_PLACE_UNKNOWN;
	holes[4].offset = 1;
	expect((struct seep_unwound){holes, 5, true}, walk(5, true), SEEP_AGREEMENT_PREFIX, 3);
	expect((struct seep_unwound){holes, 5, true}, walk(3, true), SEEP_AGREEMENT_PREFIX, 3);
	holes[1].offset = 1;
	expect((struct seep_unwound){holes, 5, true}, walk(5, true), SEEP_AGREEMENT_DIFFERENT, 1);
	holes[1].file = SEEP_PLACE_UNKNOWN;
	expect((struct seep_unwound){holes, 5, true}, walk(5, true), SEEP_AGREEMENT_NONE, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	      cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_too_little),    cmocka_unit_test(test_other_places),
		cmocka_unit_test(test_unknown_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
