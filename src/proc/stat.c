// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/PID/stat is one line of fields with a space between them (proc(5)). The second field, the
 * comm in parentheses, may have spaces and parentheses in it, so the fields behind it are counted
 * from the last parenthesis of the line.
 */
#include "proc/stat.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "proc/lines.h"

/* Fields of /proc/PID/stat behind the state; proc(5) counts from the PID, which is 1. */
#define STAT_FIELD(number) ((number) - 4)
enum stat_field {
	STAT_PARENT = STAT_FIELD(4),
	STAT_FLAGS = STAT_FIELD(9),
	STAT_MINOR_FAULTS = STAT_FIELD(10),
	STAT_MAJOR_FAULTS = STAT_FIELD(12),
	STAT_NUM_THREADS = STAT_FIELD(20),
	STAT_START_TICKS = STAT_FIELD(22),
	STAT_NUM_FIELDS,
};

#define PF_KTHREAD 0x00200000ULL /* include/linux/sched.h */

int seep_proc_parse_stat(const char *text, struct seep_proc_info *ret_info)
{
	uint64_t fields[STAT_NUM_FIELDS] = {0};
	struct seep_proc_info info = {0};
	const char *close = strrchr(text, ')'); /* nothing behind the comm has a parenthesis */
	size_t comm_length;
	uint64_t pid;

	if (seep_proc_take_number(&text, &pid) || seep_proc_take_text(&text, " (") || !close ||
	    close < text)
		return -EINVAL;
	comm_length = (size_t)(close - text);
	if (comm_length >= sizeof(info.comm)) /* the kernel has 63 at most, for its own threads */
		return -EINVAL;
	memcpy(info.comm, text, comm_length);

	/* The comm may contain anything, ") " too, so the rest begins at the last parenthesis. */
	text = close;
	if (seep_proc_take_text(&text, ") ") || *text == '\0')
		return -EINVAL;
	info.state = *text++;
	for (size_t i = 0; i < STAT_NUM_FIELDS; i++) {
		if (seep_proc_take_text(&text, " ") || seep_proc_take_number(&text, &fields[i]))
			return -EINVAL;
	}
	/* What does not fit into the types is no text of the kernel's. */
	if (pid == 0 || pid > INT_MAX || fields[STAT_PARENT] > INT_MAX ||
	    fields[STAT_NUM_THREADS] > UINT32_MAX)
		return -EINVAL;

	info.pid = (pid_t)pid;
	info.parent = (pid_t)fields[STAT_PARENT];
	info.kernel_thread = fields[STAT_FLAGS] & PF_KTHREAD;
	info.page_faults = fields[STAT_MINOR_FAULTS] + fields[STAT_MAJOR_FAULTS];
	info.num_threads = (uint32_t)fields[STAT_NUM_THREADS];
	info.start_ticks = fields[STAT_START_TICKS];
	*ret_info = info;
	return 0;
}
