// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is in the scope now: /proc is read from end to end for each question, which happens when a
 * trace begins. What comes later is found by BPF.
 */
#include "target/scope.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "proc/cgroup.h"
#include "proc/process.h"

/* A path of cgroup v1 is the likeliest mistake: many systems have both mounted. */
static void explain_missing(const char *path, const char *mount_point, const char *directory,
			    int error)
{
	struct statfs status;

	if (statfs(path, &status) == 0 && status.f_type == CGROUP_SUPER_MAGIC)
		seep_error("cannot trace the cgroup %s: it is a cgroup of version 1; seep needs "
			   "version 2, which is mounted at %s",
			   path, mount_point);
	else if (error == -ENOENT)
		seep_error("cannot trace the cgroup %s: there is none of this path; cgroup v2 is "
			   "mounted at %s",
			   path, mount_point);
	else
		seep_error("cannot trace the cgroup %s: %s: %s", path, directory, strerror(-error));
}

int seep_scope_find_cgroup(struct seep_scope *scope, const char *path)
{
	SEEP_AUTO_FREE char *mount_point = NULL, *directory = NULL;
	SEEP_AUTO_CLOSE int fd = -1;
	int error = seep_cgroup_mount_point(&mount_point);

	if (error) {
		seep_error("cannot trace the cgroup %s: cgroup v2 is not mounted; mount -t cgroup2 "
			   "none DIRECTORY",
			   path);
		return error;
	}
	scope->cgroup = seep_cgroup_path_in_hierarchy(path, mount_point);
	if (!scope->cgroup || asprintf(&directory, "%s%s", mount_point, scope->cgroup) < 0) {
		directory = NULL;
		return -ENOMEM;
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		error = -errno;
		explain_missing(path, mount_point, directory, error);
		return error;
	}
	/* BPF compares tasks with this cgroup (kernel.c, fill_scope), so the descriptor is kept. */
	scope->cgroup_fd = SEEP_TAKE_FD(fd);
	return 0;
}

void seep_scope_done(struct seep_scope *scope)
{
	free(scope->cgroup);
	scope->cgroup = NULL;
	seep_cleanup_fd(&scope->cgroup_fd);
	scope->cgroup_fd = -1;
}

bool seep_scope_is_open(const struct seep_scope *scope)
{
	return scope->type != SEEP_SCOPE_NAMED;
}

/* In it or in one below it. */
static bool in_cgroup(const struct seep_scope *scope, pid_t pid)
{
	SEEP_AUTO_FREE char *cgroup = NULL;

	return !seep_cgroup_of(pid, &cgroup) && seep_cgroup_is_within(cgroup, scope->cgroup);
}

/* The name of the main thread, up to 15 bytes: the kernel cuts comm to TASK_COMM_LEN. */
static bool has_comm(const struct seep_scope *scope, pid_t pid)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	if (seep_file_read_at(AT_FDCWD, path, 256, &text))
		return false;
	text.data[strcspn(text.data, "\n")] = '\0';
	return strcmp(text.data, scope->comm) == 0;
}

bool seep_scope_contains(const struct seep_scope *scope, pid_t pid)
{
	switch (scope->type) {
	case SEEP_SCOPE_ALL:
		return pid != getpid();
	case SEEP_SCOPE_COMM:
		return pid != getpid() && has_comm(scope, pid);
	case SEEP_SCOPE_CGROUP:
		return pid != getpid() && in_cgroup(scope, pid);
	/* Its processes were named by PID, or launched: none belongs to it by a property. */
	case SEEP_SCOPE_NAMED:
		break;
	}
	return false;
}

/*
 * Calls @fn for every process that @wanted says yes to, until it returns non-zero. Processes that
 * come while /proc is read may be missing: BPF finds those.
 */
static int each_process(bool (*wanted)(const void *what, pid_t pid), const void *what,
			int (*fn)(void *context, pid_t pid), void *context)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	int result = 0;

	if (!proc)
		return -errno;
	while (!result && (entry = readdir(proc))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		/* Entries of /proc that are no number are not processes. */
		if (pid > 0 && !*end && wanted(what, (pid_t)pid))
			result = fn(context, (pid_t)pid);
	}
	closedir(proc);
	return result;
}

static bool in_scope(const void *scope, pid_t pid)
{
	return seep_scope_contains(scope, pid);
}

int seep_scope_each(const struct seep_scope *scope, int (*fn)(void *context, pid_t pid),
		    void *context)
{
	return each_process(in_scope, scope, fn, context);
}

/* By the parent of each process: /proc lists children only with CONFIG_PROC_CHILDREN. */
static bool is_child(const void *parent, pid_t pid)
{
	return pid != getpid() && seep_proc_parent(pid) == *(const pid_t *)parent;
}

int seep_scope_each_child(pid_t parent, int (*fn)(void *context, pid_t pid), void *context)
{
	return each_process(is_child, &parent, fn, context);
}
