// SPDX-License-Identifier: GPL-2.0-only
/* Lookups name by name, and what of others is refused on the way to an output file. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/output_path.h"
#include "compile.h"

#define STRANGER 12345

static char directory[PATH_MAX];

static int setup(void **state)
{
	(void)state;
	enter_directory(directory);
	shell("mkdir -p inside/deep shared && chmod 1777 shared && echo text > inside/deep/file && "
	      "ln -s /deep/file inside/absolute && ln -s ../../../../deep/file inside/deep/up && "
	      "ln -s loop inside/loop && ln -s deep inside/dir && mkfifo inside/fifo");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_directory(directory);
	return 0;
}

static void check_file(int root, const char *path, const char *expected)
{
	SEEP_CLEANUP(seep_lookup_done) struct seep_lookup found = SEEP_LOOKUP_INIT;
	SEEP_AUTO_CLOSE int fd = -1;
	char text[64] = "";

	assert_int_equal(seep_lookup_path(root, path, NULL, NULL, &found), 0);
	assert_non_null(found.name);
	fd = seep_lookup_reopen(found.file, O_RDONLY);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, expected);
}

static int look(int root, const char *path)
{
	struct seep_lookup found = SEEP_LOOKUP_INIT;
	int error = seep_lookup_path(root, path, NULL, NULL, &found);

	if (error)
		assert_int_equal(found.file, -1);
	seep_lookup_done(&found);
	return error;
}

static void other_roots_are_not_left(void **state)
{
	SEEP_AUTO_CLOSE int root = open("inside", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(root >= 0);
	check_file(root, "/deep/file", "text\n");
	check_file(root, "deep//./file", "text\n");
	check_file(root, "/absolute", "text\n");
	check_file(root, "/deep/up", "text\n");
	check_file(root, "/../../dir/../dir/file", "text\n");
	assert_int_equal(look(root, "/etc/passwd"), -ENOENT);
	assert_int_equal(look(root, "/loop"), -ELOOP);
	assert_int_equal(look(root, "/deep/file/more"), -ENOTDIR);
	assert_int_equal(look(root, "/fifo"), 0); /* not opened, so nothing waits */
	shell("ln -s /proc inside/proc; ln -s %s/inside/deep/file inside/host", directory);
	assert_int_equal(look(root, "/host"), -ENOENT);
}

static void our_own_paths(void **state)
{
	struct seep_lookup found = SEEP_LOOKUP_INIT;
	char path[PATH_MAX + 32];

	(void)state;
	check_file(-1, "inside/dir/file", "text\n");
	snprintf(path, sizeof(path), "%s/inside/dir/../deep/file", directory);
	check_file(-1, path, "text\n");
	assert_int_equal(look(-1, ""), -ENOENT);
	assert_int_equal(look(-1, "missing/file"), -ENOENT);
	assert_int_equal(look(-1, "missing/"), -ENOENT);
	assert_int_equal(look(-1, "inside/deep/file/"), -ENOTDIR);
	assert_int_equal(look(-1, "/proc/self/fd/0"), 0);
	assert_int_equal(seep_lookup_path(-1, "inside/new", NULL, NULL, &found), 0);
	assert_int_equal(found.file, -1);
	assert_string_equal(found.name, "new");
	seep_lookup_done(&found);
	assert_int_equal(seep_lookup_path(-1, "/", NULL, NULL, &found), 0);
	assert_null(found.name);
	assert_true(S_ISDIR(found.status.st_mode));
	seep_lookup_done(&found);
}

static void long_ways_end(void **state)
{
	char path[PATH_MAX + 2];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(look(-1, path), -ENAMETOOLONG);
	path[300] = '\0';
	assert_int_equal(look(-1, path), -ENAMETOOLONG);
	shell("p=many; for i in $(seq 140); do p=$p/d; done; mkdir -p $p");
	strcpy(path, "many");
	for (int i = 0; i < 140; i++)
		strcat(path, "/d");
	assert_int_equal(look(-1, path), -ELOOP);
	/* Links that grow the path. */
	shell("ln -s grow/grow/grow/grow grow");
	assert_int_equal(look(-1, "grow"), -ELOOP);
}

static int find(const char *path)
{
	struct seep_lookup found = SEEP_LOOKUP_INIT;
	int error = seep_output_path_find(path, &found);

	seep_lookup_done(&found);
	return error;
}

static void things_of_others_are_refused(void **state)
{
	SEEP_AUTO_CLOSE int fd = -1;

	(void)state;
	if (geteuid() != 0)
		skip();
	shell("cd shared && echo own > own && echo theirs > theirs && mkfifo fifo && mkdir dir && "
	      "ln -s own own_link && ln -s own link && ln -s /nowhere dangling && ln -s . here && "
	      "ln ../inside/deep/file second && chown -h %d theirs fifo link dangling here dir",
	      STRANGER);
	assert_int_equal(find("shared/own"), 0);
	assert_int_equal(find("shared/own_link"), 0);
	assert_int_equal(find("shared/new"), 0);
	assert_int_equal(find("shared/dir/new"), 0);
	assert_int_equal(find("shared/theirs"), -SEEP_EFOREIGN);
	assert_int_equal(find("shared/fifo"), -SEEP_EFOREIGN);
	assert_int_equal(find("shared/link"), -SEEP_EFOREIGN);
	assert_int_equal(find("shared/dangling"), -SEEP_EFOREIGN);
	assert_int_equal(find("shared/here/own"), -SEEP_EFOREIGN);
	assert_int_equal(find("shared/second"), -SEEP_EFOREIGN);
	/* The owner of the directory may put there what it likes, as for the kernel. */
	shell("chown %d shared", STRANGER);
	assert_int_equal(find("shared/link"), 0);
	assert_int_equal(find("shared/theirs"), 0);
	shell("chown 0 shared && chmod 755 shared");
	assert_int_equal(find("shared/theirs"), 0);
	shell("chmod 1777 shared");
	fd = seep_output_path_open("shared/dangling");
	assert_int_equal(fd, -SEEP_EFOREIGN);
	assert_non_null(strstr(seep_output_error(SEEP_EFOREIGN), "another user"));
}

static void files_are_opened(void **state)
{
	int fd = seep_output_path_open("inside/output");

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "long text", 9), 9);
	close(fd);
	shell("ln -s output inside/to_output");
	fd = seep_output_path_open("inside/to_output");
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	check_file(-1, "inside/output", "x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(other_roots_are_not_left),
		cmocka_unit_test(our_own_paths),
		cmocka_unit_test(long_ways_end),
		cmocka_unit_test(things_of_others_are_refused),
		cmocka_unit_test(files_are_opened),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
