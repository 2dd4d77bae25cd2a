/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the numbers of one process come from: files below /proc/PID, which is held open, so that a
 * PID that is used again does not come back into it.
 *
 * Measured on Linux 6.18, for each process and look: statm 5 us (1.4 if it were held open too,
 * for twice the descriptors), status 13 us, the number of descriptors 2 us by the size of the
 * directory (Linux 6.2). So statm is read each time, and status only if statm has changed, and now
 * and then.
 */
#ifndef SEEP_WATCH_SOURCE_H
#define SEEP_WATCH_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "watch/values.h"

/* SEEP_UNKNOWN for what cannot be read. */
struct seep_watch_reading {
	uint64_t values[SEEP_WATCH_VALUE_COUNT];
	uint64_t rss_bytes;
};

/* Seven numbers of up to 20 digits. */
#define SEEP_WATCH_STATM_MAX 160

struct seep_watch_source {
	pid_t pid;
	int dir;	    /* /proc/PID, or that of a thread, if its leader has ended */
	unsigned int looks; /* since status was read */
	char statm[SEEP_WATCH_STATM_MAX]; /* as it was when status was read */
};

/* Takes over @dir, a descriptor of /proc/@pid. */
void seep_watch_source_init(struct seep_watch_source *source, pid_t pid, int dir);
void seep_watch_source_done(struct seep_watch_source *source);

/*
 * Brings *reading up to date, which is that of the last time. 0; -ESRCH: the process has ended;
 * -EINVAL for text that is not understood; another -errno.
 */
int seep_watch_source_read(struct seep_watch_source *source, struct seep_watch_reading *reading);

/* The text of /proc/PID/status (proc(5)). 0; -ESRCH: it has no memory; -EINVAL. */
int seep_watch_parse_status(const char *text, struct seep_watch_reading *reading);

#endif
