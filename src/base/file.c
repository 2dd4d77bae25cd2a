/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define READ_CHUNK 16384

/* "/proc/self/fd/" and a number */
#define FD_PATH_MAX 32

static int read_fd(int fd, size_t max_bytes, struct seep_buffer *buffer)
{
	char chunk[READ_CHUNK];
	size_t total = 0;

	for (;;) {
		ssize_t length = read(fd, chunk, sizeof(chunk));

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		if (length == 0)
			return 0;
		if ((size_t)length > max_bytes - total)
			return -EFBIG;
		total += (size_t)length;
		seep_buffer_append(buffer, chunk, (size_t)length);
		if (buffer->error)
			return buffer->error;
	}
}

int seep_file_read_at(int dirfd, const char *path, size_t max_bytes, struct seep_buffer *buffer)
{
	SEEP_AUTO_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t before = buffer->length;
	int error;

	if (fd < 0)
		return -errno;
	error = read_fd(fd, max_bytes, buffer);
	if (error)
		seep_buffer_truncate(buffer, before);
	return error;
}

int seep_file_expand_time(const char *pattern, uint64_t utc_ns, char **ret_path)
{
	const char *mark = strstr(pattern, "%t");
	char time[SEEP_CLOCK_TEXT_MAX];
	char *path;

	if (!mark)
		path = strdup(pattern);
	else if (asprintf(&path, "%.*s%s%s", (int)(mark - pattern), pattern,
			  seep_clock_format_file(time, utc_ns), mark + 2) < 0)
		path = NULL;
	if (!path)
		return -ENOMEM;
	*ret_path = path;
	return 0;
}

bool seep_file_has_time(const char *pattern)
{
	return strstr(pattern, "%t");
}

int seep_file_write_fd(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t written = write(fd, at, length);

		if (written > 0) {
			at += written;
			length -= (size_t)written;
		} else if (written == 0) {
			return -EIO;
		} else if (errno == EAGAIN) {
			/* Standard output may share its O_NONBLOCK with another program. */
			struct pollfd ready = {.fd = fd, .events = POLLOUT};

			poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* Writes and closes, which is where some file systems report that the disk is full. */
static int write_and_close(int fd, const void *bytes, size_t length)
{
	int error = seep_file_write_fd(fd, bytes, length);

	if (close(fd) < 0 && !error && errno != EINTR)
		error = -errno;
	return error;
}

static int write_in_place(int file, const void *bytes, size_t length)
{
	char path[FD_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	return write_and_close(fd, bytes, length);
}

/*
 * Creates a file of a name that nobody has in the directory of @path. Unlike mkstemp, which makes
 * private files, it leaves the mode to the umask and the directory's default ACL.
 */
static int create_beside(const char *path, char **ret_name, int *ret_fd)
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash + 1 - path) : 0;

	for (;;) {
		SEEP_AUTO_FREE char *name = NULL;
		unsigned long long random;
		int fd;

		if (getrandom(&random, sizeof(random), 0) < 0)
			return -errno;
		if (asprintf(&name, "%.*s.seep-%016llx", directory, path, random) < 0) {
			name = NULL;
			return -ENOMEM;
		}
		fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd >= 0) {
			*ret_name = SEEP_TAKE_PTR(name);
			*ret_fd = fd;
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
}

static int write_and_rename(const char *path, const void *bytes, size_t length)
{
	SEEP_AUTO_FREE char *name = NULL;
	int fd = -1;
	int error;

	error = create_beside(path, &name, &fd);
	if (error)
		return error;
	error = write_and_close(fd, bytes, length);
	if (!error && rename(name, path) < 0)
		error = -errno;
	if (error)
		unlink(name);
	return error;
}

int seep_file_write(const char *path, const void *bytes, size_t length)
{
	SEEP_AUTO_CLOSE int file = -1;
	char link[FD_PATH_MAX];
	char target[PATH_MAX];
	struct stat status;
	ssize_t size;

	if (strcmp(path, "-") == 0)
		return seep_file_write_fd(STDOUT_FILENO, bytes, length);

	file = open(path, O_PATH | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		return write_and_rename(path, bytes, length);
	if (file < 0 || fstat(file, &status) < 0)
		return -errno;
	/* A regular file without a name is standard output, by /dev/stdout, and was deleted. */
	if (!S_ISREG(status.st_mode) || status.st_nlink == 0)
		return write_in_place(file, bytes, length);

	/*
	 * The kernel says where symbolic links led: the file behind /dev/stdout is replaced, not
	 * the link in /dev; and what it would not follow for us (fs.protected_symlinks) is none.
	 */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	size = readlink(link, target, sizeof(target));
	if (size < 0)
		return -errno;
	if ((size_t)size >= sizeof(target))
		return -ENAMETOOLONG;
	target[size] = '\0';
	return write_and_rename(target, bytes, length);
}
