/* SPDX-License-Identifier: GPL-2.0-only */
/* Segments of shared memory that outlive who has made them: POSIX (shm_open) and System V. */
#ifndef SEEP_PROC_SEGMENTS_H
#define SEEP_PROC_SEGMENTS_H

#include <stdint.h>
#include <sys/types.h>

struct seep_segments {
	uint64_t count;
	uint64_t bytes; /* in memory, or swapped */
};

/*
 * Those that may be of @pid: files in its /dev/shm of its user, written to at or after @since_s
 * (seconds since 1970), and segments of System V that it has created since. 0; -ESRCH; -errno.
 */
int seep_segments_read(pid_t pid, int64_t since_s, struct seep_segments *ret_segments);

/* Adds what the text of /proc/sysvipc/shm (proc_sysvipc(5)) says that @pid has created. */
void seep_segments_parse_sysv(const char *text, pid_t pid, int64_t since_s,
			      struct seep_segments *segments);

#endif
