// SPDX-License-Identifier: GPL-2.0-only
#include "proc/switches.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "proc/lines.h"

/* Three numbers of up to 20 digits. */
#define SCHEDSTAT_MAX 128

/* The third number: time on a CPU, time waiting for one, times on one. */
static int read_thread(int tasks, const char *name, uint64_t *ret_switches)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const char *at;
	char path[280];
	int error;

	snprintf(path, sizeof(path), "%s/schedstat", name);
	error = seep_file_read_at(tasks, path, SCHEDSTAT_MAX, &text);
	at = text.data;
	for (int i = 0; i < 3 && !error; i++) {
		while (*at == ' ')
			at++;
		error = seep_proc_take_number(&at, ret_switches);
	}
	return error;
}

int seep_proc_switches_read(pid_t pid, uint64_t *ret_switches)
{
	SEEP_AUTO_DIR DIR *tasks = NULL;
	const struct dirent *entry;
	uint64_t sum = 0, read = 0, threads = 0, one;
	int error = -ENOENT;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (!tasks)
		return errno == ENOENT ? -ESRCH : -errno;
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		threads++;
		if (read == SEEP_PROC_SWITCHES_THREADS)
			continue;
		/* One that has ended meanwhile is none. */
		error = read_thread(dirfd(tasks), entry->d_name, &one);
		if (error)
			continue;
		sum += one;
		read++;
	}
	if (!read)
		return error;
	*ret_switches = (uint64_t)((double)sum * ((double)threads / (double)read));
	return 0;
}
