// SPDX-License-Identifier: GPL-2.0-only
/* What closes descriptors: seep_close_all and seep_close_later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/close.h"

/* More than there are threads. */
#define MANY 200

static void open_many(int *fds)
{
	for (size_t i = 0; i < MANY; i++) {
		fds[i] = i % 10 == 3 ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_true(fds[i] >= 0 || i % 10 == 3);
	}
}

static size_t num_open(const int *fds, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += fds[i] >= 0 && fcntl(fds[i], F_GETFD) >= 0;
	return found;
}

static size_t num_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	size_t count = 0;

	assert_non_null(tasks);
	for (const struct dirent *entry = readdir(tasks); entry; entry = readdir(tasks))
		count += entry->d_name[0] != '.';
	closedir(tasks);
	return count;
}

static void closes_all(void **state)
{
	int fds[MANY];

	(void)state;
	seep_close_all(NULL, 0);
	open_many(fds);
	seep_close_all(fds, MANY);
	assert_int_equal(num_open(fds, MANY), 0);
	open_many(fds);
	seep_close_all(fds, 1);
	assert_int_equal(num_open(fds, MANY), MANY - MANY / 10 - 1);
	seep_close_all(fds + 1, MANY - 1);
	assert_int_equal(num_open(fds, MANY), 0);
}

static void closes_later(void **state)
{
	int fds[MANY], *given;

	(void)state;
	seep_close_later(NULL, 0);
	for (size_t i = 0; i < 10; i++) {
		open_many(fds);
		given = malloc(sizeof(fds));
		assert_non_null(given);
		for (size_t j = 0; j < MANY; j++)
			given[j] = fds[j];
		seep_close_later(given, MANY);
		while (num_open(fds, MANY))
			usleep(1000);
	}
}

/* A thread that ends would close what it has last, with a SIGKILL pending (base/close.c). */
static void no_thread_ends(void **state)
{
	size_t before;
	int fds[MANY];

	(void)state;
	open_many(fds);
	seep_close_all(fds, MANY);
	before = num_threads();
	assert_true(before > 1);
	for (size_t i = 0; i < 20; i++) {
		open_many(fds);
		seep_close_all(fds, MANY);
		assert_true(num_threads() >= before);
	}
	assert_true(num_threads() <= 65);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closes_all),
		cmocka_unit_test(closes_later),
		cmocka_unit_test(no_thread_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
