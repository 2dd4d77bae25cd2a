/* SPDX-License-Identifier: GPL-2.0-only */
/* How many descriptors a process may have, and when it has them. */
#ifndef SEEP_TARGET_FD_LIMIT_H
#define SEEP_TARGET_FD_LIMIT_H

#include <stdint.h>

#include "model/snapshot.h"

/* Where the growth of a process is counted from: starts zeroed. */
struct seep_fd_growth {
	uint64_t count;	  /* of descriptors, in the first snapshot ... */
	uint64_t time_ns; /* ... which was then; CLOCK_MONOTONIC, 0: there was none yet */
};

/* Fills in the limit of @process, whose totals are those of @now_ns. It stays if /proc has no more.
 */
void seep_fd_limit_fill(struct seep_fd_growth *growth, struct seep_process *process,
			uint64_t now_ns);

#endif
