// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PID may be given to another process between two reads, so seep_proc_info_read opens /proc/PID
 * once and reads everything below that descriptor: the files of a process that is gone fail with
 * ESRCH, they never become those of the next one. The other functions are single questions, for
 * those who hold the process by other means or can live with an answer that is old at once.
 *
 * Files of /proc are bounded by PROC_FILE_MAX; the kernel writes them, but names in them (comm,
 * exe, cgroup) are whatever other users like.
 */
#include "proc/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/units.h"
#include "proc/cgroup.h"
#include "proc/lines.h"
#include "proc/stat.h"

/* The files read here are a few KiB long; status lists groups too, of which 65,536 are allowed. */
#define PROC_FILE_MAX (1UL << 20)

#define PROC_PID_MAX (1 << 22) /* PID_MAX_LIMIT of include/linux/threads.h */

static const char deleted_suffix[] = " (deleted)";

/* Opening or reading a file of /proc/PID says -ENOENT or -ESRCH once the process is gone. */
static int gone_error(int error)
{
	return error == -ENOENT ? -ESRCH : error;
}

/* The start in ticks counts on CLOCK_BOOTTIME (task_struct.start_boottime). */
static uint64_t ticks_to_utc_ns(uint64_t ticks)
{
	/*
	 * Two readings of clocks, so the sum may differ by microseconds from one call to the next.
	 */
	uint64_t boot_utc_ns = seep_clock_utc_ns() - seep_clock_boot_ns();

	return boot_utc_ns + ticks * (SEEP_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Comm, state, parent, threads and start. 0; -ESRCH; -EINVAL; another -errno. */
static int read_stat(int dir, struct seep_proc_info *ret_info)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	int error;

	error = seep_file_read_at(dir, "stat", PROC_FILE_MAX, &buffer);
	if (error)
		return gone_error(error);
	error = seep_proc_parse_stat(buffer.data, ret_info);
	if (!error)
		ret_info->start_utc_ns = ticks_to_utc_ns(ret_info->start_ticks);
	return error;
}

bool seep_proc_cut_deleted(char *text)
{
	size_t length = strlen(text), suffix = sizeof(deleted_suffix) - 1;

	/* A file may really be called so; the kernel does not let that be told apart. */
	if (length < suffix || strcmp(text + length - suffix, deleted_suffix) != 0)
		return false;
	text[length - suffix] = '\0';
	return true;
}

/* A kernel thread has no executable, and another user's is not shown. Both are no failure. */
static int read_exe(int dir, char **ret_exe)
{
	char target[PATH_MAX + 1];
	ssize_t length = readlinkat(dir, "exe", target, PATH_MAX);

	*ret_exe = NULL;
	if (length < 0)
		return 0;
	target[length] = '\0';
	seep_proc_cut_deleted(target);
	*ret_exe = strdup(target);
	return *ret_exe ? 0 : -ENOMEM;
}

/* Do the two names lead to the same inode? Namespaces have inodes, too (namespaces(7)). */
static bool is_same_file(int dir, const char *path, const char *own_path)
{
	struct stat theirs;
	struct stat ours;

	/* What cannot be compared could not be used either: take it for the same. */
	if (fstatat(dir, path, &theirs, 0) < 0 || stat(own_path, &ours) < 0)
		return true;
	return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* NULL if paths mean the same to the process and to us: the same root and the same mounts. */
static int read_root(int dir, pid_t pid, char **ret_root)
{
	*ret_root = NULL;
	if (is_same_file(dir, "root", "/proc/self/root") &&
	    is_same_file(dir, "ns/mnt", "/proc/self/ns/mnt"))
		return 0;
	if (asprintf(ret_root, "/proc/%d/root", pid) < 0) {
		*ret_root = NULL;
		return -ENOMEM;
	}
	return 0;
}

int seep_proc_open(pid_t pid)
{
	char path[32];
	int dir;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = open(path, O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? gone_error(-errno) : dir;
}

/* The state of the thread @tid, which is a name in @tasks; 0 if it is gone. */
static char state_of_thread(int tasks, const char *tid)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct seep_proc_info info;
	char path[300];

	snprintf(path, sizeof(path), "%s/stat", tid);
	if (seep_file_read_at(tasks, path, PROC_FILE_MAX, &text) ||
	    seep_proc_parse_stat(text.data, &info))
		return 0;
	return info.state;
}

pid_t seep_proc_other_thread(pid_t pid, pid_t except)
{
	const struct dirent *entry;
	pid_t found = -ESRCH;
	char path[48];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return -ESRCH;
	/* The leader comes first, as the kernel lists them. */
	while (found < 0 && (entry = readdir(tasks))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
		/* "." and ".." are no numbers. */
		char state = thread <= 0 || thread == except ?
				     0 :
				     state_of_thread(dirfd(tasks), entry->d_name);

		/* Neither a zombie nor dead (proc(5)). */
		if (state && state != 'Z' && state != 'X')
			found = thread;
	}
	closedir(tasks);
	/* -ESRCH if all have ended. */
	return found;
}

pid_t seep_proc_living_thread(pid_t pid)
{
	return seep_proc_other_thread(pid, 0);
}

int seep_proc_ids_read_at(int dir, struct seep_proc_ids *ret_ids)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	int error = seep_file_read_at(dir, "status", PROC_FILE_MAX, &buffer);

	return error ? gone_error(error) : seep_proc_parse_ids(buffer.data, ret_ids);
}

/*
 * What a process has, its leader has no more when it has ended; /proc/TID of another thread, which
 * no list shows, is like /proc/PID.
 */
static int use_living_thread(int *dir, struct seep_proc_info *info)
{
	pid_t thread = seep_proc_living_thread(info->pid);
	int other = thread < 0 ? thread : seep_proc_open(thread);

	/* It has ended since, as the leader had: what was read is true. */
	if (other < 0)
		return other == -ESRCH ? 0 : other;
	/* From here on everything is read from the other thread. */
	close(*dir);
	*dir = other;
	/* For those who ask for more: the leader's files are empty. */
	info->thread = thread;
	/*
	 * Not Z: the process goes on without its leader. What the state really is differs by
	 * thread.
	 */
	info->state = 'S';
	return 0;
}

int seep_proc_info_read(pid_t pid, struct seep_proc_info *ret_info)
{
	SEEP_CLEANUP(seep_proc_info_done) struct seep_proc_info info = {0};
	SEEP_AUTO_CLOSE int dir = seep_proc_open(pid);
	struct seep_proc_ids ids = {0};
	int error;

	if (dir < 0)
		return dir;
	error = read_stat(dir, &info);
	info.thread = pid;
	/* A leader that has ended stays as a zombie until its last thread has ended. */
	if (!error && info.state == 'Z' && info.num_threads > 1)
		error = use_living_thread(&dir, &info);
	if (!error)
		error = read_exe(dir, &info.exe);
	if (!error)
		error = seep_proc_ids_read_at(dir, &ids);
	info.inner_pid = ids.inner_pid;
	if (!error)
		error = seep_cgroup_read_at(dir, &info.cgroup, &info.container);
	if (!error)
		error = read_root(dir, info.thread, &info.root);
	if (error)
		return error;
	/* If it is gone by now, some of this is missing instead of not there. */
	if (faccessat(dir, "stat", F_OK, 0) < 0)
		return gone_error(-errno);

	*ret_info = info;
	/* The strings belong to the caller now. */
	info = (struct seep_proc_info){0};
	return 0;
}

void seep_proc_info_done(struct seep_proc_info *info)
{
	free(info->exe);
	free(info->cgroup);
	free(info->root);
	info->exe = NULL;
	info->cgroup = NULL;
	info->root = NULL;
}

/* The text of /proc/@pid/status, which may also be that of a thread. */
static int read_status(pid_t pid, struct seep_buffer *buffer)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return gone_error(seep_file_read_at(AT_FDCWD, path, PROC_FILE_MAX, buffer));
}

