// SPDX-License-Identifier: GPL-2.0-only
/* Where lines are broken: a quantity stays whole, at whatever column the line ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "text/layout.h"

static void expect(size_t columns, size_t indent, const char *string, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer out = SEEP_BUFFER_INIT;
	const struct seep_layout layout = {.out = &out, .columns = columns};

	seep_layout_wrap(&layout, SEEP_STYLE_PLAIN, indent, string);
	assert_string_equal(out.data, expected);
}

static void test_words(void **state)
{
	(void)state;
	expect(10, 0, "one two", "one two\n");
	expect(10, 0, "one two three", "one two\nthree\n");
	/* The space may stand behind the last column. */
	expect(7, 0, "one two three", "one two\nthree\n");
	expect(8, 2, "one two three", "one\n  two\n  three\n");
	expect(4, 0, "/a/long/path", "/a/l\nong/\npath\n");
}

static void test_quantities(void **state)
{
	(void)state;
	/* Would fit up to the number, the unit or the PID's name. */
	expect(12, 0, "used up in 17 h of", "used up in\n17 h of\n");
	expect(15, 0, "used up in 2 d 02 h; so", "used up in\n2 d 02 h; so\n");
	expect(16, 0, "it takes 1 min 00 s more", "it takes\n1 min 00 s more\n");
	expect(14, 0, "server (PID 7)", "server (PID 7)\n");
	expect(12, 0, "server (PID 7) leaks", "server\n(PID 7)\nleaks\n");
	expect(10, 0, "about < 0.01 % of it", "about\n< 0.01 %\nof it\n");
	/* A word that only ends like a unit. */
	expect(12, 0, "it wanted 64 times", "it wanted\n64 times\n");
}

/* Where a quantity alone is too long for the line, it is broken all the same. */
static void test_narrow(void **state)
{
	(void)state;
	expect(5, 0, "2 d 02 h", "2 d\n02 h\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_quantities),
		cmocka_unit_test(test_narrow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
