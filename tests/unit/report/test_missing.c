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
#define PERF_MAP (SEEP_FRAME_RAW | 0x1000)
#define CODE	 (SEEP_FRAME_RAW | 0x2000)

static const struct seep_line no_name, main_line = {.function = "main"},
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
};

static const struct seep_location perf_map = {
	.module = SEEP_JIT_MODULE, .num_lines = 1, .lines = &py_line};

/* Of two frames; a frame of 0 stands for one that is named. */
static void expect(const char *exe, uint64_t first, uint64_t second, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const struct seep_process process = {.id = 1, .exe = exe};
	const uint64_t frames[] = {first, second};
	const struct seep_stack stack = {.num_frames = 2, .frames = frames};
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
	struct seep_symbolizer *symbolizer;

	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_int_equal(
			seep_symbolizer_know(symbolizer, known[i].frame, &known[i].location), 0);
	assert_int_equal(seep_symbolizer_know_jit(symbolizer, 1, PERF_MAP, &perf_map), 0);
	seep_report_append_missing(&text, &snapshot, symbolizer, 10);
	assert_string_equal(text.data, expected);
	seep_symbolizer_free(symbolizer);
}

static void test_files(void **state)
{
	(void)state;
	expect("/usr/bin/demo", NAMED, NAMED, "");
	expect("/usr/bin/demo", LIBC, NAMED,
	       "Names are missing: libc.so.6 (install the package libc6-dbg).");
	expect("/usr/bin/demo", LIBC, UNNAMED,
	       "Names are missing: libc.so.6 (install the package libc6-dbg); libvendor.so.2 "
	       "(build it with -g, or install its debug symbols).");
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_runtimes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
