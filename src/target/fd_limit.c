// SPDX-License-Identifier: GPL-2.0-only
/* Called by the collector for each live process and snapshot in which descriptors are traced. */
#include "target/fd_limit.h"

#include "proc/limits.h"

/* How long the growth so far may go on until the limit is reached. */
static uint64_t time_left(const struct seep_fd_growth *growth, uint64_t count, uint64_t limit,
			  uint64_t now_ns)
{
	/* No limit, or no growth since the first snapshot: there is no time to be told. */
	if (limit == UINT64_MAX || count <= growth->count)
		return SEEP_UNKNOWN;
	if (count >= limit)
		return 0;
	/*
	 * A straight line from the first snapshot to this one; in double, because the product of
	 * the remaining descriptors and nanoseconds can exceed 64 bits.
	 */
	return (uint64_t)((double)(limit - count) / (double)(count - growth->count) *
			  (double)(now_ns - growth->time_ns));
}

void seep_fd_limit_fill(struct seep_fd_growth *growth, struct seep_process *process,
			uint64_t now_ns)
{
	uint64_t count = process->totals[SEEP_KIND_FD].live_objects;
	struct seep_proc_limits limits;

	if (seep_proc_limits_read(process->pid, &limits))
		return;
	process->fd_limit = limits.open_files;
	if (growth->time_ns)
		process->fd_limit_eta_ns = time_left(growth, count, limits.open_files, now_ns);
	else
		*growth = (struct seep_fd_growth){count, now_ns};
}
