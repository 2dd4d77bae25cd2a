// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which files are the same, names of single functions, and files that are broken or change
 * meanwhile.
 */
#include "symbol/symbolizer.h"

#include <elf.h>
#include <errno.h>
#include <linux/types.h>

#include "compile.h"
#include "elf/image.h"
#include "program.h"
#include "seep/abi.h"

static void test_files(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	const struct seep_location *first, *second;
	uint64_t outer, plain;

	(void)state;
	shell("gcc -O2 program.c -o one -Wl,--build-id=sha1 && cp one two");
	run("one", &outer, &plain);
	add(symbolizer, 1, "one");
	add(symbolizer, 2, "two");
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain));
	second = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(2, plain));
	assert_non_null(strstr(first->module, "/one"));
	assert_non_null(strstr(second->module, "/two"));
	assert_string_equal(first->build_id, second->build_id);
	/* One parse: even the line is the same. */
	assert_ptr_equal(first->lines, second->lines);

	/* Known first without a descriptor, then with one; a third time changes nothing. */
	assert_int_equal(seep_symbolizer_add_file(symbolizer, 3, "/gone", -1, NULL), 0);
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(3, plain));
	assert_string_equal(first->module, "/gone");
	assert_null(first->build_id);
	check_line(first->lines, NULL, NULL, false);
	add(symbolizer, 3, "two");
	second = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(3, plain));
	check_line(second->lines, "plain", NULL, false);
	assert_string_equal(first->module, "/gone");
	add(symbolizer, 3, "program.c");
	assert_ptr_equal(second, seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(3, plain)));

	/* No program, and never heard of. */
	add(symbolizer, 4, "program.c");
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(4, 10));
	assert_non_null(strstr(first->module, "program.c"));
	assert_int_equal(first->num_lines, 1);
	check_line(first->lines, NULL, NULL, false);
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(5, 10));
	assert_null(first->module);
	assert_int_equal(first->num_lines, 1);
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME_RAW | 0x7f0012345678);
	assert_null(first->module);
	assert_int_equal(first->offset, 0x7f0012345678);
	check_line(first->lines, NULL, NULL, false);
	/* Past the end of the file. */
	first = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, SEEP_FRAME_OFFSET_MASK));
	check_line(first->lines, NULL, NULL, false);
	seep_symbolizer_free(symbolizer);
}

/* The same stack has the same id in another run, where the files have other ids. */
static void test_stack_id(void **state)
{
	struct seep_symbolizer *one = new_symbolizer(), *two = new_symbolizer();
	uint64_t frames_one[] = {SEEP_FRAME(1, 100), SEEP_FRAME(2, 200), SEEP_FRAME_RAW | 0x1000};
	uint64_t frames_two[] = {SEEP_FRAME(8, 100), SEEP_FRAME(5, 200), SEEP_FRAME_RAW | 0x2000};
	uint64_t id;

	(void)state;
	shell("gcc program.c -o first -Wl,--build-id=sha1 && cp first copy && "
	      "gcc program.c -o second -Wl,--build-id=none");
	add(one, 1, "first");
	add(one, 2, "second");
	add(two, 8, "copy");
	add(two, 5, "second");
	id = seep_symbolizer_stack_id(one, frames_one, 3);
	assert_int_equal(id, seep_symbolizer_stack_id(one, frames_one, 3));
	assert_int_equal(id, seep_symbolizer_stack_id(two, frames_two, 3));
	assert_int_not_equal(id, seep_symbolizer_stack_id(one, frames_one, 2));
	frames_two[0]++;
	assert_int_not_equal(id, seep_symbolizer_stack_id(two, frames_two, 3));
	frames_two[0] = SEEP_FRAME(5, 100);
	assert_int_not_equal(id, seep_symbolizer_stack_id(two, frames_two, 3));
	seep_symbolizer_free(one);
	seep_symbolizer_free(two);
}

