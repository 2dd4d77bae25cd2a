// SPDX-License-Identifier: GPL-2.0-only
/* Which layouts of mappings are those of a process that translates code: of made-up maps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "target/translators.h"

/* For our own PID, as our program is none. */
static bool translates(const char *text)
{
	struct seep_translators *translators;
	struct seep_maps maps;
	char *copy = strdup(text);
	bool result;

	assert_int_equal(seep_translators_new(&translators), 0);
	assert_int_equal(seep_maps_parse(copy, &maps), 0);
	result = seep_translators_have(translators, getpid(), &maps);
	seep_maps_done(&maps);
	seep_translators_free(translators);
	return result;
}

/* The C library of the emulator, and the same one of the program that it translates. */
static void test_code_that_is_read(void **state)
{
	(void)state;
	assert_true(
		translates("700000000000-700000001000 r--p 00000000 fe:00 11 /lib/libc.so.6\n"
			   "700000001000-700000002000 r--p 00001000 fe:00 11 /lib/libc.so.6\n"
			   "700000002000-700000003000 rw-p 00002000 fe:00 11 /lib/libc.so.6\n"
			   "7f0000000000-7f0000001000 r--p 00000000 fe:00 11 /lib/libc.so.6\n"
			   "7f0000001000-7f0000002000 r-xp 00001000 fe:00 11 /lib/libc.so.6\n"
			   "7f0000002000-7f0000003000 rw-p 00002000 fe:00 11 /lib/libc.so.6\n"));
}

static void test_usual_library(void **state)
{
	(void)state;
	assert_false(
		translates("7f0000000000-7f0000001000 r--p 00000000 fe:00 11 /lib/libc.so.6\n"
			   "7f0000001000-7f0000002000 r-xp 00001000 fe:00 11 /lib/libc.so.6\n"
			   "7f0000002000-7f0000003000 rw-p 00002000 fe:00 11 /lib/libc.so.6\n"));
}

/* Code and data in one page of the file, as older linkers put them 2 MiB apart or next to it. */
static void test_library_smaller_than_a_page(void **state)
{
	(void)state;
	assert_false(
		translates("7f0000000000-7f0000001000 r-xp 00000000 fe:00 12 /lib/libsmall.so\n"
			   "7f0000001000-7f0000200000 ---p 00001000 fe:00 12 /lib/libsmall.so\n"
			   "7f0000200000-7f0000201000 r--p 00000000 fe:00 12 /lib/libsmall.so\n"
			   "7f0000201000-7f0000202000 rw-p 00001000 fe:00 12 /lib/libsmall.so\n"));
	assert_false(
		translates("7f0000000000-7f0000001000 r-xp 00000000 fe:00 12 /lib/libsmall.so\n"
			   "7f0000001000-7f0000002000 r--p 00000000 fe:00 12 /lib/libsmall.so\n"
			   "7f0000002000-7f0000003000 rw-p 00000000 fe:00 12 /lib/libsmall.so\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_code_that_is_read),
		cmocka_unit_test(test_usual_library),
		cmocka_unit_test(test_library_smaller_than_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
