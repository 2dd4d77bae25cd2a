// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffers: growth, the first error that stays, and sinks that take what is full.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"

static void empty_buffer_is_an_empty_string(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer;

	(void)state;
	seep_buffer_init(&buffer);
	assert_string_equal(buffer.data, "");
	assert_int_equal(buffer.length, 0);

	seep_buffer_append(&buffer, NULL, 0);
	seep_buffer_puts(&buffer, "");
	seep_buffer_printf(&buffer, "%s", "");
	assert_string_equal(buffer.data, "");
	assert_int_equal(buffer.length, 0);
	assert_int_equal(buffer.error, 0);
}

static void zeroed_buffer_works(void **state)
{
	struct seep_buffer unused = {0};
	struct seep_buffer used = {0};

	(void)state;
	seep_buffer_done(&unused);
	seep_buffer_puts(&used, "abc");
	assert_string_equal(used.data, "abc");
	seep_buffer_done(&used);
}

static void append_keeps_every_byte(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	size_t length = 0;

	(void)state;
	/* Pieces of every size up to 300 cross the end of the memory at every distance. */
	for (size_t size = 0; size < 300; size++) {
		unsigned char piece[300];

		for (size_t i = 0; i < size; i++)
			piece[i] = (unsigned char)(length + i);
		seep_buffer_append(&buffer, piece, size);
		length += size;
		assert_int_equal(buffer.length, length);
		assert_int_equal(buffer.data[length], '\0');
		assert_true(buffer.capacity > length || length == 0);
	}
	for (size_t i = 0; i < length; i++)
		assert_int_equal((unsigned char)buffer.data[i], i & 0xff);
}

static void printf_grows_as_needed(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	(void)state;
	seep_buffer_putc(&buffer, '<');
	seep_buffer_printf(&buffer, "%0500d", 7);
	seep_buffer_putc(&buffer, '>');
	assert_int_equal(buffer.length, 502);
	assert_int_equal(buffer.data[0], '<');
	assert_int_equal(buffer.data[500], '7');
	assert_string_equal(buffer.data + 501, ">");

	/* Exactly the memory that is there, and one byte more. */
	for (size_t gap = 1; gap < 3; gap++) {
		size_t room = buffer.capacity - buffer.length - gap;
		size_t before = buffer.length;

		seep_buffer_printf(&buffer, "%*s", (int)room, "x");
		assert_int_equal(buffer.length, before + room);
		assert_int_equal(buffer.data[buffer.length - 1], 'x');
		seep_buffer_puts(&buffer, "yz");
		assert_string_equal(buffer.data + before + room, "yz");
	}
}

static void first_error_stays(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	(void)state;
	seep_buffer_puts(&buffer, "kept");
	seep_buffer_append(&buffer, "x", SEEP_BUFFER_MAX);
	assert_int_equal(buffer.error, -E2BIG);

	seep_buffer_puts(&buffer, "lost");
	seep_buffer_printf(&buffer, "%d", 1);
	seep_buffer_putc(&buffer, '2');
	assert_string_equal(buffer.data, "kept");
	assert_int_equal(buffer.length, 4);
	assert_int_equal(buffer.error, -E2BIG);
	assert_null(seep_buffer_take(&buffer));
	assert_string_equal(buffer.data, "kept");

	seep_buffer_reset(&buffer);
	assert_int_equal(buffer.error, 0);
	seep_buffer_puts(&buffer, "again");
	assert_string_equal(buffer.data, "again");
}

static void reset_keeps_the_memory(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	size_t capacity;

	(void)state;
	seep_buffer_reset(&buffer);
	seep_buffer_printf(&buffer, "%1000d", 1);
	capacity = buffer.capacity;
	seep_buffer_reset(&buffer);
	assert_int_equal(buffer.capacity, capacity);
	assert_int_equal(buffer.length, 0);
	assert_string_equal(buffer.data, "");
}

static void truncate_only_cuts(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	(void)state;
	seep_buffer_truncate(&buffer, 0);
	seep_buffer_truncate(&buffer, 5);
	assert_int_equal(buffer.length, 0);
	seep_buffer_puts(&buffer, "abcdef");
	seep_buffer_truncate(&buffer, 7);
	assert_string_equal(buffer.data, "abcdef");
	seep_buffer_truncate(&buffer, 2);
	assert_string_equal(buffer.data, "ab");
	seep_buffer_puts(&buffer, "x");
	assert_string_equal(buffer.data, "abx");
}

static void take_leaves_an_empty_buffer(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *nothing = NULL;
	SEEP_AUTO_FREE char *text = NULL;

	(void)state;
	nothing = seep_buffer_take(&buffer);
	assert_string_equal(nothing, "");
	nothing[0] = 'w'; /* memory of its own, not the empty literal */

	seep_buffer_puts(&buffer, "text");
	text = seep_buffer_take(&buffer);
	assert_string_equal(text, "text");
	assert_int_equal(buffer.length, 0);
	assert_string_equal(buffer.data, "");
	seep_buffer_puts(&buffer, "next");
	assert_string_equal(text, "text");
}

struct sink {
	struct seep_buffer seen;
	size_t pieces;
	size_t largest;
	int fail_at; /* piece, from 1; 0: never */
};

static int take_piece(void *context, const void *bytes, size_t length)
{
	struct sink *sink = context;

	sink->pieces++;
	if (length > sink->largest)
		sink->largest = length;
	if ((int)sink->pieces == sink->fail_at)
		return -ENOSPC;
	seep_buffer_append(&sink->seen, bytes, length);
	return 0;
}

static void sink_gets_everything_in_order(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer expected = SEEP_BUFFER_INIT;
	struct sink sink = {.seen = SEEP_BUFFER_INIT};

	(void)state;
	seep_buffer_set_sink(&buffer, take_piece, &sink);
	for (int i = 0; i < 200000; i++) {
		seep_buffer_printf(&buffer, "%d,", i);
		seep_buffer_puts(&buffer, "x");
		seep_buffer_printf(&expected, "%d,x", i);
	}
	assert_int_equal(seep_buffer_flush(&buffer), 0);
	assert_true(sink.pieces > 3);
	assert_true(sink.largest <= SEEP_BUFFER_PIECE);
	assert_int_equal(sink.seen.length, expected.length);
	assert_memory_equal(sink.seen.data, expected.data, expected.length);
	seep_buffer_done(&sink.seen);
}

static void sink_failure_is_kept(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	struct sink sink = {.seen = SEEP_BUFFER_INIT, .fail_at = 2};

	(void)state;
	seep_buffer_set_sink(&buffer, take_piece, &sink);
	for (int i = 0; i < 300000; i++)
		seep_buffer_puts(&buffer, "0123456789");
	assert_int_equal(seep_buffer_flush(&buffer), -ENOSPC);
	assert_int_equal(buffer.error, -ENOSPC);
	assert_int_equal(sink.pieces, 2);
	seep_buffer_done(&sink.seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_buffer_is_an_empty_string),
		cmocka_unit_test(zeroed_buffer_works),
		cmocka_unit_test(append_keeps_every_byte),
		cmocka_unit_test(printf_grows_as_needed),
		cmocka_unit_test(first_error_stays),
		cmocka_unit_test(reset_keeps_the_memory),
		cmocka_unit_test(truncate_only_cuts),
		cmocka_unit_test(take_leaves_an_empty_buffer),
		cmocka_unit_test(sink_gets_everything_in_order),
		cmocka_unit_test(sink_failure_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
