// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files as seep reads and writes them: caps, replacement by rename, and links or files of other
 * users that are refused. Each test has a directory of its own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TIME_NS 1795168800000000000ULL

/* Each test runs in an empty directory of its own. */
static int enter_directory(void **state)
{
	char *directory = strdup("/tmp/seep-file-XXXXXX");

	if (!directory || !mkdtemp(directory))
		return -1;
	*state = directory;
	return chdir(directory);
}

/* Fails when the test left a file behind that it did not remove itself. */
static int leave_directory(void **state)
{
	SEEP_AUTO_FREE char *directory = *state;

	if (chdir("/") < 0)
		return -1;
	return rmdir(directory);
}

static size_t count_files(void)
{
	SEEP_AUTO_DIR DIR *dir = opendir(".");
	const struct dirent *entry;
	size_t files = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		files += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	return files;
}

static void assert_content(const char *path, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	assert_int_equal(seep_file_read_at(AT_FDCWD, path, 1 << 20, &buffer), 0);
	assert_string_equal(buffer.data, expected);
}

static void assert_written(const char *path, const char *text)
{
	assert_int_equal(seep_file_write(path, text, strlen(text)), 0);
}

static void read_appends_the_whole_file(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *large = malloc(100000);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 100000);
	assert_int_equal(seep_file_write("large", large, 100000), 0);
	assert_written("empty", "");

	seep_buffer_puts(&buffer, "before");
	assert_int_equal(seep_file_read_at(AT_FDCWD, "empty", 0, &buffer), 0);
	assert_string_equal(buffer.data, "before");
	assert_int_equal(seep_file_read_at(AT_FDCWD, "large", SIZE_MAX, &buffer), 0);
	assert_int_equal(buffer.length, 100006);
	assert_memory_equal(buffer.data, "beforexxx", 9);
	unlink("large");
	unlink("empty");
}

static void read_is_relative_to_the_directory(void **state)
{
	SEEP_AUTO_CLOSE int dir = open("/proc/self", O_DIRECTORY | O_CLOEXEC);
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	char start[32];
	int length = snprintf(start, sizeof(start), "%d (", getpid());

	(void)state;
	assert_int_equal(seep_file_read_at(dir, "stat", 4096, &buffer), 0); /* claims 0 bytes */
	assert_memory_equal(buffer.data, start, (size_t)length);
}

static void read_is_bounded(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	(void)state;
	seep_buffer_puts(&buffer, "before");
	assert_written("ten", "0123456789");
	assert_int_equal(seep_file_read_at(AT_FDCWD, "ten", 9, &buffer), -EFBIG);
	assert_string_equal(buffer.data, "before");
	assert_int_equal(seep_file_read_at(AT_FDCWD, "/dev/zero", 1 << 20, &buffer), -EFBIG);
	assert_string_equal(buffer.data, "before");
	assert_int_equal(buffer.error, 0);
	assert_int_equal(seep_file_read_at(AT_FDCWD, "ten", 10, &buffer), 0);
	assert_string_equal(buffer.data, "before0123456789");
	unlink("ten");
}

static void read_failures_are_told(void **state)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	(void)state;
	assert_int_equal(seep_file_read_at(AT_FDCWD, "missing", 10, &buffer), -ENOENT);
	assert_int_equal(seep_file_read_at(AT_FDCWD, "/", 10, &buffer), -EISDIR);
	assert_int_equal(seep_file_read_at(-1, "relative", 10, &buffer), -EBADF);

	seep_buffer_append(&buffer, "x", SEEP_BUFFER_MAX + 1);
	assert_int_equal(seep_file_read_at(AT_FDCWD, "/proc/self/stat", 4096, &buffer), -E2BIG);
}

