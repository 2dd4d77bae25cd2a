// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file in which a process names its code, while it grows, and the frames that get names from
 * it.
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
#include "jit_dump.h"
#include "seep/abi.h"
#include "symbol/jit_source.h"
#include "symbol/symbolizer.h"

#define FILE_NAME "test_jit_source.tmp"

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
