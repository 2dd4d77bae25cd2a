// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/cgroup says which group a process is in, /proc/self/mountinfo where cgroup v2 is
 * mounted. The parsers change the text that they are given; what they return is a copy. What
 * seep_cgroup_path_in_hierarchy returns can be compared as text: it is below the mount point, with
 * one slash at the beginning and none at the end.
 */
#include "proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "proc/process.h"

#define MOUNTS_MAX  (4UL << 20)
#define CGROUPS_MAX (1UL << 20)

/* Undoes the kernel's escapes for white space in place: \040 and the like. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				       (from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/*
 * A line: ID, parent, device, root, mount point, options, optional fields, "-", type, source, super
 * options. The mount point if the type is cgroup2, else NULL.
 */
static char *parse_line(char *line)
{
	char *dash = strstr(line, " - "), *word, *mount_point = NULL;

	/*
	 * The number of optional fields differs, so the type is found by the dash in front of it.
	 */
	if (!dash || strncmp(dash + 3, "cgroup2 ", 8) != 0)
		return NULL;
	*dash = '\0';
	/* The fifth word (proc_pid_mountinfo(5)). */
	for (int i = 0; i < 5; i++) {
		word = strsep(&line, " ");
		if (!word)
			return NULL;
		mount_point = word;
	}
	unescape(mount_point);
	return mount_point;
}

int seep_cgroup_parse_mounts(char *text, char **ret_path)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		const char *mount_point = parse_line(line);

		if (!mount_point)
			continue;
		*ret_path = strdup(mount_point);
		return *ret_path ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

int seep_cgroup_mount_point(char **ret_path)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	int error = seep_file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_MAX, &text);

	return error ? error : seep_cgroup_parse_mounts(text.data, ret_path);
}

/* cgroups(7): of the lines "hierarchy:controllers:path" that of cgroup v2 begins with "0::". */
int seep_cgroup_read_at(int dir, char **ret_cgroup, struct seep_container *ret_container)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char *position, *line;
	int error;

	*ret_cgroup = NULL;
	if (ret_container)
		*ret_container = (struct seep_container){0};
	error = seep_file_read_at(dir, "cgroup", CGROUPS_MAX, &text);
	if (error == -ENOENT) /* a kernel without cgroups */
		return 0;
	if (error)
		return error;
	if (ret_container)
		seep_container_parse_cgroups(text.data, ret_container);
	position = text.data;
	while ((line = strsep(&position, "\n"))) {
		if (strncmp(line, "0::", 3) != 0)
			continue;
		/* The group has been removed, while the process was still in it. */
		seep_proc_cut_deleted(line);
		*ret_cgroup = strdup(line + 3);
		return *ret_cgroup ? 0 : -ENOMEM;
	}
	return 0;
}

int seep_cgroup_of(pid_t pid, char **ret_cgroup)
{
	SEEP_AUTO_CLOSE int dir = seep_proc_open(pid);
	int error;

	if (dir < 0)
		return dir;
	error = seep_cgroup_read_at(dir, ret_cgroup, NULL);
	/* Without cgroup v2. */
	return !error && !*ret_cgroup ? -ENOENT : error;
}

char *seep_cgroup_path_in_hierarchy(const char *path, const char *mount_point)
{
	size_t skip = strlen(mount_point), length;
	char *copy;

	/* Only whole components: /sys/fs/cgroup2 is not below /sys/fs/cgroup. */
	if (strncmp(path, mount_point, skip) == 0 && (path[skip] == '/' || !path[skip]))
		path += skip;
	while (*path == '/')
		path++;
	if (asprintf(&copy, "/%s", path) < 0)
		return NULL;
	length = strlen(copy);
	/* One slash at the beginning, none at the end: so paths can be compared as text. */
	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	return copy;
}

bool seep_cgroup_is_within(const char *path, const char *ancestor)
{
	size_t length = strlen(ancestor);

	/* Everything is within the root, "/". */
	if (length == 1)
		return true;
	return strncmp(path, ancestor, length) == 0 && (path[length] == '/' || !path[length]);
}