/* The number in the line of that name: 0, -ENOENT, -EINVAL. */
static int find_status(const char *text, const char *name, uint64_t *ret_value)
{
	const char *at = seep_proc_line_find(text, name);

	return at ? seep_proc_take_number(&at, ret_value) : -ENOENT;
}

int seep_proc_memory_read(pid_t pid, struct seep_proc_memory *ret_memory)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	uint64_t rss_kib;
	uint64_t anon_kib;
	uint64_t file_kib;
	uint64_t shared_kib;
	uint64_t size_kib;
	int error;

	error = read_status(pid, &buffer);
	if (!error)
		error = find_status(buffer.data, "VmRSS", &rss_kib);
	if (!error)
		error = find_status(buffer.data, "RssAnon", &anon_kib);
	if (!error)
		error = find_status(buffer.data, "RssFile", &file_kib);
	if (!error)
		error = find_status(buffer.data, "RssShmem", &shared_kib);
	if (!error)
		error = find_status(buffer.data, "VmSize", &size_kib);
	if (error)
		return gone_error(error); /* nobody without memory has these lines */

	*ret_memory = (struct seep_proc_memory){
		.rss_bytes = rss_kib * 1024,
		.anon_bytes = anon_kib * 1024,
		.file_bytes = file_kib * 1024,
		.shared_bytes = shared_kib * 1024,
		.address_space_bytes = size_kib * 1024,
	};
	return 0;
}

