// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file is opened below the root directory of the process, without following a link at the end,
 * and it is believed only if its owner is to be believed (seep_own_file_is_trusted).
 */
#include "proc/own_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/trust.h"

int seep_own_files_open(pid_t pid, struct seep_own_files *ret_files)
{
	SEEP_AUTO_CLOSE int process = seep_proc_open(pid);
	struct seep_own_files files = {.root = -1};
	int error;

	if (process < 0)
		return process;
	error = seep_proc_ids_read_at(process, &files.ids);
	if (error)
		return error;
	files.root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (files.root < 0)
		return -errno;
	/* After the root was opened: the answer holds for what was opened before (proc/trust.h). */
	files.root_too = seep_trust_root_of(process);
	*ret_files = files;
	return 0;
}

void seep_own_files_close(struct seep_own_files *files)
{
	close(files->root);
	files->root = -1;
}

/*
 * Root's file is that of a process which has become another user since. It has one name: another
 * user could give a file of root's a second one, of its own choice.
 */
bool seep_own_file_is_trusted(const struct seep_own_files *files, int fd)
{
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		return false;
	if (status.st_uid == files->ids.real_uid || status.st_uid == files->ids.effective_uid)
		return true;
	return files->root_too && status.st_uid == 0 && status.st_nlink == 1 &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/*
 * A symbolic link in the path leads within the root, as it would for the process; at the end of the
 * path none is followed, so that no other user can have a file of the process's user read in place
 * of the one that is meant.
 */
static int open_below(const struct seep_own_files *files, const char *path, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, files->root, path, &how, sizeof(how));
}

int seep_own_file_open(const struct seep_own_files *files, const char *path)
{
	SEEP_AUTO_CLOSE int fd = open_below(files, path, 0);

	return fd >= 0 && seep_own_file_is_trusted(files, fd) ? SEEP_TAKE_FD(fd) : -ENOENT;
}

int seep_own_file_open_directory(const struct seep_own_files *files, const char *path)
{
	int fd = open_below(files, path, O_DIRECTORY);

	return fd >= 0 ? fd : -ENOENT;
}
