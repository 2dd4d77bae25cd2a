// SPDX-License-Identifier: GPL-2.0-only
/*
 * A walk along a path as the kernel's own (path_resolution(7)), name by name: step looks one name
 * up and shows it to the check, follow puts the target of a link in the place of the name, walk_on
 * goes on with the rest. Every directory on the way stays open until the walk ends, so ".." leads
 * back to where the walk came from, even if somebody moves directories meanwhile.
 *
 * Nothing is allocated but the last name. Bounded by SEEP_LOOKUP_LINKS_MAX, SEEP_LOOKUP_DEPTH_MAX
 * and PATH_MAX; the kernel has the same limits but for the depth.
 */
#include "base/lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"

/*
 * The state of one walk. @path is a copy, in which the targets of links replace what they stood
 * for.
 */
struct walker {
	int root; /* where absolute links begin; -1: ours */
	int (*check)(const struct seep_lookup_step *step, void *context);
	void *context;
	/*
	 * From the start down to where we are: what ".." leads back to, whoever moves directories.
	 */
	int directories[SEEP_LOOKUP_DEPTH_MAX];
	size_t depth;
	unsigned int links;
	const char *rest;
	char path[PATH_MAX];
	char name[NAME_MAX + 1];
};

/* The directory in which the next name is looked up. */
static int here(const struct walker *walker)
{
	return walker->directories[walker->depth - 1];
}

static void leave_all(struct walker *walker)
{
	while (walker->depth)
		close(walker->directories[--walker->depth]);
}

static void walker_done(struct walker *walker)
{
	leave_all(walker);
}

/* Takes over @fd. */
static int enter(struct walker *walker, int fd)
{
	/* Each level holds a descriptor until the end. */
	if (walker->depth == SEEP_LOOKUP_DEPTH_MAX) {
		close(fd);
		return -ELOOP;
	}
	walker->directories[walker->depth++] = fd;
	return 0;
}

/* The walk goes on at @path below the directory @root; what it has come through is closed. */
static int start_at(struct walker *walker, int root, const char *path)
{
	/* Before the others are closed: @root may be one of them (go_up). */
	int fd = openat(root < 0 ? AT_FDCWD : root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	leave_all(walker);
	return enter(walker, fd);
}

/*
 * An absolute path begins at the root, a relative one at the working directory or at walker->root.
 */
static int start(struct walker *walker, const char *path)
{
	if (walker->root >= 0)
		return start_at(walker, walker->root, ".");
	return start_at(walker, -1, path[0] == '/' ? "/" : ".");
}

static int go_up(struct walker *walker)
{
	/* Not by "..": the directory may have been moved since. */
	if (walker->depth > 1) {
		close(walker->directories[--walker->depth]);
		return 0;
	}
	/* At the start: the root is its own parent, the working directory has one. */
	return walker->root < 0 ? start_at(walker, here(walker), "..") : 0;
}

/* Puts @target in the place of the name that has just been taken. */
static int put_instead(struct walker *walker, const char *target)
{
	char joined[PATH_MAX];
	int length;

	if (++walker->links > SEEP_LOOKUP_LINKS_MAX)
		return -ELOOP;
	/* Through a buffer of its own, because the rest lies in walker->path itself. */
	length = snprintf(joined, sizeof(joined), "%s%s%s", target, *walker->rest ? "/" : "",
			  walker->rest);
	if (length < 0 || (size_t)length >= sizeof(joined))
		return -ENAMETOOLONG;
	memcpy(walker->path, joined, (size_t)length + 1);
	walker->rest = walker->path;
	/* A relative target goes on from the directory that has the link. */
	return target[0] == '/' ? start(walker, target) : 0;
}

static bool is_of_proc(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC;
}

/*
 * What a link of /proc reads as need not be where it leads: "pipe:[123]", a deleted file, one of
 * another mount namespace. For ourselves the kernel follows it.
 */
static int follow_proc(struct walker *walker, bool last, struct seep_lookup *found)
{
	SEEP_AUTO_CLOSE int fd = -1;

	if (walker->root >= 0)
		return -ELOOP;
	fd = openat(here(walker), walker->name, O_PATH | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &found->status))
		return -errno;
	if (!last)
		return S_ISDIR(found->status.st_mode) ? enter(walker, SEEP_TAKE_FD(fd)) : -ENOTDIR;
	found->file = SEEP_TAKE_FD(fd);
	return 0;
}

/* @link is an O_PATH descriptor of a symbolic link that was found as walker->name. */
static int follow(struct walker *walker, int link, bool last, struct seep_lookup *found)
{
	char target[PATH_MAX];
	ssize_t length;

	if (is_of_proc(link))
		return follow_proc(walker, last, found);
	length = readlinkat(link, "", target, sizeof(target));
	if (length < 0)
		return -errno;
	/* A target that fills the buffer may have been cut. */
	if (length == 0 || (size_t)length >= sizeof(target))
		return -ENAMETOOLONG;
	target[length] = '\0';
	return put_instead(walker, target);
}

