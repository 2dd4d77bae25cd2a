// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers of a control group are in files of one line each, with "max" for no limit; those of the
 * machine and of a process are in lines with a name and a number in kB. Every question reads its
 * files anew. TEXT_BYTES bounds each of them.
 */
#include "proc/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "proc/lines.h"

/* /proc/meminfo is the longest of the files read here: some 60 lines. */
#define TEXT_BYTES 16384
#define KIB	   1024

/* A number to the end of the line. 0 or -EINVAL. */
static int parse_number(const char *text, uint64_t *ret_number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*ret_number = strtoull(text, &end, 10);
	return errno || (*end && *end != '\n') ? -EINVAL : 0;
}

/* The number in a file of one line; UINT64_MAX for "max". 0 or -errno. */
static int read_number(const char *directory, const char *controller, const char *what,
		       uint64_t *ret_number)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *path = NULL;
	int error;

	if (asprintf(&path, "%s/%s.%s", directory, controller, what) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	error = seep_file_read_at(AT_FDCWD, path, TEXT_BYTES, &text);
	if (error)
		return error;
	if (strcmp(text.data, "max\n") == 0) {
		*ret_number = UINT64_MAX;
		return 0;
	}
	return parse_number(text.data, ret_number);
}

/* How much more there may be; UINT64_MAX without a limit. */
static uint64_t room(const struct seep_proc_usage *usage)
{
	if (usage->max == UINT64_MAX)
		return UINT64_MAX;
	return usage->max > usage->used ? usage->max - usage->used : 0;
}

int seep_cgroup_usage_read(const char *directory, const char *root, const char *controller,
			   struct seep_proc_usage *ret_usage)
{
	/* Stays so if no group on the way has a limit. */
	struct seep_proc_usage tightest = {UINT64_MAX, UINT64_MAX};
	SEEP_AUTO_FREE char *path = strdup(directory);
	size_t root_length = strlen(root);

	if (!path)
		return -ENOMEM;
	/* From the group upwards: a limit of any group above holds for it as well. */
	while (strlen(path) > root_length) {
		struct seep_proc_usage usage;
		int error = read_number(path, controller, "max", &usage.max);

		if (!error)
			error = read_number(path, controller, "current", &usage.used);
		/* Everything else means that there is no such limit here. */
		if (error == -ENOMEM)
			return error;
		/* A group without this controller has no such files. */
		if (!error && room(&usage) < room(&tightest))
			tightest = usage;
		/* To the group above. */
		*strrchr(path, '/') = '\0';
	}
	*ret_usage = tightest;
	return 0;
}

/* "MemTotal:       24576000 kB" in bytes. 0 or -EINVAL. */
static int find_kib(const char *text, const char *name, uint64_t *ret_bytes)
{
	const char *at = seep_proc_line_find(text, name);
	uint64_t kib;
	char *end;

	if (!at || *at < '0' || *at > '9')
		return -EINVAL;
	errno = 0;
	kib = strtoull(at, &end, 10);
	if (errno || strncmp(end, " kB", 3) != 0 || kib > UINT64_MAX / KIB)
		return -EINVAL;
	*ret_bytes = kib * KIB;
	return 0;
}

int seep_machine_memory_parse(const char *text, struct seep_proc_usage *ret_usage)
{
	uint64_t total, available;
	/* MemAvailable (Linux 3.14) has what can be had without swapping: the page cache, too. */
	int error = find_kib(text, "MemTotal", &total);

	if (!error)
		error = find_kib(text, "MemAvailable", &available);
	if (error || available > total)
		return -EINVAL;
	*ret_usage = (struct seep_proc_usage){.used = total - available, .max = total};
	return 0;
}

int seep_machine_memory_read(struct seep_proc_usage *ret_usage)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	int error = seep_file_read_at(AT_FDCWD, "/proc/meminfo", TEXT_BYTES, &text);

	return error ? error : seep_machine_memory_parse(text.data, ret_usage);
}

int seep_machine_shared_parse(const char *text, uint64_t *ret_bytes)
{
	return find_kib(text, "Shmem", ret_bytes);
}

int seep_machine_shared_read(uint64_t *ret_bytes)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	int error = seep_file_read_at(AT_FDCWD, "/proc/meminfo", TEXT_BYTES, &text);

	return error ? error : seep_machine_shared_parse(text.data, ret_bytes);
}

/* Lines of "name number", without a colon. */
int seep_cgroup_shared_parse(const char *text, uint64_t *ret_bytes)
{
	static const char name[] = "shmem ";

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, sizeof(name) - 1) == 0) {
			line += sizeof(name) - 1;
			return seep_proc_take_number(&line, ret_bytes);
		}
	}
	return -EINVAL;
}

int seep_cgroup_shared_read(const char *directory, uint64_t *ret_bytes)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	SEEP_AUTO_FREE char *path = NULL;
	int error;

	if (asprintf(&path, "%s/memory.stat", directory) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	error = seep_file_read_at(AT_FDCWD, path, TEXT_BYTES, &text);
	return error ? error : seep_cgroup_shared_parse(text.data, ret_bytes);
}

int seep_max_map_count_read(uint64_t *ret_mappings)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	int error = seep_file_read_at(AT_FDCWD, "/proc/sys/vm/max_map_count", TEXT_BYTES, &text);

	return error ? error : parse_number(text.data, ret_mappings);
}

int seep_proc_pss_read(pid_t pid, uint64_t *ret_bytes)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char path[40];
	int error;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	error = seep_file_read_at(AT_FDCWD, path, TEXT_BYTES, &text);
	/* Without the file the process has ended. */
	if (error)
		return error == -ENOENT ? -ESRCH : error;
	return find_kib(text.data, "Pss", ret_bytes);
}
