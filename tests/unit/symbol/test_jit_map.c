// SPDX-License-Identifier: GPL-2.0-only
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
#include "seep/abi.h"
#include "symbol/jit_map.h"
#include "symbol/jit_ranges.h"
#include "symbol/jit_source.h"
#include "symbol/symbolizer.h"

#define SPACE 4096 /* addresses of the comparison with the plain way */

static struct seep_jit_map *new_map(enum seep_jit_format format)
{
	struct seep_jit_map *map;

	assert_int_equal(seep_jit_map_new(format, &map), 0);
	return map;
}

/* Takes in everything in pieces of @piece bytes, each from where the one before ended. */
static int feed(struct seep_jit_map *map, const void *bytes, size_t length, size_t piece)
{
	uint64_t position = 0;

	while (position < length) {
		size_t offered = length - position < piece ? length - position : piece;
		uint64_t used;
		int error;

		/* A copy of its own, so that the sanitizer sees a byte too far. */
		SEEP_AUTO_FREE char *copy = malloc(offered);

		memcpy(copy, (const char *)bytes + position, offered);
		error = seep_jit_map_add(map, copy, offered, &used);
		if (error)
			return error;
		position += used;
		if (used)
			continue;
		if (offered == length - position || piece > length)
			return 0; /* the rest is not whole */
		piece *= 2;
	}
	return 0;
}

static struct seep_jit_map *map_of(const char *text)
{
	struct seep_jit_map *map = new_map(SEEP_JIT_PERF_MAP);

	assert_int_equal(feed(map, text, strlen(text), SEEP_JIT_PIECE_BYTES), 0);
	assert_int_equal(seep_jit_map_settle(map), 0);
	return map;
}

