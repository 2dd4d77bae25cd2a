// SPDX-License-Identifier: GPL-2.0-only
#include "unwind/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct seep_rule rule_of(int32_t number)
{
	return (struct seep_rule){.kind = SEEP_RULE_SP, .offset = number, .ra_offset = -8};
}

static void test_first_rules(void **state)
{
	static const struct seep_rule bad = {.kind = SEEP_RULE_BAD}, gap = {.kind = SEEP_RULE_GAP};
	struct seep_rules *rules;

	(void)state;
	assert_int_equal(seep_rules_new(&rules), 0);
	assert_int_equal(seep_rules_count(rules), 2);
	assert_int_equal(seep_rules_get(rules, &bad), 0);
	assert_int_equal(seep_rules_get(rules, &gap), 1);
	assert_int_equal(seep_rules_at(rules, 0)->kind, SEEP_RULE_BAD);
	assert_int_equal(seep_rules_at(rules, 1)->kind, SEEP_RULE_GAP);
	assert_int_equal(seep_rules_count(rules), 2);
	seep_rules_free(rules);
}

/* Each field tells rules apart. */
static void test_fields(void **state)
{
	static const struct seep_rule alike[] = {
		{.kind = SEEP_RULE_SP},
		{.kind = SEEP_RULE_FP},
		{.kind = SEEP_RULE_SP, .fp = SEEP_FP_AT_CFA},
		{.kind = SEEP_RULE_SP, .fp_offset = 1},
		{.kind = SEEP_RULE_SP, .bx_offset = 1},
		{.kind = SEEP_RULE_SP, .ra_offset = 1},
		{.kind = SEEP_RULE_SP, .offset = 1},
		{.kind = SEEP_RULE_SP, .add = 1},
	};
	struct seep_rules *rules;

	(void)state;
	assert_int_equal(seep_rules_new(&rules), 0);
	for (int again = 0; again < 2; again++)
		for (uint32_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
			assert_int_equal(seep_rules_get(rules, &alike[i]), 2 + i);
	seep_rules_free(rules);
}

/* Numbers stay, whatever comes later; what comes too late is BAD. */
static void test_full(void **state)
{
	struct seep_rules *rules;
	struct seep_rule rule;

	(void)state;
	assert_int_equal(seep_rules_new(&rules), 0);
	for (uint32_t i = 2; i < SEEP_MAX_RULES; i++) {
		rule = rule_of((int32_t)i);
		assert_int_equal(seep_rules_get(rules, &rule), i);
	}
	assert_int_equal(seep_rules_count(rules), SEEP_MAX_RULES);
	assert_int_equal(seep_rules_overflow(rules), 0);
	for (uint32_t i = 0; i < 3; i++) {
		rule = rule_of(-1);
		assert_int_equal(seep_rules_get(rules, &rule), 0);
	}
	assert_int_equal(seep_rules_count(rules), SEEP_MAX_RULES);
	assert_int_equal(seep_rules_overflow(rules), 3);
	for (uint32_t i = SEEP_MAX_RULES - 1; i >= 2; i--) {
		rule = rule_of((int32_t)i);
		assert_int_equal(seep_rules_get(rules, &rule), i);
		assert_memory_equal(seep_rules_at(rules, i), &rule, sizeof(rule));
	}
	seep_rules_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_rules),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
