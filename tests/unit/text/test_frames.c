// SPDX-License-Identifier: GPL-2.0-only
/* Long stacks: the allocator's frame and the program's own ones stay, the others are folded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "text/layout.h"
#include "text/stack.h"

#define PROGRAM	   "/usr/bin/demo"
#define LIBRARY	   "/usr/lib/libwidget.so.3"
#define MAX_FRAMES 100

/* A stack that is being put together, innermost frame first. */
struct stack {
	struct seep_symbolizer *symbolizer;
	struct seep_location locations[MAX_FRAMES];
	struct seep_line lines[MAX_FRAMES];
	char names[MAX_FRAMES][64];
	uint64_t frames[MAX_FRAMES];
	size_t count;
};

static void add(struct stack *stack, size_t count, const char *module, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = stack->count++;

		assert_true(at < MAX_FRAMES);
		snprintf(stack->names[at], sizeof(stack->names[at]), "%s%zu", name, i);
		stack->lines[at] = (struct seep_line){.function = stack->names[at]};
		stack->locations[at] = (struct seep_location){
			.module = module,
			.num_lines = 1,
			.lines = &stack->lines[at],
		};
		stack->frames[at] = SEEP_FRAME(1, 16 * (at + 1));
		assert_int_equal(seep_symbolizer_know(stack->symbolizer, stack->frames[at],
						      &stack->locations[at]),
				 0);
	}
}

static struct stack *begin(void)
{
	struct stack *stack = calloc(1, sizeof(*stack));

	assert_non_null(stack);
	assert_int_equal(seep_symbolizer_new(&stack->symbolizer), 0);
	add(stack, 1, "/usr/lib/libc.so.6", "malloc");
	return stack;
}

/* Prints the stack, and compares the lines without their indents and modules. */
static void expect(struct stack *stack, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer out = SEEP_BUFFER_INIT, words = SEEP_BUFFER_INIT;
	const struct seep_process process = {.id = 1, .exe = PROGRAM};
	const struct seep_stack frames = {
		.end = SEEP_END_COMPLETE,
		.num_frames = stack->count,
		.frames = stack->frames,
	};
	const struct seep_site site = {.process = &process, .stack = &frames};
	const struct seep_layout layout = {.out = &out};
	struct seep_text_stack text;
	char *rest = NULL;

	seep_text_stack_init(&text, &layout, stack->symbolizer, false);
	seep_text_stack_put(&text, &site);
	seep_text_stack_done(&text);
	assert_int_equal(out.error, 0);
	for (char *line = strtok_r(out.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		line += strspn(line, " ");
		/* Behind a function stand two blanks, then its module. */
		line[strstr(line, "  ") ? strstr(line, "  ") - line : (ptrdiff_t)strlen(line)] =
			'\0';
		seep_buffer_printf(&words, "%s\n", line);
	}

	assert_string_equal(words.data, expected);
	seep_symbolizer_free(stack->symbolizer);
	free(stack);
}

static void test_short(void **state)
{
	struct stack *stack = begin();

	(void)state;
	add(stack, 5, PROGRAM, "std::alloc::f");
	add(stack, 1, PROGRAM, "demo::keep");
	expect(stack, "malloc0\nstd::alloc::f0\nstd::alloc::f1\nstd::alloc::f2\nstd::alloc::f3\n"
		      "std::alloc::f4\ndemo::keep0\n");
}

/* As in a program in Rust: its own frame is behind those of the library. */
static void test_libraries_are_folded(void **state)
{
	struct stack *stack = begin();

	(void)state;
	add(stack, 2, PROGRAM, "alloc::raw_vec::f");
	add(stack, 20, PROGRAM, "core::iter::f");
	add(stack, 2, PROGRAM, "<std::collections::hash::f");
	add(stack, 2, PROGRAM, "demo::keep");
	add(stack, 6, PROGRAM, "std::rt::f");
	add(stack, 2, "/usr/lib/libc.so.6", "__libc_start");
	add(stack, 1, PROGRAM, "_start");
	expect(stack, "malloc0\n... 24 frames of alloc, core, std ...\ndemo::keep0\ndemo::keep1\n"
		      "... 8 frames of std, libc ...\n_start0\n");
}

/* Two frames of a library are shown: a line that says they are left out would be no shorter. */
static void test_few_are_shown(void **state)
{
	struct stack *stack = begin();

	(void)state;
	add(stack, 2, PROGRAM, "std::f");
	add(stack, 30, PROGRAM, "demo::visit");
	expect(stack, "malloc0\nstd::f0\nstd::f1\ndemo::visit0\ndemo::visit1\ndemo::visit2\n"
		      "demo::visit3\ndemo::visit4\ndemo::visit5\ndemo::visit6\ndemo::visit7\n"
		      "demo::visit8\ndemo::visit9\ndemo::visit10\ndemo::visit11\ndemo::visit12\n"
		      "demo::visit13\ndemo::visit14\ndemo::visit15\ndemo::visit16\ndemo::visit17\n"
		      "demo::visit18\ndemo::visit19\ndemo::visit20\n... 9 more frames\n");
}

static void test_program_behind_a_library(void **state)
{
	struct stack *stack = begin();

	(void)state;
	add(stack, 40, LIBRARY, "widget_f");
	add(stack, 12, PROGRAM, "on_click");
	expect(stack,
	       "malloc0\nwidget_f0\nwidget_f1\nwidget_f2\nwidget_f3\nwidget_f4\nwidget_f5\n"
	       "widget_f6\nwidget_f7\nwidget_f8\nwidget_f9\nwidget_f10\nwidget_f11\n"
	       "widget_f12\n... 27 frames of libwidget ...\non_click0\non_click1\non_click2\n"
	       "on_click3\non_click4\non_click5\non_click6\non_click7\non_click8\non_click9\n"
	       "... 2 more frames\n");
}

static void test_many_libraries(void **state)
{
	static const char *const modules[] = {"/a/libone.so.1", "/a/libtwo.so.1",
					      "/a/libthree.so.1", "/a/libfour.so.1"};
	struct stack *stack = begin();

	(void)state;
	add(stack, 13, LIBRARY, "widget_f");
	for (size_t i = 0; i < 4; i++)
		add(stack, 5, modules[i], "g");
	add(stack, 1, PROGRAM, "main");
	expect(stack,
	       "malloc0\nwidget_f0\nwidget_f1\nwidget_f2\nwidget_f3\nwidget_f4\nwidget_f5\n"
	       "widget_f6\nwidget_f7\nwidget_f8\nwidget_f9\nwidget_f10\nwidget_f11\n"
	       "widget_f12\n... 20 frames of libone, libtwo, libthree and others ...\nmain0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_libraries_are_folded),
		cmocka_unit_test(test_few_are_shown),
		cmocka_unit_test(test_program_behind_a_library),
		cmocka_unit_test(test_many_libraries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
