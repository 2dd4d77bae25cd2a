// SPDX-License-Identifier: GPL-2.0-only
/* Maps that are made of jitdump files, whole and broken. */
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
#include "jit_dump.h"
#include "jit_feed.h"
#include "symbol/jit_ranges.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_names_of_ranges),
		cmocka_unit_test(other_dumps_are_refused),
		cmocka_unit_test(broken_record_ends_the_dump),
		cmocka_unit_test(rest_of_a_record_is_waited_for),
		cmocka_unit_test(name_without_end_is_none),
		cmocka_unit_test(moves_are_capped),
		cmocka_unit_test(nothing_breaks_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
