// SPDX-License-Identifier: GPL-2.0-only
/*
 * The writer calls seep_capture_file_lock before it opens the database, and check_log after it, as
 * only then SQLite has made its files. The reader asks has_log. A file that is replaced is locked
 * first, because another writer may hold it.
 */
#include "store/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/output_path.h"
#include "store/schema.h"

/* Bytes of the header up to the application_id and with it. */
#define HEADER_MAGIC  "SQLite format 3"
#define HEADER_ID_AT  68
#define HEADER_LENGTH (HEADER_ID_AT + 4)

/* Each time another process has put a new file in the place of the one that was opened. */
#define LOCK_ATTEMPTS 16

/* What SQLite may have left beside a database of a process that was killed. */
static const char *const side_files[] = {"-wal", "-shm", "-journal"};

/* Is what was opened still what the path names? Another writer may have replaced it meanwhile. */
static bool is_same_file(int fd, const char *path)
{
	struct stat opened, named;

	return !fstat(fd, &opened) && !stat(path, &named) && opened.st_dev == named.st_dev &&
	       opened.st_ino == named.st_ino;
}

/*
 * Opens and locks the file; the lock lasts as long as the descriptor. -ENOENT if there is none,
 * -EBUSY if another writer has it.
 */
static int lock_existing(const char *path, int *ret_fd)
{
	for (int i = 0; i < LOCK_ATTEMPTS; i++) {
		SEEP_CLEANUP(seep_lookup_done) struct seep_lookup found = SEEP_LOOKUP_INIT;
		SEEP_AUTO_CLOSE int fd = -1;
		int error = seep_output_path_find(path, &found);

		if (error || found.file < 0)
			return error ? error : -ENOENT;
		fd = seep_lookup_reopen(found.file, O_RDWR | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return fd;
		if (flock(fd, LOCK_EX | LOCK_NB))
			return errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (is_same_file(fd, path)) {
			*ret_fd = SEEP_TAKE_FD(fd);
			return 0;
		}
	}
	return -EBUSY;
}

/* 0 for a capture and an empty file, which nobody will miss; -EEXIST. */
static int check_existing(int fd, bool *ret_empty)
{
	const uint32_t id = SEEP_CAPTURE_APPLICATION_ID;
	uint8_t header[HEADER_LENGTH];
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EEXIST;
	*ret_empty = status.st_size == 0;
	if (*ret_empty)
		return 0;
	/*
	 * The header of a database: a magic string with its NUL, and the application_id at offset
	 * 68, big-endian (https://www.sqlite.org/fileformat2.html).
	 */
	if (pread(fd, header, sizeof(header), 0) != (ssize_t)sizeof(header) ||
	    memcmp(header, HEADER_MAGIC, sizeof(HEADER_MAGIC)) != 0)
		return -EEXIST;
	for (int i = 0; i < 4; i++) {
		if (header[HEADER_ID_AT + i] != (uint8_t)(id >> (24 - 8 * i)))
			return -EEXIST;
	}
	return 0;
}

/* They stand beside the file, not beside a link to it. */
static int side_path(const char *path, const char *suffix, char ret_path[PATH_MAX])
{
	char target[PATH_MAX];
	int length;

	if (!realpath(path, target)) {
		/*
		 * A file that does not exist yet: its side files would be beside the path itself.
		 */
		if (errno != ENOENT)
			return -errno;
		snprintf(target, sizeof(target), "%s", path);
	}
	length = snprintf(ret_path, PATH_MAX, "%s%s", target, suffix);
	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int seep_capture_file_check_log(const char *path)
{
	char name[PATH_MAX];
	int error = 0;

	for (size_t i = 0; i < sizeof(side_files) / sizeof(side_files[0]) && !error; i++) {
		SEEP_CLEANUP(seep_lookup_done) struct seep_lookup found = SEEP_LOOKUP_INIT;

		error = side_path(path, side_files[i], name);
		if (!error)
			error = seep_output_path_find(name, &found);
	}
	return error;
}

/* A log of the old file would be taken for one of the new file. */
static int remove_side_files(const char *path)
{
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(side_files) / sizeof(side_files[0]); i++) {
		int error = side_path(path, side_files[i], name);

		if (error)
			return error;
		if (unlink(name) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* The whole file is put in place by rename, with its tables but without a run. */
static int make_capture(const char *path)
{
	SEEP_AUTO_BUFFER struct seep_buffer image = SEEP_BUFFER_INIT;
	int error = seep_schema_image(&image);

	if (!error)
		error = remove_side_files(path);
	return error ? error : seep_file_write(path, image.data, image.length);
}

int seep_capture_file_lock(const char *path, bool keep, int *ret_lock)
{
	SEEP_AUTO_CLOSE int old = -1;
	bool empty = true;
	int error = lock_existing(path, &old);

	if (!error)
		error = check_existing(old, &empty);
	/* Side files can be there without the file, too, and are to be ours as well. */
	if (!error || error == -ENOENT)
		error = seep_capture_file_check_log(path);
	if (error)
		return error;
	/* An empty file has no tables to append to, and is replaced. */
	if (keep && !empty) {
		*ret_lock = SEEP_TAKE_FD(old);
		return 0;
	}
	/* The old file stays locked until the new one is. */
	error = make_capture(path);
	return error ? error : lock_existing(path, ret_lock);
}

bool seep_capture_file_has_log(const char *path)
{
	char name[PATH_MAX];

	return side_path(path, side_files[0], name) == 0 && access(name, F_OK) == 0;
}