int seep_proc_parse_ids(const char *text, struct seep_proc_ids *ret_ids)
{
	const char *pids = seep_proc_line_find(text, "NSpid"),
		   *uids = seep_proc_line_find(text, "Uid");
	uint64_t pid = 0, real, effective;

	if (!pids || !uids)
		return -EINVAL;
	do { /* from the outermost namespace to its own */
		if (seep_proc_take_number(&pids, &pid) || pid == 0 || pid > INT_MAX)
			return -EINVAL;
		pids += strspn(pids, " \t");
	} while (*pids && *pids != '\n');
	/* Real, effective, saved, file system; the first two are enough. */
	if (seep_proc_take_number(&uids, &real) || seep_proc_take_text(&uids, "\t") ||
	    seep_proc_take_number(&uids, &effective) || real > UINT32_MAX || effective > UINT32_MAX)
		return -EINVAL;
	*ret_ids = (struct seep_proc_ids){
		.inner_pid = (pid_t)pid,
		.real_uid = (uid_t)real,
		.effective_uid = (uid_t)effective,
	};
	return 0;
}

int seep_proc_cpu_read(pid_t pid, uint64_t *ret_ns)
{
	struct timespec used;
	clockid_t clock;

	/*
	 * Exact, where /proc/PID/stat counts in ticks of 10 ms. 0 would mean ourselves, and of a
	 * larger number than a PID can be the clock's id would lose the upper bits.
	 */
	if (pid <= 0 || pid > PROC_PID_MAX || clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &used) < 0)
		return -ESRCH;
	*ret_ns = (uint64_t)used.tv_sec * SEEP_NS_PER_S + (uint64_t)used.tv_nsec;
	return 0;
}

pid_t seep_proc_parent(pid_t pid)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	struct seep_proc_info info = {0};
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (seep_file_read_at(AT_FDCWD, path, PROC_FILE_MAX, &text) ||
	    seep_proc_parse_stat(text.data, &info))
		return -ESRCH;
	return info.parent;
}

bool seep_proc_is_process(pid_t pid)
{
	return seep_proc_leader(pid) == pid;
}

/* Threads are not listed in /proc, but /proc/TID can be opened. */
pid_t seep_proc_leader(pid_t tid)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;
	uint64_t leader;

	if (read_status(tid, &buffer) || find_status(buffer.data, "Tgid", &leader) || leader == 0 ||
	    leader > INT_MAX)
		return -ESRCH;
	return (pid_t)leader;
}
