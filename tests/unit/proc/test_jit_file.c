// SPDX-License-Identifier: GPL-2.0-only
/* The files are those of this process itself, with its PID in /tmp. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "proc/jit_file.h"

#define STRANGER 12345

static char map_path[64];
static char dump_path[64];

static void write_file(const char *path, const char *text)
{
	SEEP_AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void check_found(bool is_dump, const char *text)
{
	struct seep_jit_file file = {.fd = -1};
	char found[64] = "";

	assert_int_equal(seep_jit_file_open(getpid(), &file), 0);
	assert_int_equal(file.is_dump, is_dump);
	assert_int_equal(read(file.fd, found, sizeof(found) - 1), strlen(text));
	assert_string_equal(found, text);
	assert_true(fcntl(file.fd, F_GETFD) & FD_CLOEXEC);
	close(file.fd);
}

static void check_none(void)
{
	struct seep_jit_file file = {.fd = -7};

	assert_int_equal(seep_jit_file_open(getpid(), &file), -ENOENT);
	assert_int_equal(file.fd, -7);
}

static void files_are_found_in_this_order(void **state)
{
	(void)state;
	check_none();
	write_file(dump_path, "dump");
	check_found(true, "dump");
	write_file(map_path, "map");
	check_found(false, "map");
}

static void mapped_dump_is_found_wherever_it_is(void **state)
{
	char directory[] = "/tmp/seep-jit-XXXXXX", path[PATH_MAX];
	void *marker;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/jit-%d.dump", directory, (int)getpid());
	write_file(path, "mapped");
	check_none();
	fd = open(path, O_RDONLY | O_CLOEXEC);
	marker = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(marker != MAP_FAILED);
	check_none();
	assert_int_equal(mprotect(marker, 4096, PROT_READ | PROT_EXEC), 0);
	check_found(true, "mapped");
	write_file(dump_path, "in /tmp");
	check_found(true, "mapped");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(munmap(marker, 4096), 0);
	check_found(true, "in /tmp");
	close(fd);
	assert_int_equal(rmdir(directory), 0);
}

static void links_are_not_followed(void **state)
{
	char directory[] = "/tmp/seep-jit-XXXXXX", path[PATH_MAX];

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/own", directory);
	write_file(path, "mine");
	assert_int_equal(symlink(path, map_path), 0);
	assert_int_equal(symlink(path, dump_path), 0);
	check_none();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static void other_files_are_not_opened(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(map_path, 0600), 0);
	assert_int_equal(mkdir(dump_path, 0700), 0);
	check_none();
	assert_int_equal(rmdir(dump_path), 0);
}

static void files_of_others_are_not_believed(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	write_file(map_path, "strange");
	assert_int_equal(chown(map_path, STRANGER, STRANGER), 0);
	check_none();
	write_file(dump_path, "strange");
	assert_int_equal(chown(dump_path, STRANGER, (gid_t)-1), 0);
	check_none();
	/* Either user of the process will do. */
	assert_int_equal(setresuid(0, STRANGER, 0), 0);
	check_found(false, "strange");
	assert_int_equal(setresuid(STRANGER, 0, 0), 0);
	check_found(false, "strange");
	assert_int_equal(setresuid(0, 0, 0), 0);
	check_none();
}

static void gone_process_has_none(void **state)
{
	struct seep_jit_file file;

	(void)state;
	assert_int_equal(seep_jit_file_open(INT_MAX, &file), -ESRCH);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(map_path);
	unlink(dump_path);
	return 0;
}

#define TEST(function) cmocka_unit_test_teardown(function, remove_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_are_found_in_this_order),	TEST(mapped_dump_is_found_wherever_it_is),
		TEST(links_are_not_followed),		TEST(other_files_are_not_opened),
		TEST(files_of_others_are_not_believed), TEST(gone_process_has_none),
	};

	snprintf(map_path, sizeof(map_path), "/tmp/perf-%d.map", (int)getpid());
	snprintf(dump_path, sizeof(dump_path), "/tmp/jit-%d.dump", (int)getpid());
	remove_files(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
