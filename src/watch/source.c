// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called for each process at each look, so it allocates nothing and reads no more than it has to:
 * statm, and only if that has changed, or every LOOKS_WITHOUT_STATUS looks, status. Texts are
 * bounded by the buffers on the stack; what does not fit is not understood, and the process is
 * counted as one that cannot be watched.
 */
#include "watch/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/lines.h"
#include "proc/process.h"

/* Status changes without statm by what has no memory of its own: a thread on an old stack. */
#define LOOKS_WITHOUT_STATUS 6

/* Longer than status is, but for its list of groups, which comes first: that may have 65,536. */
#define STATUS_BYTES 8192

/* Without the size of the directory (before Linux 6.2) descriptors are counted one by one. */
#define COUNTED_FDS_MAX 4096
/* So many are counted at each look: what is counted now and then seems to grow in steps. */
#define FEW_FDS 1024

void seep_watch_source_init(struct seep_watch_source *source, pid_t pid, int dir)
{
	*source = (struct seep_watch_source){
		.pid = pid,
		.dir = dir,
		.looks = LOOKS_WITHOUT_STATUS,
	};
}

void seep_watch_source_done(struct seep_watch_source *source)
{
	seep_cleanup_fd(&source->dir);
	source->dir = -1;
}

/* Without a buffer of its own: this is read for each process at each look. */
static int read_text(int dir, const char *name, char *text, size_t size)
{
	SEEP_AUTO_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	length = read(fd, text, size - 1);
	if (length < 0)
		return -errno;
	text[length] = '\0';
	return 0;
}

/* A number of status in bytes; kept as unknown if it is not there. */
static void find_kib(const char *text, const char *name, uint64_t *ret_bytes)
{
	const char *at = seep_proc_line_find(text, name);
	uint64_t kib;

	if (at && !seep_proc_take_number(&at, &kib) && kib < UINT64_MAX / 1024)
		*ret_bytes = kib * 1024;
}

int seep_watch_parse_status(const char *text, struct seep_watch_reading *reading)
{
	const char *threads = seep_proc_line_find(text, "Threads");
	struct seep_watch_reading now;
	uint64_t swap_bytes = 0;

	memset(&now, 0xff, sizeof(now)); /* SEEP_UNKNOWN */
	if (!threads || seep_proc_take_number(&threads, &now.values[SEEP_WATCH_THREADS]))
		return -EINVAL;
	find_kib(text, "VmRSS", &now.rss_bytes);
	/* Zombies and threads of the kernel have no memory. */
	if (now.rss_bytes == SEEP_UNKNOWN)
		return -ESRCH;
	find_kib(text, "RssAnon", &now.values[SEEP_WATCH_ANON]);
	find_kib(text, "RssShmem", &now.values[SEEP_WATCH_SHMEM]);
	find_kib(text, "RssFile", &now.values[SEEP_WATCH_FILE]);
	find_kib(text, "VmData", &now.values[SEEP_WATCH_DATA]);
	find_kib(text, "VmSize", &now.values[SEEP_WATCH_SIZE]);
	/* What is swapped out is still there: a leak goes on growing. */
	find_kib(text, "VmSwap", &swap_bytes);
	if (now.values[SEEP_WATCH_ANON] != SEEP_UNKNOWN)
		now.values[SEEP_WATCH_ANON] += swap_bytes;
	now.values[SEEP_WATCH_FDS] = reading->values[SEEP_WATCH_FDS];
	*reading = now;
	return 0;
}

/* One by one; unknown of another user's process, and of one with very many. */
static uint64_t count_fds(int dir)
{
	int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	uint64_t count = 0;
	const struct dirent *entry;

	if (!list) {
		seep_cleanup_fd(&fd);
		return SEEP_UNKNOWN;
	}
	while (count <= COUNTED_FDS_MAX && (entry = readdir(list)))
		count += entry->d_name[0] != '.';
	closedir(list);
	return count > COUNTED_FDS_MAX ? SEEP_UNKNOWN : count;
}

/* @all: it may take long. A process without any descriptor has a size of 0 as well. */
static void read_fds(int dir, bool all, uint64_t *fds)
{
	struct stat status;

	if (fstatat(dir, "fd", &status, 0) == 0 && status.st_size > 0)
		*fds = (uint64_t)status.st_size;
	else if (all || *fds <= FEW_FDS)
		*fds = count_fds(dir);
}

/* The leader may have ended before its threads: then one of these is asked from now on. */
static int use_living_thread(struct seep_watch_source *source)
{
	pid_t thread = seep_proc_living_thread(source->pid);
	int dir = thread <= 0 || thread == source->pid ? -ESRCH : seep_proc_open(thread);

	if (dir < 0)
		return dir;
	close(source->dir);
	source->dir = dir;
	return 0;
}

static int read_status(struct seep_watch_source *source, struct seep_watch_reading *reading)
{
	char text[STATUS_BYTES];
	int error = read_text(source->dir, "status", text, sizeof(text));

	return error ? error : seep_watch_parse_status(text, reading);
}

int seep_watch_source_read(struct seep_watch_source *source, struct seep_watch_reading *reading)
{
	char statm[SEEP_WATCH_STATM_MAX];
	int error = read_text(source->dir, "statm", statm, sizeof(statm));
	bool all;

	if (!error && strncmp(statm, "0 ", 2) == 0)
		error = -ESRCH;
	if (error == -ESRCH) {
		error = use_living_thread(source);
		if (!error)
			error = read_text(source->dir, "statm", statm, sizeof(statm));
	}
	if (error)
		return error;
	all = strcmp(statm, source->statm) != 0 || ++source->looks >= LOOKS_WITHOUT_STATUS;
	if (all) {
		error = read_status(source, reading);
		if (error)
			return error;
		memcpy(source->statm, statm, sizeof(statm));
		source->looks = 0;
	}
	read_fds(source->dir, all, &reading->values[SEEP_WATCH_FDS]);
	return 0;
}
