/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that a process writes about itself into a directory where everybody may write, under a name
 * that everybody knows: /tmp/perf-N.map, /tmp/hsperfdata_USER/N.
 *
 * Such a file is taken if it is a regular file, no symbolic link, and belongs to the real or
 * effective user of the process, or to root, unless the process has mounts that others have set up
 * (proc/trust.h).
 */
#ifndef SEEP_PROC_OWN_FILE_H
#define SEEP_PROC_OWN_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc/process.h"

/* A process, as far as its files need it. */
struct seep_own_files {
	int root; /* its root directory, O_PATH */
	struct seep_proc_ids ids;
	bool root_too; /* only root can have arranged what is below it */
};

/*
 * 0; -ESRCH; another -errno. That @pid is the same process all the time is for the caller to make
 * sure (by its pidfd).
 */
int seep_own_files_open(pid_t pid, struct seep_own_files *ret_files);
void seep_own_files_close(struct seep_own_files *files);

/* Opens the file at @path below the root directory. A descriptor, or -ENOENT. */
int seep_own_file_open(const struct seep_own_files *files, const char *path);
/* A directory, whoever has made it. A descriptor, or -ENOENT. */
int seep_own_file_open_directory(const struct seep_own_files *files, const char *path);

/* The same question of a file that was found in another way. */
bool seep_own_file_is_trusted(const struct seep_own_files *files, int fd);

#endif
