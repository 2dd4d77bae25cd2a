// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading is plain: /proc and small files, up to a cap that the caller names. Writing is what needs
 * care, because reports are written by root to paths that somebody typed. seep_file_write resolves
 * the path first (base/output_path.h), refuses what another user has put there, and replaces a
 * regular file by rename, so that a reader sees the old report or the new one and a full disk costs
 * neither. What is not a regular file with a name (a pipe, a terminal, /dev/stdout) is written in
 * place.
 */
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
#include "base/output_path.h"

#define READ_CHUNK 16384

/* "/proc/self/fd/" and a number */
#define FD_PATH_MAX 32

/* ".seep-", 16 digits, the NUL */
#define NAME_BYTES 24

/* To the end of the file: files of /proc have no size to go by. 0, -EFBIG or another -errno. */
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
		/*
		 * Checked before it is kept, so the buffer never has more than @max_bytes of a
		 * file.
		 */
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
	/* On failure the buffer is as before: half a file would look like a whole one. */
	error = read_fd(fd, max_bytes, buffer);
	if (error)
		seep_buffer_truncate(buffer, before);
	return error;
}

int seep_file_expand_time(const char *pattern, uint64_t utc_ns, char **ret_path)
{
	/* The first one; nothing else in the pattern has a meaning. */
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

		/* A pipe or a full disk may take less than all. */
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

	/* After EINTR the descriptor is closed all the same on Linux (close(2)). */
	if (close(fd) < 0 && !error && errno != EINTR)
		error = -errno;
	return error;
}

/*
 * Opens the O_PATH descriptor @file again for writing: whatever has its name by now is not touched.
 */
static int write_in_place(int file, int flags, const void *bytes, size_t length)
{
	int fd = seep_lookup_reopen(file, O_WRONLY | O_NOCTTY | flags);

	return fd < 0 ? fd : write_and_close(fd, bytes, length);
}

/*
 * Creates a file of a name that nobody has in @directory. Unlike mkstemp, which makes private
 * files, it leaves the mode to the umask and the directory's default ACL.
 */
static int create_in(int directory, char name[NAME_BYTES], int *ret_fd)
{
	for (;;) {
		unsigned long long random;
		int fd;

		if (getrandom(&random, sizeof(random), 0) < 0)
			return -errno;
		snprintf(name, NAME_BYTES, ".seep-%016llx", random);
		/*
		 * O_EXCL: what somebody has put there meanwhile is not written to, not even through
		 * a link.
		 */
		fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0644);
		if (fd >= 0) {
			*ret_fd = fd;
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
	}
}

/* By the directory that was looked at, whatever its path leads to by now. */
static int write_and_rename(const struct seep_lookup *found, const void *bytes, size_t length)
{
	char name[NAME_BYTES];
	int fd = -1;
	int error;

	error = create_in(found->directory, name, &fd);
	if (error)
		return error;
	/* The new content is complete before it gets the name. */
	error = write_and_close(fd, bytes, length);
	if (!error && renameat(found->directory, name, found->directory, found->name) < 0)
		error = -errno;
	if (error)
		unlinkat(found->directory, name, 0);
	return error;
}

/* A link of /proc led to the file, /dev/stdout for one: the kernel says which name that has. */
static int find_name(int file, struct seep_lookup *ret_lookup)
{
	char link[FD_PATH_MAX];
	char target[PATH_MAX];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	size = readlink(link, target, sizeof(target));
	if (size < 0)
		return -errno;
	if ((size_t)size >= sizeof(target))
		return -ENAMETOOLONG;
	target[size] = '\0';
	return seep_output_path_find(target, ret_lookup);
}

/* To what the path was found to lead to. 0 or -errno. */
static int write_to(const struct seep_lookup *found, const void *bytes, size_t length)
{
	SEEP_CLEANUP(seep_lookup_done) struct seep_lookup named = SEEP_LOOKUP_INIT;
	int error;

	/* A regular file without a name is standard output, by /dev/stdout, and was deleted. */
	if (found->file >= 0 && (!S_ISREG(found->status.st_mode) || found->status.st_nlink == 0))
		return write_in_place(found->file, 0, bytes, length);
	if (found->name)
		return write_and_rename(found, bytes, length);
	error = find_name(found->file, &named);
	/* Whoever has started us has opened it, by whatever right: it is standard output. */
	if (error == -SEEP_EFOREIGN)
		return write_in_place(found->file, O_TRUNC, bytes, length);
	if (!error && !named.name)
		error = -EINVAL;
	return error ? error : write_and_rename(&named, bytes, length);
}

int seep_file_write(const char *path, const void *bytes, size_t length)
{
	SEEP_CLEANUP(seep_lookup_done) struct seep_lookup found = SEEP_LOOKUP_INIT;
	int error;

	if (strcmp(path, "-") == 0)
		return seep_file_write_fd(STDOUT_FILENO, bytes, length);
	error = seep_output_path_find(path, &found);
	return error ? error : write_to(&found, bytes, length);
}
