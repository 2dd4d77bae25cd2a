// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file has a fixed name in the /tmp of the process, where every user can create it. So it is
 * opened below the root directory of the process, without following a link at the end, and it is
 * believed only if its owner is to be believed (is_trusted). A perf map goes before a jitdump; a
 * jitdump is looked for among the mappings first, wherever it lies.
 */
#include "proc/jit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "proc/maps.h"
#include "proc/process.h"
#include "proc/trust.h"

#define NAME_MAX_BYTES 32 /* "tmp/perf-", a PID, ".map" */

/* Whose files are believed about the code of a process. */
struct owner {
	struct seep_proc_ids ids;
	bool root_too; /* only root can have arranged what the process has in /tmp */
};

/*
 * Root's file is that of a process which has become another user since. It has one name: another
 * user could give a file of root's a second one, of its own choice.
 */
static bool is_trusted(int fd, const struct owner *owner)
{
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode))
		return false;
	if (status.st_uid == owner->ids.real_uid || status.st_uid == owner->ids.effective_uid)
		return true;
	return owner->root_too && status.st_uid == 0 && status.st_nlink == 1 &&
	       !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/*
 * Opens a file below the process's root directory. A symbolic link in the path leads within it, as
 * it would for the process; at the end of the path none is followed, so that no other user can have
 * a file of the process's user read in place of a map.
 */
static int open_below(int root, const char *path, const struct owner *owner)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	SEEP_AUTO_CLOSE int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd >= 0 && is_trusted(fd, owner) ? SEEP_TAKE_FD(fd) : -ENOENT;
}

/* perf's JIT agents map their dump executable, so that its path shows in maps. */
static int open_mapped(pid_t pid, const char *name, const struct owner *owner)
{
	SEEP_AUTO_CLOSE int fd = -1;
	struct seep_maps maps;
	int error = seep_maps_read(pid, &maps);

	if (error)
		return error;
	for (size_t i = 0; i < maps.num_mappings && fd < 0; i++) {
		const struct seep_mapping *mapping = &maps.mappings[i];
		const char *slash = strrchr(mapping->path, '/');

		/* The directory is the program's choice; the name is fixed. */
		if (mapping->executable && mapping->inode && slash && strcmp(slash + 1, name) == 0)
			fd = seep_maps_open(pid, mapping);
	}
	seep_maps_done(&maps);
	return fd >= 0 && is_trusted(fd, owner) ? SEEP_TAKE_FD(fd) : -ENOENT;
}

int seep_jit_file_open(pid_t pid, struct seep_jit_file *ret_file)
{
	SEEP_AUTO_CLOSE int dir = seep_proc_open(pid);
	SEEP_AUTO_CLOSE int root = -1;
	struct owner owner = {0};
	char path[NAME_MAX_BYTES];
	bool is_dump = false;
	int fd, error;

	if (dir < 0)
		return dir;
	error = seep_proc_ids_read_at(dir, &owner.ids);
	if (error)
		return error;
	root = openat(dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	/* After @root was opened: the answer holds for what was opened before (proc/trust.h). */
	owner.root_too = seep_trust_root_of(dir);
	/* The process knows its PID in its own namespace only, so that one is in the name. */
	snprintf(path, sizeof(path), "tmp/perf-%d.map", owner.ids.inner_pid);
	fd = open_below(root, path, &owner);
	/* No perf map; a jitdump is looked for among the mappings, then in /tmp. */
	if (fd < 0) {
		is_dump = true;
		snprintf(path, sizeof(path), "tmp/jit-%d.dump", owner.ids.inner_pid);
		fd = open_mapped(pid, strchr(path, '/') + 1, &owner);
		if (fd < 0)
			fd = open_below(root, path, &owner);
	}
	if (fd < 0)
		return fd;
	*ret_file = (struct seep_jit_file){.fd = fd, .is_dump = is_dump};
	return 0;
}
