// SPDX-License-Identifier: GPL-2.0-only
#include "proc/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"

#define TEXT_BYTES 8192

/* The soft limit in the line that begins with @name: a number or "unlimited". 0 or -EINVAL. */
static int find_limit(const char *text, const char *name, uint64_t *ret_limit)
{
	const char *line = text, *word;
	char *end;
	size_t skip = strlen(name);

	/* Names of limits have spaces in them, so there is no colon to go by. */
	while (line && strncmp(line, name, skip) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	/* Soft limit, hard limit and unit follow in columns. */
	if (!line || line[skip] != ' ')
		return -EINVAL;
	word = line + skip + strspn(line + skip, " ");
	if (strncmp(word, "unlimited ", strlen("unlimited ")) == 0) {
		*ret_limit = UINT64_MAX;
		return 0;
	}
	if (*word < '0' || *word > '9')
		return -EINVAL;
	errno = 0;
	*ret_limit = strtoull(word, &end, 10);
	return errno || *end != ' ' ? -EINVAL : 0;
}

int seep_proc_parse_limits(const char *text, struct seep_proc_limits *ret_limits)
{
	struct seep_proc_limits limits;

	if (find_limit(text, "Max open files", &limits.open_files) ||
	    find_limit(text, "Max processes", &limits.processes) ||
	    find_limit(text, "Max address space", &limits.address_space_bytes))
		return -EINVAL;
	*ret_limits = limits;
	return 0;
}

int seep_proc_limits_read(pid_t pid, struct seep_proc_limits *ret_limits)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	char path[32];
	int error;

	snprintf(path, sizeof(path), "/proc/%d/limits", pid);
	error = seep_file_read_at(AT_FDCWD, path, TEXT_BYTES, &text);
	if (error)
		return error == -ENOENT ? -ESRCH : error;
	return seep_proc_parse_limits(text.data, ret_limits);
}
