// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps that are made of lines, as perf-PID.map has them: ranges that replace each other, and caps.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "jit_feed.h"
#include "symbol/jit_map.h"
#include "symbol/jit_ranges.h"

#define SPACE 4096 /* addresses of the comparison with the plain way */

static struct seep_jit_map *map_of(const char *text)
{
	struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);

	assert_int_equal(feed(map, text, strlen(text), SEEP_JIT_PIECE_BYTES), 0);
	assert_int_equal(seep_jit_map_settle(map), 0);
	return map;
}

static void lines_are_names_of_ranges(void **state)
{
	struct seep_jit_map *map = map_of("7f0000001000 40 LazyCompile:~main /srv/app.js:1\n"
					  "0x7F0000002000 0x10 with prefix\r\n"
					  "fffffffffffffff0 f last\n"
					  "100 1  one\n");

	(void)state;
	check_name(map, 0x7f0000000fff, NULL);
	check_name(map, 0x7f0000001000, "LazyCompile:~main /srv/app.js:1");
	check_name(map, 0x7f000000103f, "LazyCompile:~main /srv/app.js:1");
	check_name(map, 0x7f0000001040, NULL);
	check_name(map, 0x7f000000200f, "with prefix");
	check_name(map, 0xfffffffffffffffe, "last");
	check_name(map, UINT64_MAX, NULL);
	check_name(map, 0x100, " one");
	seep_jit_map_free(map);
}

static void other_lines_are_skipped(void **state)
{
	struct seep_jit_map *map = map_of("\n"
					  "hello\n"
					  "1000\n"
					  "1000 \n"
					  "1000 10\n"
					  "1000 10 \n"
					  "1000 0 empty\n"
					  "1000 -1 negative\n"
					  "-1000 10 negative\n"
					  " 1000 10 space\n"
					  "1000  10 spaces\n"
					  "1000\t10\ttabs\n"
					  "1000 100000000 larger than 4 GiB\n"
					  "ffffffffffffffff 10 past the end\n"
					  "00000000000001000 10 17 digits\n"
					  "1000 10g no number\n"
					  "0x 10 no digits\n"
					  "2000 10 good\n"
					  "1000 10 without an end");

	(void)state;
	check_name(map, 0x1000, NULL);
	check_name(map, 0x2000, "good");
	check_name(map, UINT64_MAX - 1, NULL);
	seep_jit_map_free(map);
}

static void name_ends_at_nul(void **state)
{
	static const char text[] = "1000 10 one\0two\n2000 10 \0\n3000 10 three\n";
	struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);

	(void)state;
	assert_int_equal(feed(map, text, sizeof(text) - 1, sizeof(text)), 0);
	check_name(map, 0x1000, "one");
	check_name(map, 0x2000, NULL);
	check_name(map, 0x3000, "three");
	seep_jit_map_free(map);
}

static void long_line_is_cut(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const char *name;

	(void)state;
	seep_buffer_puts(&text, "1000 10 ");
	for (size_t i = 0; i < 1000000; i++)
		seep_buffer_putc(&text, 'a');
	seep_buffer_puts(&text, "\n2000 10 two\n");
	for (size_t piece = 1; piece <= 2 * SEEP_JIT_PIECE_BYTES; piece *= 16) {
		struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);

		assert_int_equal(feed(map, text.data, text.length, piece), 0);
		name = seep_jit_map_find(map, 0x1000);
		assert_non_null(name);
		assert_int_equal(strlen(name), SEEP_JIT_NAME_MAX_BYTES);
		check_name(map, 0x2000, "two");
		seep_jit_map_free(map);
	}
}

static void later_ranges_win(void **state)
{
	struct seep_jit_map *map = map_of("1000 100 outer\n"
					  "1040 10 inner\n"
					  "0ff0 20 before\n"
					  "10f8 10 behind\n"
					  "2000 10 old\n"
					  "1ff0 40 new\n"
					  "3000 10 same\n"
					  "3000 10 again\n");

	(void)state;
	check_name(map, 0xff0, "before");
	check_name(map, 0x100f, "before");
	check_name(map, 0x1010, "outer");
	check_name(map, 0x103f, "outer");
	check_name(map, 0x1040, "inner");
	check_name(map, 0x1050, "outer");
	check_name(map, 0x10f7, "outer");
	check_name(map, 0x10f8, "behind");
	check_name(map, 0x1107, "behind");
	check_name(map, 0x1108, NULL);
	check_name(map, 0x1ff0, "new");
	check_name(map, 0x2000, "new");
	check_name(map, 0x202f, "new");
	check_name(map, 0x3000, "again");
	seep_jit_map_free(map);
}

