/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs for the tests that read ELF files: compiled when the test runs, in a directory of its
 * own. A command that fails, fails the test; what is not installed is asked for with have().
 */
#ifndef SEEP_TESTS_COMPILE_H
#define SEEP_TESTS_COMPILE_H

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Makes an empty directory and goes there. */
static inline void enter_directory(char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/tmp/seep-test-XXXXXX");
	assert_non_null(mkdtemp(path));
	assert_int_equal(chdir(path), 0);
}

static inline void remove_directory(const char *path)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(system(command), 0);
}

static inline __attribute__((format(printf, 1, 2))) void shell(const char *format, ...)
{
	char command[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	/* The compiler must not inherit the sanitizers' view of a leak in itself. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	if (system(command) != 0)
		fail_msg("failed: %s", command);
}

static inline bool have(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", tool);
	return system(command) == 0;
}

static inline void write_bytes(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *path, const char *text)
{
	write_bytes(path, text, strlen(text));
}

/* The whole file; the caller frees it. */
static inline uint8_t *read_bytes(const char *path, size_t *ret_length)
{
	FILE *file = fopen(path, "r");
	struct stat status;
	uint8_t *bytes;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	bytes = malloc((size_t)status.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)status.st_size, file), status.st_size);
	fclose(file);
	*ret_length = (size_t)status.st_size;
	return bytes;
}

#endif