static void check_name(const struct seep_jit_map *map, uint64_t address, const char *name)
{
	const char *found = seep_jit_map_find(map, address);

	if (!name)
		assert_null(found);
	else if (!found)
		fail_msg("nothing at %#llx, not %s", (unsigned long long)address, name);
	else
		assert_string_equal(found, name);
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

static void put(struct seep_buffer *dump, uint64_t value, size_t length)
{
	seep_buffer_append(dump, &value, length);
}

static void put_dump_header(struct seep_buffer *dump, uint32_t magic, uint32_t version,
			    uint32_t size)
{
	put(dump, magic, 4);
	put(dump, version, 4);
	put(dump, size, 4);
	put(dump, 62, 4); /* EM_X86_64 */
	put(dump, 0, 4);
	put(dump, 1234, 4);
	put(dump, 0x1122334455667788, 8);
	put(dump, 0, 8);
}

static void put_record(struct seep_buffer *dump, uint32_t type, size_t size)
{
	put(dump, type, 4);
	put(dump, size, 4);
	put(dump, 99, 8);
}

static void put_load(struct seep_buffer *dump, uint64_t address, uint64_t size, const char *name)
{
	put_record(dump, 0, 56 + strlen(name) + 1 + size);
	put(dump, 1234, 4);
	put(dump, 1234, 4);
	put(dump, 0xbad, 8); /* vma */
	put(dump, address, 8);
	put(dump, size, 8);
	put(dump, 1, 8);
	seep_buffer_append(dump, name, strlen(name) + 1);
	for (uint64_t i = 0; i < size; i++)
		seep_buffer_putc(dump, (char)0x90);
}

static void put_move(struct seep_buffer *dump, uint64_t from, uint64_t to, uint64_t size)
{
	put_record(dump, 1, 64);
	put(dump, 1234, 4);
	put(dump, 1234, 4);
	put(dump, to, 8);
	put(dump, from, 8);
	put(dump, to, 8);
	put(dump, size, 8);
	put(dump, 1, 8);
}

/* One of everything. */
static void put_dump(struct seep_buffer *dump)
{
	put_dump_header(dump, 0x4a695444, 1, 40);
	put_record(dump, 2, 16 + 20); /* debug information */
	put(dump, 0x1000, 8);
	put(dump, 0, 8);
	put(dump, 0, 4);
	put_load(dump, 0x1000, 0x40, "first");
	put_load(dump, 0x2000, 300000, "large");
	put_move(dump, 0x1010, 0x5000000, 0x40);
	put_move(dump, 0x7777777, 0x6000000, 0x40);
	put_load(dump, 0x1000, 0x20, "second");
	put_record(dump, 4, 16);  /* unwinding information */
	put_record(dump, 77, 16); /* of times to come */
	put_record(dump, 0, 20);  /* too short */
	put(dump, 0, 4);
	put_record(dump, 1, 20);
	put(dump, 0, 4);
	put_load(dump, 0x3000000, 0, "empty");
	put_record(dump, 3, 16); /* end */
	put_load(dump, 0x4000000, 0x10, "behind the end");
}

static void records_are_names_of_ranges(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;

	(void)state;
	put_dump(&dump);
	for (size_t piece = 1; piece < 500000; piece = 2 * piece + 13) {
		struct seep_jit_map *map = new_map(SEEP_JIT_DUMP);

		assert_int_equal(feed(map, dump.data, dump.length, piece), 0);
		check_name(map, 0x1000, "second");
		check_name(map, 0x1020, "first");
		check_name(map, 0x103f, "first");
		check_name(map, 0x1040, NULL);
		check_name(map, 0x2000 + 299999, "large");
		check_name(map, 0x5000000, "first");
		check_name(map, 0x500003f, "first");
		check_name(map, 0x6000000, NULL);
		check_name(map, 0x3000000, NULL);
		check_name(map, 0x4000000, "behind the end");
		check_name(map, 0xbad, NULL);
		seep_jit_map_free(map);
	}
}

static void other_dumps_are_refused(void **state)
{
	static const uint32_t headers[][3] = {
		{0x4454694a, 1, 40}, /* big-endian */
		{0x4a695444, 2, 40},
		{0x4a695444, 1, 39},
		{0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
		struct seep_jit_map *map = new_map(SEEP_JIT_DUMP);

		put_dump_header(&dump, headers[i][0], headers[i][1], headers[i][2]);
		put_load(&dump, 0x1000, 0x40, "first");
		assert_int_equal(feed(map, dump.data, dump.length, 1000), -EINVAL);
		check_name(map, 0x1000, NULL);
		seep_jit_map_free(map);
	}
}

static void broken_record_ends_the_dump(void **state)
{
	for (uint32_t size = 1; size < 16; size++) {
		SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
		struct seep_jit_map *map = new_map(SEEP_JIT_DUMP);

		put_dump_header(&dump, 0x4a695444, 1, 40);
		put_load(&dump, 0x1000, 0x40, "first");
		put_record(&dump, 0, size);
		put_load(&dump, 0x2000, 0x40, "second");
		assert_int_equal(feed(map, dump.data, dump.length, 1000), -EINVAL);
		check_name(map, 0x1000, "first");
		check_name(map, 0x2000, NULL);
		seep_jit_map_free(map);
	}
	(void)state;
}

/* What is not written yet stops it, and is taken in when it is there. */
static void rest_of_a_record_is_waited_for(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
	uint64_t used;

	(void)state;
	put_load(&dump, 0x1000, 0x40, "name");
	for (size_t length = 0; length < dump.length; length++) {
		SEEP_AUTO_BUFFER struct seep_buffer start = SEEP_BUFFER_INIT;
		struct seep_jit_map *map = new_map(SEEP_JIT_DUMP);

		put_dump_header(&start, 0x4a695444, 1, 40);
		assert_int_equal(seep_jit_map_add(map, start.data, start.length, &used), 0);
		assert_int_equal(used, 40);
		assert_int_equal(seep_jit_map_add(map, dump.data, length, &used), 0);
		/* With the end of the name there is all that is needed. */
		assert_int_equal(used, length < 56 + sizeof("name") ? 0 : dump.length);
		check_name(map, 0x1000, used ? "name" : NULL);
		seep_jit_map_free(map);
	}
}

static void name_without_end_is_none(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
	struct seep_jit_map *map = new_map(SEEP_JIT_DUMP);

	(void)state;
	put_dump_header(&dump, 0x4a695444, 1, 40);
	put_load(&dump, 0x1000, 0x10, "name");
	dump.data[40 + 56 + 4] = 'x';
	put_load(&dump, 0x2000, 0x10, "good");
	assert_int_equal(feed(map, dump.data, dump.length, 1000), 0);
	check_name(map, 0x1000, NULL);
	check_name(map, 0x2000, "good");
	seep_jit_map_free(map);
}

static void moves_are_capped(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
	struct seep_jit_map *map = new_map(SEEP_JIT_DUMP);

	(void)state;
	put_dump_header(&dump, 0x4a695444, 1, 40);
	put_load(&dump, 0x1000, 0x10, "name");
	for (uint64_t i = 0; i < 70000; i++)
		put_move(&dump, 0x1000 + 32 * i, 0x1020 + 32 * i, 0x10);
	assert_int_equal(feed(map, dump.data, dump.length, SEEP_JIT_PIECE_BYTES), 0);
	assert_true(seep_jit_map_is_full(map));
	check_name(map, 0x1000 + 32 * 65536, "name");
	check_name(map, 0x1000 + 32 * 65537, NULL);
	seep_jit_map_free(map);
}

static void flip_and_feed(enum seep_jit_format format, const struct seep_buffer *good)
{
	SEEP_AUTO_FREE char *bytes = malloc(good->length);

	for (int round = 0; round < 3000; round++) {
		struct seep_jit_map *map = new_map(format);
		size_t length = good->length - (size_t)rand() % (round % 2 ? good->length : 1);
		int error;

		memcpy(bytes, good->data, good->length);
		for (int i = rand() % 8; i >= 0; i--)
			bytes[(size_t)rand() % good->length] = (char)rand();
		error = feed(map, bytes, length, 1 + (size_t)rand() % good->length);
		assert_true(error == 0 || error == -EINVAL);
		assert_int_equal(seep_jit_map_settle(map), 0);
		for (uint64_t address = 0; address < 0x4000; address += 8)
			(void)seep_jit_map_find(map, address);
		seep_jit_map_free(map);
	}
}

static void nothing_breaks_it(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	(void)state;
	srand(11);
	put_dump_header(&dump, 0x4a695444, 1, 40);
	for (unsigned int i = 0; i < 20; i++) {
		put_load(&dump, 0x1000 + 16 * i, 24, "a function");
		put_move(&dump, 0x1000 + 16 * i, 0x1000 + 16 * (i * 7 % 20), 24);
		seep_buffer_printf(&text, "%x 18 function %u\n", 0x1000 + 16 * i, i);
	}
	flip_and_feed(SEEP_JIT_DUMP, &dump);
	flip_and_feed(SEEP_JIT_PERF_MAP, &text);
	flip_and_feed(SEEP_JIT_DUMP, &text);
	flip_and_feed(SEEP_JIT_PERF_MAP, &dump);
}

#define FILE_NAME "test_jit_map.tmp"

static void write_file(const char *text, int flags)
{
	SEEP_AUTO_CLOSE int fd = open(FILE_NAME, O_WRONLY | O_CREAT | flags, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static struct seep_jit_source *open_source(enum seep_jit_format format)
{
	struct seep_jit_source *source;
	int fd = open(FILE_NAME, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(seep_jit_source_new(fd, format, &source), 0);
	return source;
}

static void check_source(struct seep_jit_source *source, uint64_t address, const char *name)
{
	const char *found;

	assert_int_equal(seep_jit_source_read(source), 0);
	found = seep_jit_source_find(source, address);
	if (name) {
		assert_non_null(found);
		assert_string_equal(found, name);
	} else {
		assert_null(found);
	}
}

static void file_is_read_as_it_grows(void **state)
{
	struct seep_jit_source *source;

	(void)state;
	write_file("", O_TRUNC);
	source = open_source(SEEP_JIT_PERF_MAP);
	check_source(source, 0x1000, NULL);
	write_file("1000 10 one\n2000 10 tw", O_APPEND);
	check_source(source, 0x1000, "one");
	check_source(source, 0x2000, NULL);
	write_file("o\n", O_APPEND);
	check_source(source, 0x2000, "two");
	check_source(source, 0x1000, "one");
	assert_false(seep_jit_source_is_deleted(source));
	unlink(FILE_NAME);
	assert_true(seep_jit_source_is_deleted(source));
	check_source(source, 0x1000, "one");
	seep_jit_source_free(source);
}

static void file_that_is_written_anew_is_another(void **state)
{
	struct seep_jit_source *source;

	(void)state;
	write_file("1000 10 one\n2000 10 two\n", O_TRUNC);
	source = open_source(SEEP_JIT_PERF_MAP);
	check_source(source, 0x1000, "one");
	write_file("1000 10 three\n", O_TRUNC); /* shorter */
	check_source(source, 0x1000, "three");
	check_source(source, 0x2000, NULL);
	write_file("3000 10 four, at greater length\n5000 10 five\n", O_TRUNC);
	check_source(source, 0x1000, NULL);
	check_source(source, 0x3000, "four, at greater length");
	seep_jit_source_free(source);
	unlink(FILE_NAME);
}

static void append_bytes(const struct seep_buffer *bytes, size_t from, size_t to)
{
	SEEP_AUTO_CLOSE int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_int_equal(write(fd, bytes->data + from, to - from), to - from);
}

static void dump_is_read_as_it_grows(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
	struct seep_jit_source *source;

	(void)state;
	put_dump(&dump);
	unlink(FILE_NAME);
	append_bytes(&dump, 0, 20);
	source = open_source(SEEP_JIT_DUMP);
	check_source(source, 0x1000, NULL);
	append_bytes(&dump, 20, 100000); /* within the code of "large" */
	check_source(source, 0x1000, "first");
	check_source(source, 0x2000, "large");
	append_bytes(&dump, 100000, dump.length);
	check_source(source, 0x1000, "second");
	check_source(source, 0x4000000, "behind the end");
	/* Broken, then another one. */
	write_file("no jitdump, but as long as a header is", O_TRUNC);
	check_source(source, 0x1000, NULL);
	unlink(FILE_NAME);
	seep_jit_source_free(source);
}

static void broken_dump_is_left_alone(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;
	struct seep_jit_source *source;

	(void)state;
	write_file("this is no jitdump, but as long as a header is", O_TRUNC);
	source = open_source(SEEP_JIT_DUMP);
	assert_int_equal(seep_jit_source_read(source), -EINVAL);
	assert_int_equal(seep_jit_source_read(source), -EINVAL);
	put_dump(&dump);
	put_record(&dump, 0, 1);
	assert_int_equal(truncate(FILE_NAME, 0), 0);
	append_bytes(&dump, 0, dump.length);
	assert_int_equal(seep_jit_source_read(source), -EINVAL);
	check_source(source, 0x1000, "second"); /* what is before stays */
	dump.data[24] ^= 1;			/* the time of another one */
	assert_int_equal(truncate(FILE_NAME, 0), 0);
	append_bytes(&dump, 0, dump.length - 16);
	check_source(source, 0x1000, "second");
	check_source(source, 0x4000000, "behind the end");
	unlink(FILE_NAME);
	seep_jit_source_free(source);
}

/* A file of 1 TiB that holds nothing takes a bounded time. */
static void hole_is_not_read_to_its_end(void **state)
{
	static const enum seep_jit_format formats[] = {SEEP_JIT_PERF_MAP, SEEP_JIT_DUMP};
	SEEP_AUTO_BUFFER struct seep_buffer dump = SEEP_BUFFER_INIT;

	(void)state;
	put_dump_header(&dump, 0x4a695444, 1, 40);
	put_load(&dump, 0x1000, 0x10, "name");
	for (size_t i = 0; i < 2; i++) {
		struct seep_jit_source *source;

		unlink(FILE_NAME);
		append_bytes(&dump, 0, dump.length);
		assert_int_equal(truncate(FILE_NAME, 1LL << 40), 0);
		source = open_source(formats[i]);
		check_source(source, 0x1000, formats[i] == SEEP_JIT_DUMP ? "name" : NULL);
		seep_jit_source_free(source);
	}
	unlink(FILE_NAME);
}

static void check_frame(struct seep_symbolizer *symbolizer, uint32_t process, uint64_t address,
			const char *name)
{
	const struct seep_location *location =
		seep_symbolizer_resolve(symbolizer, process, SEEP_FRAME_RAW | address);

	assert_int_equal(location->offset, address);
	assert_int_equal(location->num_lines, 1);
	assert_null(location->build_id);
	assert_null(location->lines[0].source);
	if (!name) {
		assert_null(location->module);
		assert_null(location->lines[0].function);
		return;
	}
	assert_string_equal(location->module, SEEP_JIT_MODULE);
	assert_string_equal(location->lines[0].function, name);
	assert_ptr_equal(location,
			 seep_symbolizer_resolve(symbolizer, process, SEEP_FRAME_RAW | address));
}

static void set_source(struct seep_symbolizer *symbolizer, uint32_t process)
{
	assert_int_equal(
		seep_symbolizer_set_jit(symbolizer, process, open_source(SEEP_JIT_PERF_MAP)), 0);
}

static void frames_belong_to_their_process(void **state)
{
	struct seep_symbolizer *symbolizer;

	(void)state;
	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	assert_true(seep_symbolizer_lacks_jit(symbolizer, 1));
	check_frame(symbolizer, 1, 0x1000, NULL);
	write_file("1000 10 one\n", O_TRUNC);
	set_source(symbolizer, 1);
	check_frame(symbolizer, 1, 0x1000, "one");
	check_frame(symbolizer, 2, 0x1000, NULL);
	unlink(FILE_NAME);
	assert_true(seep_symbolizer_lacks_jit(symbolizer, 1));
	write_file("1000 10 two\n", O_TRUNC);
	set_source(symbolizer, 2);
	assert_false(seep_symbolizer_lacks_jit(symbolizer, 2));
	check_frame(symbolizer, 1, 0x1000, "one");
	check_frame(symbolizer, 2, 0x1000, "two");
	check_frame(symbolizer, 3, 0x1000, NULL);
	unlink(FILE_NAME);
	seep_symbolizer_free(symbolizer);
}

static void file_is_read_once_per_report(void **state)
{
	struct seep_symbolizer *symbolizer;

	(void)state;
	assert_int_equal(seep_symbolizer_new(&symbolizer), 0);
	write_file("1000 10 one\n", O_TRUNC);
	set_source(symbolizer, 1);
	check_frame(symbolizer, 1, 0x1000, "one");
	write_file("1000 10 changed\n2000 10 two\n", O_APPEND);
	check_frame(symbolizer, 1, 0x2000, NULL);
	seep_symbolizer_begin_report(symbolizer);
	check_frame(symbolizer, 1, 0x2000, "two");
	check_frame(symbolizer, 1, 0x1000, "one"); /* as it was when it was first seen */
	check_frame(symbolizer, 1, 0x1001, "changed");
	seep_symbolizer_drop_jit(symbolizer, 1);
	seep_symbolizer_drop_jit(symbolizer, 7);
	seep_symbolizer_begin_report(symbolizer);
	check_frame(symbolizer, 1, 0x2000, "two");
	check_frame(symbolizer, 1, 0x2001, NULL);
	assert_false(seep_symbolizer_jit_is_full(symbolizer, 1));
	unlink(FILE_NAME);
	seep_symbolizer_free(symbolizer);
}

static int enter_directory(void **state)
{
	static char name[] = "/tmp/seep-jit-XXXXXX";

	*state = name;
	return mkdtemp(name) && chdir(name) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	return chdir("/") || rmdir(*state);
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
		cmocka_unit_test(records_are_names_of_ranges),
		cmocka_unit_test(other_dumps_are_refused),
		cmocka_unit_test(broken_record_ends_the_dump),
		cmocka_unit_test(rest_of_a_record_is_waited_for),
		cmocka_unit_test(name_without_end_is_none),
		cmocka_unit_test(moves_are_capped),
		cmocka_unit_test(nothing_breaks_it),
		cmocka_unit_test(file_is_read_as_it_grows),
		cmocka_unit_test(file_that_is_written_anew_is_another),
		cmocka_unit_test(dump_is_read_as_it_grows),
		cmocka_unit_test(broken_dump_is_left_alone),
		cmocka_unit_test(hole_is_not_read_to_its_end),
		cmocka_unit_test(frames_belong_to_their_process),
		cmocka_unit_test(file_is_read_once_per_report),
	};

	return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
