// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

/* Standard error goes through this pipe while a test logs. */
struct capture {
	int read_end;
	int saved;
};

static void capture_start(struct capture *capture)
{
	int ends[2];

	assert_return_code(pipe(ends), errno);
	capture->read_end = ends[0];
	capture->saved = dup(STDERR_FILENO);
	assert_return_code(dup2(ends[1], STDERR_FILENO), errno);
	close(ends[1]);
}

static void assert_captured(struct capture *capture, const char *expected)
{
	char text[4096];
	ssize_t length;

	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
	length = read(capture->read_end, text, sizeof(text) - 1);
	close(capture->read_end);
	assert_return_code(length, errno);
	text[length] = '\0';
	assert_string_equal(text, expected);
}

static void levels_are_shown_up_to_the_one_set(void **state)
{
	static const struct {
		enum seep_log_level level;
		const char *expected;
	} cases[] = {
		{SEEP_LOG_ERROR, "seep: error 1\n"},
		{SEEP_LOG_WARN, "seep: error 1\nseep: warn 2\n"},
		{SEEP_LOG_INFO, "seep: error 1\nseep: warn 2\nseep: info 3\n"},
		{SEEP_LOG_DEBUG, "seep: error 1\nseep: warn 2\nseep: info 3\nseep: debug 4\n"},
	};

	(void)state;
	assert_int_equal(seep_log_get_level(), SEEP_LOG_INFO);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct capture capture;

		seep_log_set_level(cases[i].level);
		assert_int_equal(seep_log_get_level(), cases[i].level);
		capture_start(&capture);
		seep_error("error %d", 1);
		seep_warn("warn %d", 2);
		seep_info("info %d", 3);
		seep_debug("debug %d", 4);
		assert_captured(&capture, cases[i].expected);
	}
	seep_log_set_level(SEEP_LOG_INFO);
}

static void text_of_a_target_cannot_forge_a_line(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture);
	seep_error("cannot trace \"%s\"", "x\"\nseep: all is well\x1b[2K");
	assert_captured(&capture, "seep: cannot trace \"x\"\xef\xbf\xbdseep: all is well"
				  "\xef\xbf\xbd[2K\"\n");
}

static void errno_is_kept(void **state)
{
	struct capture capture;

	(void)state;
	capture_start(&capture);
	close(STDERR_FILENO); /* so that writing fails */
	errno = ENOTTY;
	seep_error("lost");
	assert_int_equal(errno, ENOTTY);
	assert_captured(&capture, "");
}

static void clear_line(void)
{
	assert_int_equal(write(STDERR_FILENO, "<clear>", 7), 7);
}

static void hook_runs_before_each_line(void **state)
{
	struct capture capture;

	(void)state;
	seep_log_set_hook(clear_line);
	capture_start(&capture);
	seep_warn("one");
	seep_debug("hidden");
	seep_warn("two");
	seep_log_set_hook(NULL);
	seep_warn("three");
	assert_captured(&capture, "<clear>seep: one\n<clear>seep: two\nseep: three\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_are_shown_up_to_the_one_set),
		cmocka_unit_test(text_of_a_target_cannot_forge_a_line),
		cmocka_unit_test(errno_is_kept),
		cmocka_unit_test(hook_runs_before_each_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
