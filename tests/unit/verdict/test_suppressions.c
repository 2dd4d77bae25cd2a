// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verdict/suppressions.h"

static const struct {
	const char *pattern;
	const char *name;
	bool expected;
} examples[] = {
	{"cache", "my_cache_insert", true},
	{"cache", "my_cash_insert", false},
	{"^cache", "cache_insert", true},
	{"^cache", "my_cache_insert", false},
	{"insert$", "cache_insert", true},
	{"insert$", "cache_inserted", false},
	{"^cache_insert$", "cache_insert", true},
	{"^cache_insert$", "cache_insert2", false},
	{"ca*rt", "my_cache_insert_more", true},
	{"^ca*rt$", "cache_insert", true},
	{"^ca*rt$", "cache_rtx_insert", true},
	{"^ca*rt$", "cache_insert_more", false},
	{"a*b*c", "xaxxbxxc", true},
	{"a*b*c", "xaxxcxxb", false},
	{"*", "", true},
	{"**", "x", true},
	{"std::*::insert", "std::map<int, int>::insert(int)", true},
	{"libfoo.so", "/usr/lib/libfoo.so.1", true},
	{"$", "anything", true},
	{"a$b", "a$b", true},
};

static void patterns_match_as_in_leak_sanitizer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		struct seep_suppressions *suppressions;
		char text[128] = "leak:";
		size_t line;

		strcat(text, examples[i].pattern);
		assert_int_equal(seep_suppressions_parse(text, &suppressions, &line), 0);
		if (seep_suppressions_match(suppressions, examples[i].name) != examples[i].expected)
			fail_msg("%s against %s", examples[i].pattern, examples[i].name);
		assert_false(seep_suppressions_match(suppressions, NULL));
		seep_suppressions_free(suppressions);
	}
}

static void lines_and_comments(void **state)
{
	struct seep_suppressions *suppressions;
	size_t line;

	(void)state;
	assert_int_equal(seep_suppressions_parse("# known\r\n\n  leak:one  \r\n\tleak:two",
						 &suppressions, &line),
			 0);
	assert_true(seep_suppressions_match(suppressions, "one"));
	assert_true(seep_suppressions_match(suppressions, "two"));
	assert_false(seep_suppressions_match(suppressions, "known"));
	seep_suppressions_free(suppressions);
}

static void wrong_lines_are_named(void **state)
{
	static const char *const texts[] = {"leak:a\nrace:b\n", "leak:a\nleak:\n", "leak:a\nb"};
	struct seep_suppressions *suppressions;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t line = 0;

		assert_int_equal(seep_suppressions_parse(texts[i], &suppressions, &line), -EINVAL);
		assert_int_equal(line, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_as_in_leak_sanitizer),
		cmocka_unit_test(lines_and_comments),
		cmocka_unit_test(wrong_lines_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