static void first_time_mark_is_expanded(void **state)
{
	static const struct {
		const char *pattern;
		bool has_time;
		const char *path;
	} cases[] = {
		{"", false, ""},
		{"-", false, "-"},
		{"plain%", false, "plain%"},
		{"%s%d%", false, "%s%d%"},
		{"%t", true, "20261120T100000.000Z"},
		{"a-%t.json", true, "a-20261120T100000.000Z.json"},
		{"%t/%t", true, "20261120T100000.000Z/%t"},
		{"%%t%s", true, "%20261120T100000.000Z%s"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		SEEP_AUTO_FREE char *path = NULL;

		assert_int_equal(seep_file_has_time(cases[i].pattern), cases[i].has_time);
		assert_int_equal(seep_file_expand_time(cases[i].pattern, TIME_NS, &path), 0);
		assert_string_equal(path, cases[i].path);
	}
}

static void write_replaces_at_once(void **state)
{
	SEEP_AUTO_CLOSE int old = -1;
	char text[8] = "";

	(void)state;
	assert_written("report", "old");
	old = open("report", O_RDONLY | O_CLOEXEC);
	assert_written("./report", "new one");
	assert_content("report", "new one");
	/* Who reads the old one meanwhile still has it whole. */
	assert_int_equal(read(old, text, sizeof(text)), 3);
	assert_string_equal(text, "old");
	assert_int_equal(count_files(), 1);
	unlink("report");
}

static void mode_honours_the_umask(void **state)
{
	static const struct {
		mode_t mask;
		mode_t mode;
	} cases[] = {{0, 0644}, {022, 0644}, {027, 0640}, {077, 0600}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mode_t saved = umask(cases[i].mask);
		struct stat status;

		assert_written("report", "x");
		umask(saved);
		assert_return_code(stat("report", &status), errno);
		assert_int_equal(status.st_mode & 07777, cases[i].mode);
		unlink("report");
	}
}

static void longest_name_is_written(void **state)
{
	char name[256];

	(void)state;
	memset(name, 'n', 255);
	name[255] = '\0';
	assert_written(name, "x");
	assert_content(name, "x");
	unlink(name);
}

static void failed_write_leaves_the_old_file(void **state)
{
	struct rlimit saved;
	struct rlimit small;
	static char large[100000];

	(void)state;
	assert_written("report", "old");
	assert_return_code(getrlimit(RLIMIT_FSIZE, &saved), errno);
	small = saved;
	small.rlim_cur = 50000; /* the first write stops short there, the next one fails */
	signal(SIGXFSZ, SIG_IGN);
	assert_return_code(setrlimit(RLIMIT_FSIZE, &small), errno);
	assert_int_equal(seep_file_write("report", large, sizeof(large)), -EFBIG);
	assert_int_equal(seep_file_write("another", large, sizeof(large)), -EFBIG);
	assert_return_code(setrlimit(RLIMIT_FSIZE, &saved), errno);
	signal(SIGXFSZ, SIG_DFL);
	assert_content("report", "old");
	assert_int_equal(count_files(), 1);
	unlink("report");
}

static void full_disk_leaves_the_old_file(void **state)
{
	static char large[100000];
	int error;

	(void)state;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		skip(); /* needs root */
	assert_return_code(mkdir("full", 0755), errno);
	assert_return_code(mount("tmpfs", "full", "tmpfs", 0, "size=64k"), errno);
	assert_return_code(chdir("full"), errno);
	assert_written("report", "old");
	error = seep_file_write("report", large, sizeof(large));
	assert_content("report", "old");
	assert_int_equal(count_files(), 1);
	assert_return_code(chdir(".."), errno);
	assert_return_code(umount("full"), errno);
	rmdir("full");
	assert_int_equal(error, -ENOSPC);
}

static void failed_rename_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(seep_file_write("", "x", 1), -ENOENT);
	assert_int_equal(seep_file_write("missing/report", "x", 1), -ENOENT);
	assert_int_equal(seep_file_write("/", "x", 1), -EISDIR);
	assert_int_not_equal(seep_file_write("missing/", "x", 1), 0);
	assert_int_equal(count_files(), 0);
}

static void link_stays_and_its_target_is_replaced(void **state)
{
	struct stat status;

	(void)state;
	assert_return_code(mkdir("sub", 0755), errno);
	assert_written("sub/target", "old");
	assert_return_code(symlink("sub/target", "link"), errno);
	assert_return_code(symlink("link", "link2"), errno);
	assert_written("link2", "new");
	assert_content("sub/target", "new");
	assert_return_code(lstat("link2", &status), errno);
	assert_true(S_ISLNK(status.st_mode));
	assert_return_code(lstat("link", &status), errno);
	assert_true(S_ISLNK(status.st_mode));
	unlink("link2");
	unlink("link");
	unlink("sub/target");
	rmdir("sub");

	assert_return_code(symlink("nowhere", "dangling"), errno);
	assert_written("dangling", "x");
	assert_content("nowhere", "x");
	assert_int_equal(count_files(), 2);
	unlink("dangling");
	unlink("nowhere");
}

static void devices_are_written_in_place(void **state)
{
	struct stat status;

	(void)state;
	assert_written("/dev/null", "x");
	assert_return_code(stat("/dev/null", &status), errno);
	assert_true(S_ISCHR(status.st_mode));
	assert_int_equal(seep_file_write("/dev/full", "x", 1), -ENOSPC);
}

