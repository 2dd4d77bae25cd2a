// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules are in trust.h. They are checked along the way that leads to a file (base/lookup.h) and
 * on the descriptors themselves, never by a path a second time, so nobody can exchange what was
 * looked at.
 */
#include "proc/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/lookup.h"

/* An ACL shows in the bits of the group (acl(5)). */
#define WRITABLE_BY_OTHERS (S_IWGRP | S_IWOTH)

/* Does the descriptor of a namespace stand for the one with the inode in @ours? False for -1. */
static bool is_same_namespace(int fd, const struct stat *ours)
{
	struct stat found;

	return fd >= 0 && fstat(fd, &found) == 0 && found.st_dev == ours->st_dev &&
	       found.st_ino == ours->st_ino;
}

bool seep_trust_root_of(int process)
{
	SEEP_AUTO_CLOSE int mounts = openat(process, "ns/mnt", O_RDONLY | O_CLOEXEC);
	SEEP_AUTO_CLOSE int user = openat(process, "ns/user", O_RDONLY | O_CLOEXEC);
	/* The user namespace that owns the mount namespace: its root has arranged the mounts. */
	SEEP_AUTO_CLOSE int owner = mounts < 0 ? -1 : ioctl(mounts, NS_GET_USERNS);
	struct stat ours;

	return stat("/proc/self/ns/user", &ours) == 0 && is_same_namespace(user, &ours) &&
	       is_same_namespace(owner, &ours);
}

int seep_root_open(const char *path, struct seep_root *ret_root)
{
	SEEP_AUTO_FREE char *directory = NULL;
	SEEP_AUTO_CLOSE int process = -1;
	SEEP_AUTO_CLOSE int root = -1;
	const char *slash;

	if (!path) {
		*ret_root = (struct seep_root)SEEP_ROOT_OURS;
		return 0;
	}
	/* "/proc/PID" and "root". */
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return -EINVAL;
	directory = strndup(path, (size_t)(slash - path));
	if (!directory)
		return -ENOMEM;
	/* All through one descriptor: another process may get the PID meanwhile. */
	process = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (process < 0)
		return -errno;
	root = openat(process, slash + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	*ret_root = (struct seep_root){
		.fd = SEEP_TAKE_FD(root),
		.by_root = seep_trust_root_of(process),
	};
	return 0;
}

void seep_root_done(struct seep_root *root)
{
	seep_cleanup_fd(&root->fd);
	*root = (struct seep_root)SEEP_ROOT_OURS;
}

/* Also of virtiofs and fuseblk, which have the same number. */
static bool is_of_fuse(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) != 0 || system.f_type == FUSE_SUPER_MAGIC;
}

/* One step of the rules; it never ends the walk, because the file may be of use all the same. */
static int check_step(const struct seep_lookup_step *step, void *context)
{
	const struct stat *directory = &step->directory, *entry = &step->entry;
	bool *by_root = context;

	/* One step that is not root's is enough. */
	if (!*by_root)
		return 0;
	if (directory->st_uid != 0 || entry->st_uid != 0 || is_of_fuse(step->fd))
		*by_root = false;
	if (directory->st_mode & WRITABLE_BY_OTHERS &&
	    !(directory->st_mode & S_ISVTX && S_ISDIR(entry->st_mode)))
		*by_root = false;
	/* A directory is looked at as such in the next step; a link has no mode of its own. */
	if (S_ISREG(entry->st_mode) && entry->st_mode & WRITABLE_BY_OTHERS)
		*by_root = false;
	return 0;
}

int seep_trust_open(const struct seep_root *root, const char *path, bool *ret_by_root)
{
	SEEP_CLEANUP(seep_lookup_done) struct seep_lookup found = SEEP_LOOKUP_INIT;
	bool by_root = root->by_root;
	int fd, error = seep_lookup_path(root->fd, path, check_step, &by_root, &found);

	if (error)
		return error;
	/* Nothing has this name, or it is no regular file. */
	if (found.file < 0 || !S_ISREG(found.status.st_mode))
		return -ENOENT;
	fd = seep_lookup_reopen(found.file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0)
		*ret_by_root = by_root;
	return fd;
}

bool seep_trust_may_name(const struct seep_root *root, int program, int debug)
{
	struct stat of_program, of_debug;

	if (fstat(program, &of_program) || fstat(debug, &of_debug))
		return false;
	/* Who serves one file of such a file system serves the other. */
	if ((is_of_fuse(program) || is_of_fuse(debug)) && of_program.st_dev != of_debug.st_dev)
		return false;
	/* Another owner, or root's program below a root where others choose what is root's. */
	if (of_program.st_uid != of_debug.st_uid || (of_program.st_uid == 0 && !root->by_root))
		return false;
	/* More people may write to the debug file than to the program. */
	if (of_debug.st_mode & S_IWOTH && !(of_program.st_mode & S_IWOTH))
		return false;
	return !(of_debug.st_mode & S_IWGRP) ||
	       (of_program.st_mode & S_IWGRP && of_program.st_gid == of_debug.st_gid);
}

/*
 * By the widest circle of people that may write: everybody, the group, the owner. A file that
 * everybody may write to only stands for itself.
 */
void seep_trust_key(int fd, char key[SEEP_TRUST_KEY_MAX])
{
	struct stat status;

	if (fstat(fd, &status))
		snprintf(key, SEEP_TRUST_KEY_MAX, "fd:%d", fd);
	else if (is_of_fuse(fd))
		snprintf(key, SEEP_TRUST_KEY_MAX, "fuse:%jx:%u", (uintmax_t)status.st_dev,
			 status.st_uid);
	else if (status.st_mode & S_IWOTH)
		snprintf(key, SEEP_TRUST_KEY_MAX, "file:%jx:%jx", (uintmax_t)status.st_dev,
			 (uintmax_t)status.st_ino);
	else if (status.st_mode & S_IWGRP)
		snprintf(key, SEEP_TRUST_KEY_MAX, "group:%u:%u", status.st_uid, status.st_gid);
	else
		snprintf(key, SEEP_TRUST_KEY_MAX, "user:%u", status.st_uid);
}
