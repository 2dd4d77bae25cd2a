// SPDX-License-Identifier: GPL-2.0-only
/* Stacks with functions that have no name, and what is said about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "report/missing.h"
#include "symbol/symbolizer.h"

#define NAMED	 SEEP_FRAME(1, 16)
#define UNNAMED	 SEEP_FRAME(1, 32)
#define LIBC	 SEEP_FRAME(2, 16)
#define PYTHON	 SEEP_FRAME(3, 16)
#define PHP	 SEEP_FRAME(4, 16)
#define PERF_MAP (SEEP_FRAME_RAW | 0x1000)
#define CODE	 (SEEP_FRAME_RAW | 0x2000)

static const struct seep_line no_name, main_line = {.function = "main"},
				       php_line = {.function = "execute_ex"},
				       frame_line = {.function = "_PyEval_EvalFrameDefault"},
				       py_line = {.function = "py::keep:/srv/app.py"};

static const struct {
	uint64_t frame;
	struct seep_location location;
} known[] = {
	{NAMED, {.module = "/usr/bin/demo", .num_lines = 1, .lines = &main_line}},
	{UNNAMED, {.module = "/opt/libvendor.so.2", .num_lines = 1, .lines = &no_name}},
	{LIBC, {.module = "/lib/libc.so.6", .num_lines = 1, .lines = &no_name}},
	{PYTHON, {.module = "/usr/bin/python3.12", .num_lines = 1, .lines = &frame_line}},
	{PHP, {.module = "/usr/bin/php8.2", .num_lines = 1, .lines = &php_line}},
};

static const struct seep_location perf_map = {
	.module = SEEP_JIT_MODULE, .num_lines = 1, .lines = &py_line};

/* Of two frames; a frame of 0 stands for one that is named. */
static void expect_end(const char *exe, uint64_t first, uint64_t second, enum seep_end end,
		       const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const struct seep_process process = {.id = 1, .exe = exe};
	const uint64_t frames[] = {first, second};
	const struct seep_stack stack = {.num_frames = 2, .frames = frames, .end = end};
	struct seep_site sites[] = {
		{.process = &process, .stack = &stack, .live_objects = 1},
		{.process = &process, .stack = &stack},
	};
	const struct seep_snapshot snapshot = {
		.processes = &process,
		.num_processes = 1,
		.sites = sites,
		.num_sites = 2,
	};
	struct seep_missing missing = {0};
	struct seep_symbolizer *symbolizer;

	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(
			seep_symbolizer_know(symbolizer, known[i].frame, &known[i].location), 0);
	assert_int_equal(seep_symbolizer_know_jit(symbolizer, 1, PERF_MAP, &perf_map), 0);
	seep_missing_add_largest(&missing, symbolizer, &snapshot, 10);
	seep_missing_append(&text, &missing);
	assert_string_equal(text.data, expected);
	seep_symbolizer_free(symbolizer);
}

static void expect(const char *exe, uint64_t first, uint64_t second, const char *expected)
{
	expect_end(exe, first, second, SEEP_END_COMPLETE, expected);
}

static void test_files(void **state)
{
	(void)state;
	expect("/usr/bin/demo", NAMED, NAMED, "");
	expect("/usr/bin/demo", LIBC, NAMED,
	       "Names are missing: libc.so.6 (install the package libc6-dbg or glibc-debuginfo).");
	expect("/usr/bin/demo", LIBC, UNNAMED,
	       "Names are missing: libc.so.6 (install the package libc6-dbg or glibc-debuginfo); "
	       "libvendor.so.2 (build it with -g and do not strip it, or install its debug "
	       "symbols).");
}

static void test_runtimes(void **state)
{
	(void)state;
	expect("/usr/bin/node", CODE, NAMED,
	       "Names are missing: node (start it with --perf-basic-prof).");
	/* Of a program that is no runtime seep does not know what would help. */
	expect("/usr/bin/demo", CODE, NAMED, "");
	expect("/usr/bin/python3.12", PYTHON, NAMED,
	       "Names are missing: functions of Python (from Python 3.12 on: start it with -X "
	       "perf).");
	expect("/usr/bin/python3.12", PYTHON, PERF_MAP, "");
	expect("/usr/bin/php8.2", PHP, NAMED,
	       "Names are missing: functions of PHP (seep cannot name them yet).");
}

/* The stacks of Java end where its code begins. */
static void test_java(void **state)
{
	(void)state;
	expect("/usr/bin/java", NAMED, NAMED, "");
	expect_end("/usr/bin/java", NAMED, NAMED, SEEP_END_JIT,
		   "Names are missing: functions of Java (seep cannot name them yet).");
	expect("/usr/bin/java", CODE, NAMED,
	       "Names are missing: functions of Java (seep cannot name them yet).");
	/* A program that generates code, and is no runtime that is known. */
	expect_end("/usr/bin/demo", NAMED, NAMED, SEEP_END_JIT, "");
}

/* There is a place for three; of the others it is said that there are some. */
static void test_many(void **state)
{
	static const char *const names[] = {"/opt/a.so", "/opt/b.so", "/opt/c.so", "/opt/d.so"};
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const struct seep_process process = {.id = 1}, java = {.id = 2, .exe = "/usr/bin/java"};
	struct seep_missing missing = {0};
	struct seep_symbolizer *symbolizer;

	(void)state;
	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct seep_location location = {
			.module = names[i], .num_lines = 1, .lines = &no_name};
		const uint64_t frame = SEEP_FRAME(10 + i, 16);
		const struct seep_stack stack = {.num_frames = 1, .frames = &frame};
		const struct seep_site site = {.process = &process, .stack = &stack};

		assert_int_equal(seep_symbolizer_know(symbolizer, frame, &location), 0);
		seep_missing_add(&missing, symbolizer, &site);
		/* Twice the same is told once. */
		seep_missing_add(&missing, symbolizer, &site);
	}
	/* But a runtime takes the place of a file. */
	seep_missing_add_process(&missing, &java);
	seep_missing_append(&text, &missing);
	assert_non_null(strstr(text.data, "missing: a.so (build"));
	assert_non_null(strstr(text.data, "; functions of Java ("));
	assert_null(strstr(text.data, "d.so"));
	assert_non_null(strstr(text.data, "; and others."));
	seep_symbolizer_free(symbolizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_runtimes),
		cmocka_unit_test(test_java),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
