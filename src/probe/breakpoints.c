// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called for each file of a target whenever its mappings are looked through, so at least once per
 * report, and before its probes are removed. A breakpoint is missing where the memory has the first
 * byte that the file has: what else may stand there is somebody's own, and is left alone. Reading
 * takes the lock of the address space, under which the kernel maps a file and places its
 * breakpoints, so one that is on its way is not missed.
 *
 * Bounded by the probes of the file: two reads of a byte for each.
 */
#include "probe/breakpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"

/* int3, the one-byte trap of x86-64 that the kernel writes for a uprobe. */
#define BREAKPOINT 0xcc

/* Unreadable memory is not a lost probe: the mapping may be going away. */
static bool is_lost(int memory, const struct seep_mapping *mapping, const struct seep_file *file,
		    uint64_t offset)
{
	uint8_t there, wanted;
	uint64_t address = mapping->start + (offset - mapping->offset);

	if (pread(memory, &there, 1, (off_t)address) != 1 || there == BREAKPOINT)
		return false;
	/* A file that has int3 at this place looks the same with and without a probe. */
	return pread(file->fd, &wanted, 1, (off_t)offset) == 1 && there == wanted &&
	       wanted != BREAKPOINT;
}

/* Leaves in @offsets, which has @count of them, those whose breakpoint in @mapping is lost. How
 * many. */
static int keep_lost(pid_t pid, const struct seep_mapping *mapping, const struct seep_file *file,
		     uint64_t *offsets, size_t count, size_t *ret_lost)
{
	SEEP_AUTO_CLOSE int memory = -1;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	if (memory < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	*ret_lost = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t offset = offsets[i];

		if (offset < mapping->offset ||
		    offset - mapping->offset >= mapping->end - mapping->start)
			continue;
		if (is_lost(memory, mapping, file, offset))
			offsets[(*ret_lost)++] = offset;
	}
	return 0;
}

/*
 * A second probe at the same place has the kernel write the breakpoint, which stays for the first
 * one when the second is closed.
 */
static int place_again(const struct seep_probes *probes, const struct seep_file *file,
		       const uint64_t *offsets, size_t count)
{
	const struct seep_attach_request request = {
		.pid = probes->pid,
		.thread = probes->thread,
		.file_fd = file->fd,
		.count = count,
		.offsets = offsets,
	};
	SEEP_AUTO_FREE int *fds = calloc(count, sizeof(*fds));
	int placed;

	if (!fds)
		return -ENOMEM;
	placed = seep_attach_anchors(&request, fds);
	for (int i = 0; i < placed; i++)
		close(fds[i]);
	return placed < 0 ? placed : 0;
}

int seep_breakpoints_check(const struct seep_probes *probes, pid_t pid,
			   const struct seep_mapping *mapping, const struct seep_file *file,
			   bool again, size_t *ret_lost)
{
	SEEP_AUTO_FREE uint64_t *offsets = NULL;
	size_t count;
	int error;

	*ret_lost = 0;
	if (file->fd < 0 || !seep_probes_has(probes, file))
		return 0;
	offsets = calloc(seep_probes_places_max(file), sizeof(*offsets));
	if (!offsets)
		return -ENOMEM;
	count = seep_probes_places(probes, file, offsets);
	error = keep_lost(pid, mapping, file, offsets, count, ret_lost);
	if (error || !*ret_lost || !again)
		return error;
	return place_again(probes, file, offsets, *ret_lost);
}
