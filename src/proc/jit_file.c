// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file has a fixed name in the /tmp of the process, where every user can create it: own_file.h.
 * A perf map goes before a jitdump; a jitdump is looked for among the mappings first, wherever it
 * lies.
 */
#include "proc/jit_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proc/maps.h"
#include "proc/own_file.h"

#define NAME_MAX_BYTES 32 /* "tmp/perf-", a PID, ".map" */

/* perf's JIT agents map their dump executable, so that its path shows in maps. */
static int open_mapped(pid_t pid, const char *name, const struct seep_own_files *files)
{
	SEEP_AUTO_CLOSE int fd = -1;
	struct seep_maps maps;
	int error = seep_maps_read(pid, &maps);

	if (error)
		return error;
	for (size_t i = 0; i < maps.num_mappings && fd < 0; i++) {
		const struct seep_mapping *mapping = &maps.mappings[i];
		const char *slash = strrchr(mapping->path, '/');

		/* The directory is the program's choice; the name is fixed. */
		if (mapping->executable && mapping->inode && slash && strcmp(slash + 1, name) == 0)
			fd = seep_maps_open(pid, mapping);
	}
	seep_maps_done(&maps);
	return fd >= 0 && seep_own_file_is_trusted(files, fd) ? SEEP_TAKE_FD(fd) : -ENOENT;
}

int seep_jit_file_open(pid_t pid, struct seep_jit_file *ret_file)
{
	struct seep_own_files files;
	char path[NAME_MAX_BYTES];
	bool is_dump = false;
	int fd, error = seep_own_files_open(pid, &files);

	if (error)
		return error;
	/* The process knows its PID in its own namespace only, so that one is in the name. */
	snprintf(path, sizeof(path), "tmp/perf-%d.map", files.ids.inner_pid);
	fd = seep_own_file_open(&files, path);
	/* No perf map; a jitdump is looked for among the mappings, then in /tmp. */
	if (fd < 0) {
		is_dump = true;
		snprintf(path, sizeof(path), "tmp/jit-%d.dump", files.ids.inner_pid);
		fd = open_mapped(pid, strchr(path, '/') + 1, &files);
		if (fd < 0)
			fd = seep_own_file_open(&files, path);
	}
	seep_own_files_close(&files);
	if (fd < 0)
		return fd;
	*ret_file = (struct seep_jit_file){.fd = fd, .is_dump = is_dump};
	return 0;
}
