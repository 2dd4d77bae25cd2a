// SPDX-License-Identifier: GPL-2.0-only
/* Files as a JVM writes them, and files that only look so. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/hsperf.h"

#define PROLOGUE 32
#define ENTRY	 20

struct file {
	unsigned char bytes[4096];
	size_t size;
};

static void put32(struct file *file, size_t offset, int32_t value)
{
	memcpy(file->bytes + offset, &value, sizeof(value));
}

static void begin(struct file *file)
{
	*file = (struct file){.size = PROLOGUE};
	memcpy(file->bytes, "\xca\xfe\xc0\xc0\x01\x02\x00\x01", 8);
	put32(file, 24, PROLOGUE);
}

static void add(struct file *file, const char *name, char type, const void *data, size_t length)
{
	size_t entry = file->size;
	size_t data_offset = (ENTRY + strlen(name) + 1 + 7) / 8 * 8;
	int32_t number;

	put32(file, entry, (int32_t)((data_offset + length + 7) / 8 * 8));
	put32(file, entry + 4, ENTRY);
	put32(file, entry + 8, type == 'B' ? (int32_t)length : 0);
	file->bytes[entry + 12] = (unsigned char)type;
	put32(file, entry + 16, (int32_t)data_offset);
	memcpy(file->bytes + entry + ENTRY, name, strlen(name) + 1);
	memcpy(file->bytes + entry + data_offset, data, length);
	file->size += (data_offset + length + 7) / 8 * 8;
	memcpy(&number, file->bytes + 28, sizeof(number));
	put32(file, 28, number + 1);
}

static void add_collector(struct file *file, int number, const char *name, uint64_t invocations)
{
	char key[64];

	snprintf(key, sizeof(key), "sun.gc.collector.%d.name", number);
	add(file, key, 'B', name, strlen(name) + 1);
	snprintf(key, sizeof(key), "sun.gc.collector.%d.invocations", number);
	add(file, key, 'J', &invocations, sizeof(invocations));
}

static uint64_t collections_of(const struct file *file)
{
	uint64_t collections = 999;

	assert_int_equal(seep_hsperf_parse(file->bytes, file->size, &collections), 0);
	return collections;
}

static void collections_of_the_whole_heap_count(void **state)
{
	struct file file;

	(void)state;
	begin(&file);
	add(&file, "java.property.java.version", 'B', "17", 3);
	add_collector(&file, 0, "G1 incremental collections", 70);
	add_collector(&file, 1, "G1 stop-the-world full collections", 3);
	add_collector(&file, 2, "G1 stop-the-world phases", 8);
	assert_int_equal(collections_of(&file), 3 + 8 / 2);

	begin(&file);
	add_collector(&file, 0, "PSScavenge", 70);
	add_collector(&file, 1, "PSParallelCompact", 5);
	assert_int_equal(collections_of(&file), 5);

	begin(&file);
	add_collector(&file, 0, "Copy", 70);
	add_collector(&file, 1, "MSC", 2);
	assert_int_equal(collections_of(&file), 2);
}

static void what_is_no_such_file_is_refused(void **state)
{
	struct file file;
	uint64_t collections = 999;

	(void)state;
	begin(&file);
	assert_int_equal(seep_hsperf_parse(file.bytes, file.size, &collections), -EINVAL);
	add_collector(&file, 1, "MSC", 2);
	file.bytes[0] = 0;
	assert_int_equal(seep_hsperf_parse(file.bytes, file.size, &collections), -EINVAL);
	assert_int_equal(seep_hsperf_parse(file.bytes, 7, &collections), -EINVAL);
	assert_int_equal(collections, 999);
}

/* Nothing outside is read, whatever the numbers say; the sanitizer would see it. */
static void damaged_files_do_no_harm(void **state)
{
	struct file file;
	uint64_t collections;

	(void)state;
	for (unsigned int seed = 1; seed < 20000; seed++) {
		unsigned char *copy;
		size_t size;

		begin(&file);
		add_collector(&file, 0, "Copy", 70);
		add_collector(&file, 1, "MSC", 2);
		srand(seed);
		for (int i = 0; i < 3; i++) {
			size_t at = (size_t)rand() % file.size;

			file.bytes[at] = rand() % 2 ? 0xff : (unsigned char)rand();
		}
		size = seed % 2 ? file.size : (size_t)rand() % file.size;
		/* Of exactly this size, so that one byte further is seen. */
		copy = malloc(size + !size);
		assert_non_null(copy);
		memcpy(copy, file.bytes, size);
		seep_hsperf_parse(copy, size, &collections);
		free(copy);
	}
}

/* That of this process itself, for which it plays a JVM. */
static void the_file_is_found_below_tmp(void **state)
{
	char directory[64], path[96];
	uint64_t collections = 999;
	struct file file;
	FILE *stream;

	(void)state;
	assert_int_equal(seep_hsperf_read(getpid(), &collections), -ENOENT);
	snprintf(directory, sizeof(directory), "/tmp/hsperfdata_seep-test-%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/%d", directory, (int)getpid());
	assert_int_equal(mkdir(directory, 0700), 0);
	begin(&file);
	add_collector(&file, 1, "MSC", 2);
	stream = fopen(path, "w");
	assert_non_null(stream);
	assert_int_equal(fwrite(file.bytes, file.size, 1, stream), 1);
	fclose(stream);
	assert_int_equal(seep_hsperf_read(getpid(), &collections), 0);
	assert_int_equal(collections, 2);
	assert_int_equal(truncate(path, 2 * SEEP_HSPERF_BYTES_MAX), 0);
	assert_int_equal(seep_hsperf_read(getpid(), &collections), -EFBIG);
	unlink(path);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collections_of_the_whole_heap_count),
		cmocka_unit_test(what_is_no_such_file_is_refused),
		cmocka_unit_test(damaged_files_do_no_harm),
		cmocka_unit_test(the_file_is_found_below_tmp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
