// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_step has the rules and is asked at each name on the way (base/lookup.h). What is opened in
 * the end is opened by the descriptors that the walk ends with, never by the path a second time, so
 * nobody can exchange what was looked at.
 */
#include "base/output_path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Somebody else may give the name that was missing to a file of ours; not again and again. */
#define OPEN_ATTEMPTS 16

const char *seep_output_error(int error)
{
	if (error == SEEP_EFOREIGN)
		return "another user has put a link or a file there, into a directory that others "
		       "may write to";
	return strerror(error);
}

/* Neither ours nor that of the directory's owner, who could do anything there anyway. */
static bool is_of_other(const struct stat *directory, const struct stat *entry)
{
	return entry->st_uid != geteuid() && entry->st_uid != directory->st_uid;
}

/* A link in a directory without a sticky bit could be exchanged at any time, but not be ours. */
static int check_step(const struct seep_lookup_step *step, void *context)
{
	const struct stat *directory = &step->directory, *entry = &step->entry;
	/* /tmp and the like, where everybody may create files. */
	bool shared = directory->st_mode & S_ISVTX && directory->st_mode & (S_IWGRP | S_IWOTH);
	/* What somebody could put there to have it written to, or to read along. */
	bool plantable = S_ISREG(entry->st_mode) || S_ISFIFO(entry->st_mode);

	(void)context;
	if (S_ISLNK(entry->st_mode) && directory->st_mode & S_IWOTH &&
	    is_of_other(directory, entry))
		return -SEEP_EFOREIGN;
	if (step->last && shared && plantable && is_of_other(directory, entry))
		return -SEEP_EFOREIGN;
	/* Another name for a file of ours that is elsewhere. */
	if (step->last && shared && S_ISREG(entry->st_mode) && entry->st_nlink > 1)
		return -SEEP_EFOREIGN;
	return 0;
}

int seep_output_path_find(const char *path, struct seep_lookup *ret_lookup)
{
	return seep_lookup_path(-1, path, check_step, NULL, ret_lookup);
}

/* -EEXIST if the name was missing, but was given to a file before we could create it. */
static int open_once(const char *path)
{
	SEEP_CLEANUP(seep_lookup_done) struct seep_lookup found = SEEP_LOOKUP_INIT;
	int fd, error = seep_output_path_find(path, &found);

	if (error)
		return error;
	if (found.file >= 0)
		return seep_lookup_reopen(found.file, O_WRONLY | O_TRUNC | O_NOCTTY);
	fd = openat(found.directory, found.name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fd;
}

int seep_output_path_open(const char *path)
{
	int fd = -EEXIST;

	for (int i = 0; i < OPEN_ATTEMPTS && fd == -EEXIST; i++)
		fd = open_once(path);
	return fd;
}

/* The directory that will hold the file; the caller frees it. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

int seep_output_path_check(const char *path)
{
	SEEP_CLEANUP(seep_lookup_done) struct seep_lookup found = SEEP_LOOKUP_INIT;
	SEEP_AUTO_FREE char *directory = directory_of(path);
	struct stat status;

	if (!directory)
		return -ENOMEM;
	/* What another user has put in the way is refused before the trace, not after it. */
	if (seep_output_path_find(path, &found) == -SEEP_EFOREIGN)
		return -SEEP_EFOREIGN;
	/* A device or a pipe is written to as it is; only regular files are replaced. */
	if (stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return -EISDIR;
		if (!S_ISREG(status.st_mode))
			return access(path, W_OK) ? -errno : 0;
	}
	/* The directory decides whether a file can be replaced, not the mode of the old one. */
	if (stat(directory, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode))
		return -ENOTDIR;
	return access(directory, W_OK) ? -errno : 0;
}

int seep_output_path_open_lines(const char *path, int *ret_fd)
{
	*ret_fd = -1;
	if (strcmp(path, "-") == 0) {
		*ret_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
		return *ret_fd < 0 ? -errno : 0;
	}
	if (seep_file_has_time(path))
		return seep_output_path_check(path);
	/* Emptied now: nothing is added to the lines of a former run. */
	*ret_fd = seep_output_path_open(path);
	return *ret_fd < 0 ? *ret_fd : 0;
}
