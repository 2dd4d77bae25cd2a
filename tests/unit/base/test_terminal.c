// SPDX-License-Identifier: GPL-2.0-only
/* Width and colour of a terminal, of a pipe, and what the environment says about them. */
#include <errno.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/terminal.h"

static size_t columns_of_terminal(unsigned short columns)
{
	const struct winsize size = {.ws_row = 24, .ws_col = columns};
	int master, terminal;
	size_t result;

	assert_return_code(openpty(&master, &terminal, NULL, NULL, &size), errno);
	result = seep_terminal_columns(terminal);
	close(terminal);
	close(master);
	return result;
}

static void test_columns(void **state)
{
	int ends[2];

	(void)state;
	unsetenv("COLUMNS");
	assert_int_equal(columns_of_terminal(132), 132);
	assert_int_equal(columns_of_terminal(40), 60);
	assert_int_equal(columns_of_terminal(500), 200);
	/* A serial line does not know. */
	assert_int_equal(columns_of_terminal(0), 100);
	assert_return_code(pipe(ends), errno);
	assert_int_equal(seep_terminal_columns(ends[1]), 100);
	setenv("COLUMNS", "80", 1);
	assert_int_equal(seep_terminal_columns(ends[1]), 80);
	assert_int_equal(columns_of_terminal(132), 132);
	setenv("COLUMNS", "wide", 1);
	assert_int_equal(seep_terminal_columns(ends[1]), 100);
	close(ends[0]);
	close(ends[1]);
}

static void test_color(void **state)
{
	int master, terminal, ends[2];

	(void)state;
	assert_return_code(openpty(&master, &terminal, NULL, NULL, NULL), errno);
	assert_return_code(pipe(ends), errno);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_true(seep_terminal_has_color(terminal));
	assert_false(seep_terminal_has_color(ends[1]));
	setenv("NO_COLOR", "", 1);
	assert_true(seep_terminal_has_color(terminal));
	setenv("NO_COLOR", "1", 1);
	assert_false(seep_terminal_has_color(terminal));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(seep_terminal_has_color(terminal));
	unsetenv("TERM");
	assert_false(seep_terminal_has_color(terminal));
	close(master);
	close(terminal);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
