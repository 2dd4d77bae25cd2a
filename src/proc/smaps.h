/* SPDX-License-Identifier: GPL-2.0-only */
/* What is resident of each mapping of a process, from /proc/PID/smaps (proc(5)). */
#ifndef SEEP_PROC_SMAPS_H
#define SEEP_PROC_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* What is longer loses its beginning: the last component of a path says most. */
#define SEEP_REGION_NAME 64

struct seep_region {
	uint64_t start;
	uint64_t end;
	uint64_t resident_bytes;
	uint64_t anon_bytes; /* of these: pages of no file */
	bool writable;
	bool shared;
	char name[SEEP_REGION_NAME]; /* as in maps; raw bytes of the target */
};

struct seep_smaps {
	size_t count;
	struct seep_region *regions; /* by ascending address */
};

/* More than the kernel allows by default (65,530); a longer list is refused. */
#define SEEP_SMAPS_MAX 100000

/* The text of smaps. 0; -EINVAL; -E2BIG; -ENOMEM. */
int seep_smaps_parse(FILE *stream, struct seep_smaps *ret_smaps);
/*
 * Of a running process. The kernel goes over all of its pages for it, as for the proportional set
 * size (usage.h), mapping by mapping: not to be asked often. 0; -ESRCH; as above; another -errno.
 */
int seep_smaps_read(pid_t pid, struct seep_smaps *ret_smaps);
void seep_smaps_done(struct seep_smaps *smaps);

#endif