/* Random ranges over and over each other, against an array with the name of each address. */
static void overlaps_are_as_painted(void **state)
{
	static int painted[SPACE];

	(void)state;
	srand(7);
	for (int round = 0; round < 60; round++) {
		struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);
		int largest = 1 << (1 + round % 12);

		memset(painted, -1, sizeof(painted));
		for (int i = 0; i < 400; i++) {
			int start = rand() % SPACE, size = rand() % largest;
			char line[64];
			int length = snprintf(line, sizeof(line), "%x %x f%d\n", start, size, i);

			assert_int_equal(feed(map, line, (size_t)length, 64), 0);
			for (int at = start; at < start + size && at < SPACE; at++)
				painted[at] = i;
			if (rand() % 50 == 0)
				assert_int_equal(seep_jit_map_settle(map), 0);
		}
		if (round % 2)
			assert_int_equal(seep_jit_map_settle(map), 0);
		for (int at = 0; at < SPACE; at++) {
			char name[16];

			snprintf(name, sizeof(name), "f%d", painted[at]);
			check_name(map, (uint64_t)at, painted[at] < 0 ? NULL : name);
		}
		seep_jit_map_free(map);
	}
}

/* However the bytes arrive, the names are the same. */
static void pieces_do_not_matter(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	(void)state;
	for (unsigned int i = 0; i < 500; i++)
		seep_buffer_printf(&text, "%x 10 function number %u\n", 0x1000 + 16 * i, i);
	for (size_t piece = 1; piece < 3000; piece += 37) {
		struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);

		assert_int_equal(feed(map, text.data, text.length, piece), 0);
		check_name(map, 0x1000, "function number 0");
		check_name(map, 0x1000 + 16 * 499 + 15, "function number 499");
		check_name(map, 0x1000 + 16 * 250, "function number 250");
		seep_jit_map_free(map);
	}
}

static void million_ranges_are_the_most(void **state)
{
	struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);
	char line[64];
	size_t most;

	(void)state;
	for (unsigned int i = 0; i < SEEP_JIT_RANGES_MAX + 3 * SEEP_JIT_RECENT_MAX; i++) {
		/* All over the place: a multiplication by an odd number is a permutation. */
		int length = snprintf(line, sizeof(line), "%x 8 f%u\n", i * 2654435761U & ~15U, i);

		assert_int_equal(feed(map, line, (size_t)length, 64), 0);
	}
	assert_int_equal(seep_jit_map_settle(map), 0);
	assert_true(seep_jit_map_is_full(map));
	check_name(map, 0, "f0");
	most = (SEEP_JIT_RANGES_MAX + 2 * SEEP_JIT_RECENT_MAX) * sizeof(struct seep_jit_range) +
	       SEEP_JIT_NAMES_MAX;
	assert_in_range(seep_jit_map_bytes(map), 1, most);
	seep_jit_map_free(map);
}

/* A program that runs for long: names of code that is gone are given up, without end. */
static void names_of_replaced_code_are_dropped(void **state)
{
	static const char stays[] = "1000 2000 stays\n";
	struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);
	char line[1100];

	(void)state;
	for (unsigned int i = 0; i < 200000; i++) { /* 200 MB of names */
		int length =
			snprintf(line, sizeof(line), "%x 8 %0999u\n", 0x1000 + 16 * (i % 100), i);

		assert_int_equal(feed(map, line, (size_t)length, sizeof(line)), 0);
		if (i == 30000) /* split by a part of the others */
			assert_int_equal(feed(map, stays, strlen(stays), sizeof(line)), 0);
	}
	assert_false(seep_jit_map_is_full(map));
	check_name(map, 0, NULL);
	check_name(map, 0x1000 + 8, "stays");
	check_name(map, 0x1000 + 16 * 100, "stays");
	snprintf(line, sizeof(line), "%0999u", 199999);
	check_name(map, 0x1000 + 16 * 99, line);
	snprintf(line, sizeof(line), "%0999u", 199900);
	check_name(map, 0x1000, line);
	assert_in_range(seep_jit_map_bytes(map), 1, SEEP_JIT_NAMES_MAX + (1 << 20));
	seep_jit_map_free(map);
}

static void names_are_capped(void **state)
{
	struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);
	char line[1100];

	(void)state;
	for (unsigned int i = 0; i < 100000; i++) {
		int length = snprintf(line, sizeof(line), "%x 10 %0999u\n", 16 * i, i);

		assert_int_equal(feed(map, line, (size_t)length, sizeof(line)), 0);
	}
	assert_true(seep_jit_map_is_full(map));
	snprintf(line, sizeof(line), "%0999u", 50000);
	check_name(map, 16 * 50000, line);
	check_name(map, 16 * 99999, NULL);
	assert_in_range(seep_jit_map_bytes(map), 1, SEEP_JIT_NAMES_MAX + (4 << 20));
	seep_jit_map_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_names_of_ranges),
		cmocka_unit_test(other_lines_are_skipped),
		cmocka_unit_test(name_ends_at_nul),
		cmocka_unit_test(long_line_is_cut),
		cmocka_unit_test(later_ranges_win),
		cmocka_unit_test(overlaps_are_as_painted),
		cmocka_unit_test(pieces_do_not_matter),
		cmocka_unit_test(million_ranges_are_the_most),
		cmocka_unit_test(names_of_replaced_code_are_dropped),
		cmocka_unit_test(names_are_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