/* Takes the next name from the path. 1; 0 at its end; -ENAMETOOLONG. */
static int next_name(struct walker *walker, bool *ret_last, bool *ret_slash)
{
	size_t length;

	walker->rest += strspn(walker->rest, "/");
	length = strcspn(walker->rest, "/");
	if (!length)
		return 0;
	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	snprintf(walker->name, sizeof(walker->name), "%.*s", (int)length, walker->rest);
	walker->rest += length;
	*ret_slash = *walker->rest == '/';
	/* Slashes at the end are no name. */
	*ret_last = walker->rest[strspn(walker->rest, "/")] == '\0';
	return 1;
}

/*
 * The walk ends at walker->name: @file is what has the name, or -1. A path that ends in "/" must be
 * that of a directory. Takes @file over.
 */
static int end_at(struct walker *walker, int file, bool slash, struct seep_lookup *found)
{
	SEEP_AUTO_CLOSE int own = file;

	if (slash && (own < 0 || !S_ISDIR(found->status.st_mode)))
		return own < 0 ? -ENOENT : -ENOTDIR;
	found->name = strdup(walker->name);
	if (!found->name)
		return -ENOMEM;
	/* Taken off the list, so that the end of the walk does not close it. */
	found->directory = walker->directories[--walker->depth];
	found->file = SEEP_TAKE_FD(own);
	return 0;
}

/* Looks up one name. */
static int step(struct walker *walker, bool last, bool slash, struct seep_lookup *found)
{
	SEEP_AUTO_CLOSE int fd =
		openat(here(walker), walker->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct seep_lookup_step seen = {.fd = fd, .last = last};
	int error = 0;

	if (fd < 0)
		return errno == ENOENT && last ? end_at(walker, -1, slash, found) : -errno;
	/* By descriptor, so the check sees what is used, whatever the names stand for by now. */
	if (fstat(fd, &seen.entry) || fstat(here(walker), &seen.directory))
		return -errno;
	if (walker->check)
		error = walker->check(&seen, walker->context);
	if (error)
		return error;
	/*
	 * After the check, which decides about the link itself; its target is checked name by name.
	 */
	if (S_ISLNK(seen.entry.st_mode))
		return follow(walker, fd, last, found);
	found->status = seen.entry;
	if (last)
		return end_at(walker, SEEP_TAKE_FD(fd), slash, found);
	return S_ISDIR(seen.entry.st_mode) ? enter(walker, SEEP_TAKE_FD(fd)) : -ENOTDIR;
}

/* The path ended in a directory without a name for it. */
static int end_here(struct walker *walker, struct seep_lookup *found)
{
	if (fstat(here(walker), &found->status))
		return -errno;
	found->file = walker->directories[--walker->depth];
	return 0;
}

static int walk_on(struct walker *walker, struct seep_lookup *found)
{
	bool last = false, slash = false;
	int error = 0;

	/* The walk is over when it has found a file or the name for one. */
	while (!error && found->file < 0 && !found->name) {
		int result = next_name(walker, &last, &slash);

		if (result <= 0)
			return result ? result : end_here(walker, found);
		if (strcmp(walker->name, "..") == 0)
			error = go_up(walker);
		else if (strcmp(walker->name, ".") != 0)
			error = step(walker, last, slash, found);
	}
	return error;
}

int seep_lookup_path(int root, const char *path,
		     int (*check)(const struct seep_lookup_step *step, void *context),
		     void *context, struct seep_lookup *ret_lookup)
{
	SEEP_CLEANUP(walker_done)
	struct walker walker = {.root = root, .check = check, .context = context};
	struct seep_lookup found = SEEP_LOOKUP_INIT;
	int error;

	if (!path[0])
		return -ENOENT;
	if (strlen(path) >= sizeof(walker.path))
		return -ENAMETOOLONG;
	strcpy(walker.path, path);
	walker.rest = walker.path;
	error = start(&walker, path);
	if (!error)
		error = walk_on(&walker, &found);
	if (error) {
		seep_lookup_done(&found);
		return error;
	}
	*ret_lookup = found;
	return 0;
}

void seep_lookup_done(struct seep_lookup *found)
{
	seep_cleanup_fd(&found->directory);
	seep_cleanup_fd(&found->file);
	free(found->name);
	*found = (struct seep_lookup)SEEP_LOOKUP_INIT;
}

int seep_lookup_reopen(int file, int flags)
{
	char path[32];
	int fd;

	/* The kernel follows such a link to the open file itself, not to a path (proc(5)). */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
