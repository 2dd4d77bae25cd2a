/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Golden files: what a report looked like when somebody last read it. A difference fails the test
 * and is printed; with SEEP_GOLDEN_UPDATE=1 it is printed and becomes the new golden file.
 */
#ifndef TESTS_UNIT_REPORT_GOLDEN_H
#define TESTS_UNIT_REPORT_GOLDEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "report/report.h"

#define GOLDEN_MAX_BYTES (16UL << 20)

static inline void golden_print_difference(const char *golden, const char *actual)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		execlp("diff", "diff", "-u", "-N", "-a", golden, actual, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
}

/* Compares @bytes with tests/golden/@name; the present directory is that of the Makefile. */
static inline void golden_assert(const char *name, const char *bytes, size_t length)
{
	SEEP_AUTO_BUFFER struct seep_buffer expected = SEEP_BUFFER_INIT;
	char golden[256], actual[256];
	bool update = getenv("SEEP_GOLDEN_UPDATE") != NULL;
	bool equal;

	snprintf(golden, sizeof(golden), "tests/golden/%s", name);
	snprintf(actual, sizeof(actual), "/tmp/seep-golden-%d-%s", (int)getpid(), name);
	equal = seep_file_read_at(AT_FDCWD, golden, GOLDEN_MAX_BYTES, &expected) == 0 &&
		expected.length == length && memcmp(expected.data, bytes, length) == 0;
	if (equal)
		return;
	assert_int_equal(seep_file_write(actual, bytes, length), 0);
	golden_print_difference(golden, actual);
	unlink(actual);
	if (update)
		assert_int_equal(seep_file_write(golden, bytes, length), 0);
	else
		fail_msg("%s differs; SEEP_GOLDEN_UPDATE=1 accepts it", golden);
}

/* Renders @snapshot and compares. */
static inline void golden_assert_report(const char *name, const struct seep_report_format *format,
					const struct seep_snapshot *snapshot,
					const struct seep_report_options *options)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	assert_int_equal(format->render(snapshot, NULL, options, &buffer), 0);
	golden_assert(name, buffer.data, buffer.length);
}

#endif