static void dash_and_dev_stdout_are_standard_output(void **state)
{
	int saved = dup(STDOUT_FILENO);
	SEEP_AUTO_CLOSE int file = open("out", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int dash;
	int deleted;

	(void)state;
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	dash = seep_file_write("-", "dash", 4);
	assert_content("out", "dash");
	unlink("out");
	deleted = seep_file_write("/dev/stdout", "DEV", 3); /* nothing to rename over */
	dup2(saved, STDOUT_FILENO);
	close(saved);
	assert_int_equal(dash, 0);
	assert_int_equal(deleted, 0);
	assert_int_equal(count_files(), 0);
	assert_int_equal(access("-", F_OK), -1);
}

/* Starts a child that reads the pipe to its end and exits 0 if it saw 0, 1, 2 ... 250, 0 ... */
static pid_t start_reader(const int ends[2], size_t length)
{
	pid_t pid = fork();
	unsigned char bytes[1000];
	size_t total = 0;
	ssize_t got;

	assert_return_code(pid, errno);
	if (pid > 0)
		return pid;
	close(ends[1]);
	while ((got = read(ends[0], bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++, total++) {
			if (bytes[i] != total % 251)
				_exit(1);
		}
		sched_yield();
	}
	_exit(total == length ? 0 : 2);
}

static void assert_child_exits_0(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* A pipe takes 64 KiB at once: short writes, and EAGAIN between them if it does not block. */
static void short_writes_are_continued(void **state)
{
	static unsigned char bytes[3000000];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i % 251);
	for (int flags = 0; flags <= O_NONBLOCK; flags += O_NONBLOCK) {
		int ends[2];
		pid_t pid;
		int error;

		assert_return_code(pipe(ends), errno);
		pid = start_reader(ends, sizeof(bytes));
		close(ends[0]);
		assert_return_code(fcntl(ends[1], F_SETFL, flags), errno);
		error = seep_file_write_fd(ends[1], bytes, sizeof(bytes));
		close(ends[1]);
		assert_int_equal(error, 0);
		assert_child_exits_0(pid);
	}
}

static int full_pipe[2];

static void drain_pipe(int signal)
{
	char bytes[65536];

	(void)signal;
	if (read(full_pipe[0], bytes, sizeof(bytes)) < 0)
		abort();
}

/* The write waits at a full pipe; the signal both interrupts it and makes room for another try. */
static void interrupted_write_is_continued(void **state)
{
	const struct sigaction action = {.sa_handler = drain_pipe}; /* without SA_RESTART */
	const struct itimerval soon = {.it_value.tv_usec = 20000};

	(void)state;
	assert_return_code(pipe2(full_pipe, O_NONBLOCK), errno);
	while (write(full_pipe[1], "x", 1) == 1)
		continue;
	assert_return_code(fcntl(full_pipe[1], F_SETFL, 0), errno);
	assert_return_code(sigaction(SIGALRM, &action, NULL), errno);
	assert_return_code(setitimer(ITIMER_REAL, &soon, NULL), errno);
	assert_int_equal(seep_file_write_fd(full_pipe[1], "y", 1), 0);
	signal(SIGALRM, SIG_DFL);
	close(full_pipe[0]);
	close(full_pipe[1]);
}

static void closed_pipe_is_an_error(void **state)
{
	int ends[2];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_return_code(pipe(ends), errno);
	close(ends[0]);
	assert_int_equal(seep_file_write_fd(ends[1], "x", 1), -EPIPE);
	assert_int_equal(seep_file_write_fd(ends[1], "x", 0), 0);
	close(ends[1]);
	assert_int_equal(seep_file_write_fd(-1, "x", 1), -EBADF);
	signal(SIGPIPE, SIG_DFL);
}

static void fifo_is_written_in_place(void **state)
{
	struct stat status;
	pid_t pid;

	(void)state;
	assert_return_code(mkfifo("fifo", 0600), errno);
	pid = fork();
	if (pid == 0) {
		int fd = open("fifo", O_RDONLY | O_CLOEXEC);
		char text[16] = "";

		_exit(read(fd, text, sizeof(text)) == 6 && strcmp(text, "report") == 0 ? 0 : 1);
	}
	assert_written("fifo", "report"); /* waits for the reader */
	assert_child_exits_0(pid);
	assert_return_code(stat("fifo", &status), errno);
	assert_true(S_ISFIFO(status.st_mode));
	assert_int_equal(count_files(), 1);
	unlink("fifo");
}

#define in_directory(test) cmocka_unit_test_setup_teardown(test, enter_directory, leave_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_directory(read_appends_the_whole_file),
		in_directory(read_is_relative_to_the_directory),
		in_directory(read_is_bounded),
		in_directory(read_failures_are_told),
		in_directory(first_time_mark_is_expanded),
		in_directory(write_replaces_at_once),
		in_directory(mode_honours_the_umask),
		in_directory(longest_name_is_written),
		in_directory(failed_write_leaves_the_old_file),
		in_directory(full_disk_leaves_the_old_file),
		in_directory(failed_rename_leaves_nothing),
		in_directory(link_stays_and_its_target_is_replaced),
		in_directory(devices_are_written_in_place),
		in_directory(dash_and_dev_stdout_are_standard_output),
		in_directory(short_writes_are_continued),
		in_directory(interrupted_write_is_continued),
		in_directory(closed_pipe_is_an_error),
		in_directory(fifo_is_written_in_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
