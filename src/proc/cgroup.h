/* SPDX-License-Identifier: GPL-2.0-only */
/* Control groups, version 2: where they are mounted, and which one a process is in. */
#ifndef SEEP_PROC_CGROUP_H
#define SEEP_PROC_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc/container.h"

/*
 * Where cgroup v2 is mounted for us, in hybrid systems too, from /proc/self/mountinfo (proc(5)). 0,
 * *ret_path is the caller's; -ENOENT if it is not mounted; -ENOMEM or another -errno.
 */
int seep_cgroup_mount_point(char **ret_path);

/* The pure part: finds it in the text of mountinfo, which is modified. 0, -ENOENT or -ENOMEM. */
int seep_cgroup_parse_mounts(char *text, char **ret_path);

/*
 * The cgroup of a process, as a path from the root of the hierarchy: @dir is an open descriptor of
 * /proc/PID. 0, *ret_cgroup is the caller's, NULL if it has none; -ESRCH, -ENOMEM or another
 * -errno. The container that it is in goes to *ret_container, if that is not NULL; "" for none.
 */
int seep_cgroup_read_at(int dir, char **ret_cgroup, struct seep_container *ret_container);
/* The same by PID; -ENOENT if it has none. */
int seep_cgroup_of(pid_t pid, char **ret_cgroup);

/*
 * The path within the hierarchy that is mounted at @mount_point: "/a/b" of "/sys/fs/cgroup/a/b", of
 * "a/b" and of "/a/b/"; "/" of the mount point itself. The caller frees it; NULL when memory is
 * out.
 */
char *seep_cgroup_path_in_hierarchy(const char *path, const char *mount_point);

/* Is the cgroup @path @ancestor or below it? Both as in /proc/PID/cgroup; "/" is above all. */
bool seep_cgroup_is_within(const char *path, const char *ancestor);

#endif
