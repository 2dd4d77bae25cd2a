// SPDX-License-Identifier: GPL-2.0-only
/* Refusals: which one follows from the hazards of a process, and that each has its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "target/safety.h"

static void test_refusal_of(void **state)
{
	(void)state;
	assert_int_equal(seep_refusal_of(0), SEEP_REFUSAL_NONE);
	for (int i = SEEP_REFUSAL_NONE + 1; i < SEEP_REFUSAL_COUNT; i++) {
		assert_int_equal(seep_refusal_of(SEEP_REFUSAL_BIT(i)), i);
		/* Of several the first one is told. */
		for (int j = i + 1; j < SEEP_REFUSAL_COUNT; j++)
			assert_int_equal(seep_refusal_of(SEEP_REFUSAL_BIT(i) | SEEP_REFUSAL_BIT(j)),
					 i);
	}
}

static void test_words(void **state)
{
	(void)state;
	for (int i = SEEP_REFUSAL_NONE + 1; i < SEEP_REFUSAL_COUNT; i++) {
		assert_true(strlen(seep_refusal_key(i)) > 0);
		assert_true(strlen(seep_refusal_text(i)) > strlen(seep_refusal_key(i)));
		for (int j = SEEP_REFUSAL_NONE + 1; j < i; j++)
			assert_string_not_equal(seep_refusal_key(i), seep_refusal_key(j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusal_of),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
