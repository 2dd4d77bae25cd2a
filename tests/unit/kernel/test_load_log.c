// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/load_log.h"

#define BEGIN "libbpf: prog 'free_entry': -- BEGIN PROG LOAD LOG --\n"
#define END   "-- END PROG LOAD LOG --\n"

static void test_reason_is_before_the_statistics(void **state)
{
	struct seep_refused_program program;

	(void)state;
	assert_true(seep_load_log_parse(BEGIN
					"0: R1=ctx(off=0,imm=0) R10=fp0\n"
					"0: (79) r0 = *(u64 *)(r2 +0)\n"
					"R2 !read_ok\n"
					"verification time 59 usec\n"
					"stack depth 0+0\n"
					"processed 1 insns (limit 1000000) max_states_per_insn 0 "
					"total_states 0 peak_states 0 mark_read 0\n" END,
					&program));
	assert_string_equal(program.name, "free_entry");
	assert_string_equal(program.reason, "R2 !read_ok");
}

static void test_other_messages_are_none(void **state)
{
	static const char *const messages[] = {
		"",
		"libbpf: prog 'free_entry': BPF program load failed: Permission denied\n",
		"libbpf: failed to load object 'seep_bpf'\n",
		/* No name before the log. */
		"libbpf: -- BEGIN PROG LOAD LOG --\nprog 'later'\n" END,
		"libbpf: prog 'unended -- BEGIN PROG LOAD LOG --\nR2 !read_ok\n" END,
	};
	struct seep_refused_program program = {.name = "untouched"};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		assert_false(seep_load_log_parse(messages[i], &program));
	assert_string_equal(program.name, "untouched");
}

/* The kernel cuts a log for which there is no room, and a program may say nothing. */
static void test_damaged_logs(void **state)
{
	struct seep_refused_program program;
	char long_line[4096];

	(void)state;
	assert_true(seep_load_log_parse(BEGIN END, &program));
	assert_string_equal(program.reason, "");
	assert_true(seep_load_log_parse(BEGIN "processed 7 insns\n\n" END, &program));
	assert_string_equal(program.reason, "");
	assert_true(seep_load_log_parse(BEGIN "math between fp and scalar", &program));
	assert_string_equal(program.reason, "math between fp and scalar");
	memset(long_line, 'x', sizeof(long_line));
	memcpy(long_line, BEGIN, strlen(BEGIN));
	long_line[sizeof(long_line) - 1] = '\0';
	assert_true(seep_load_log_parse(long_line, &program));
	assert_int_equal(strlen(program.reason), SEEP_REFUSAL_BYTES - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reason_is_before_the_statistics),
		cmocka_unit_test(test_other_messages_are_none),
		cmocka_unit_test(test_damaged_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
