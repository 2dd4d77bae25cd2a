// SPDX-License-Identifier: GPL-2.0-only
#include "proc/segments.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "proc/lines.h"
#include "proc/process.h"

#define FILES_MAX 65536
#define TEXT_MAX  (16UL << 20)

/* Blocks of stat(2), whatever the file system has. */
#define BLOCK_BYTES 512

/* Columns of /proc/sysvipc/shm, counted from 0 (ipc/shm.c); the first line names them. */
enum sysv_column {
	SYSV_CREATOR = 4,
	SYSV_CHANGED = 13,
	SYSV_RSS,
	SYSV_SWAP,
	SYSV_COLUMNS
};

/* What is no line of numbers is no segment. */
static bool parse_sysv(const char *line, uint64_t columns[SYSV_COLUMNS])
{
	for (int i = 0; i < SYSV_COLUMNS; i++) {
		line += strspn(line, " ");
		if (seep_proc_take_number(&line, &columns[i]))
			return false;
	}
	return true;
}

void seep_segments_parse_sysv(const char *text, pid_t pid, int64_t since_s,
			      struct seep_segments *segments)
{
	uint64_t columns[SYSV_COLUMNS];

	for (const char *line = strchr(text, '\n'); line && line[1];
	     line = strchr(line + 1, '\n')) {
		if (!parse_sysv(line + 1, columns) || (pid_t)columns[SYSV_CREATOR] != pid ||
		    (int64_t)columns[SYSV_CHANGED] < since_s)
			continue;
		segments->count++;
		segments->bytes += columns[SYSV_RSS] + columns[SYSV_SWAP];
	}
}

static void add_file(int dir, const char *name, uid_t uid, int64_t since_s,
		     struct seep_segments *segments)
{
	struct stat status;

	if (fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
	    status.st_uid != uid || status.st_mtim.tv_sec < since_s)
		return;
	segments->count++;
	segments->bytes += (uint64_t)status.st_blocks * BLOCK_BYTES;
}

/* /dev/shm as the process sees it. */
static int add_files(int proc, int64_t since_s, struct seep_segments *segments)
{
	const struct dirent *entry;
	struct seep_proc_ids ids;
	int fd, error = seep_proc_ids_read_at(proc, &ids);
	DIR *files;

	if (error)
		return error;
	fd = openat(proc, "root/dev/shm", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	files = fd >= 0 ? fdopendir(fd) : NULL;
	if (!files) {
		error = -errno;
		if (fd >= 0)
			close(fd);
		return error;
	}
	for (int i = 0; i < FILES_MAX && (entry = readdir(files)); i++)
		add_file(fd, entry->d_name, ids.effective_uid, since_s, segments);
	closedir(files);
	return 0;
}

int seep_segments_read(pid_t pid, int64_t since_s, struct seep_segments *ret_segments)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	SEEP_AUTO_CLOSE int proc = seep_proc_open(pid);
	struct seep_segments segments = {0};
	int error;

	if (proc < 0)
		return proc;
	error = add_files(proc, since_s, &segments);
	/* A kernel without System V has no such file, a container no /dev/shm. */
	if (error && error != -ENOENT)
		return error;
	if (!seep_file_read_at(AT_FDCWD, "/proc/sysvipc/shm", TEXT_MAX, &text))
		seep_segments_parse_sysv(text.data, pid, since_s, &segments);
	*ret_segments = segments;
	return 0;
}