/* Copies are one file; files without a build ID, and the probes' own ids, stand for themselves. */
static void test_same_file(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();

	(void)state;
	shell("gcc program.c -o first -Wl,--build-id=sha1 && cp first copy && "
	      "gcc program.c -o bare -Wl,--build-id=none && cp bare bare_copy");
	add(symbolizer, SEEP_FILE_USER_BASE, "first");
	add(symbolizer, 7, "first");
	add(symbolizer, 3, "copy");
	add(symbolizer, 8, "bare");
	add(symbolizer, 9, "bare_copy");
	assert_int_equal(seep_symbolizer_same_file(symbolizer, SEEP_FILE_USER_BASE),
			 SEEP_FILE_USER_BASE);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 7), 7);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 3), 7);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 7), 7);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 8), 8);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 9), 9);
	assert_int_equal(seep_symbolizer_same_file(symbolizer, 1234), 1234);
	seep_symbolizer_free(symbolizer);
}

/* A function is called as it was found, where the symbol table has another of its names first. */
static void test_given_name(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	const struct seep_location *location;
	uint64_t outer, plain;

	(void)state;
	shell("gcc -O2 -g program.c -o named -Wl,--build-id=sha1");
	run("named", &outer, &plain);
	add(symbolizer, 1, "named");
	assert_int_equal(seep_symbolizer_name_function(symbolizer, SEEP_FRAME(1, plain), "found"),
			 0);
	assert_int_equal(seep_symbolizer_name_function(symbolizer, SEEP_FRAME(1, plain), "late"),
			 0);
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain));
	assert_int_equal(location->num_lines, 1);
	check_line(location->lines, "found", "PLAIN", false);
	/* Only there. */
	location = seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, outer));
	check_line(&location->lines[location->num_lines - 1], "outer", "OUTER", false);
	seep_symbolizer_free(symbolizer);
}

/* Asks for frames all over a file. */
static void exercise(const char *path, size_t length)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();

	add(symbolizer, 1, path);
	for (uint64_t i = 0; i < 40; i++) {
		const struct seep_location *location = seep_symbolizer_resolve(
			symbolizer, 0, SEEP_FRAME(1, 4096 + i * (length - 4096) / 200));

		assert_true(location->num_lines >= 1);
		assert_non_null(location->lines);
	}
	seep_symbolizer_free(symbolizer);
}

static uint8_t *small_program(size_t *ret_length)
{
	shell("gcc -O2 -g -nostdlib -fPIC -shared program.c -o small");
	return read_bytes("small", ret_length);
}

static void test_truncated(void **state)
{
	size_t length;
	uint8_t *bytes = small_program(&length);

	(void)state;
	for (size_t cut = 0; cut < length; cut += 61) {
		write_bytes("cut", bytes, cut);
		exercise("cut", length);
	}
	free(bytes);
}

static void test_flipped(void **state)
{
	size_t length;
	uint8_t *bytes = small_program(&length), *copy = malloc(length);
	uint32_t random = 3;

	(void)state;
	assert_non_null(copy);
	for (int round = 0; round < 1500; round++) {
		memcpy(copy, bytes, length);
		for (int flip = 0; flip <= round % 16; flip++) {
			size_t at;

			random = random * 1664525 + 1013904223;
			/* Mostly behind the code: debug information, symbols, section headers. */
			at = random & 0xf0 ? length / 2 + (random >> 4) % (length - length / 2) :
					     (random >> 4) % length;
			random = random * 1664525 + 1013904223;
			copy[at] = (uint8_t)(random >> 24);
		}
		write_bytes("flipped", copy, length);
		exercise("flipped", length);
	}
	free(copy);
	free(bytes);
}

static void test_shrinks_while_open(void **state)
{
	struct seep_symbolizer *symbolizer = new_symbolizer();
	uint64_t outer, plain;

	(void)state;
	shell("gcc -O2 -g program.c -o shrinking");
	run("shrinking", &outer, &plain);
	add(symbolizer, 1, "shrinking");
	assert_int_equal(seep_symbolizer_stack_id(symbolizer, &(uint64_t){SEEP_FRAME(1, 1)}, 1),
			 seep_symbolizer_stack_id(symbolizer, &(uint64_t){SEEP_FRAME(1, 1)}, 1));
	assert_int_equal(truncate("shrinking", 4096), 0);
	check_line(seep_symbolizer_resolve(symbolizer, 0, SEEP_FRAME(1, plain))->lines, NULL, NULL,
		   false);
	seep_symbolizer_free(symbolizer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_stack_id),
		cmocka_unit_test(test_same_file),
		cmocka_unit_test(test_given_name),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_shrinks_while_open),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
