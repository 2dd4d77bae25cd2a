/* SPDX-License-Identifier: GPL-2.0-only */
/* A process that is watched: its numbers over time, and which of them grow. About 8 KiB each. */
#ifndef SEEP_WATCH_PROCESS_H
#define SEEP_WATCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "growth/exhaust.h"
#include "proc/limits.h"
#include "verdict/verdict.h"
#include "watch/policy.h"
#include "watch/source.h"
#include "watch/touches.h"
#include "watch/track.h"
#include "watch/values.h"

/* One number that grows. */
struct seep_watch_growth {
	enum seep_watch_value value;
	struct seep_track_growth track;
	enum seep_limit limit; /* that is met first; SEEP_LIMIT_COUNT: none is known */
	struct seep_interval eta_s;
	enum seep_severity severity;
};

#define SEEP_WATCH_TRACKS ((SEEP_WATCH_VALUE_COUNT + SEEP_SERIES_VALUES - 1) / SEEP_SERIES_VALUES)

struct seep_watch_process {
	pid_t pid;
	pid_t parent;
	uint64_t start_ticks; /* since boot; with the PID its identity */
	char comm[64];
	char *cgroup;	  /* v2; NULL: none */
	dev_t exe_device; /* of its program, 0: not known */
	ino_t exe_inode;
	bool ended;
	bool probed;	/* a tracer has attached to it, now or before */
	double first_s; /* since when this program is watched */
	struct seep_watch_source source;
	struct seep_watch_reading now;
	struct seep_track tracks[SEEP_WATCH_TRACKS];
	size_t num_growths; /* the worst first */
	struct seep_watch_growth growths[SEEP_WATCH_VALUE_COUNT];
	struct seep_watch_standing standing;
	/* Of one in which something grows, or did; up to a minute old, or SEEP_UNKNOWN. */
	uint64_t pss_bytes;  /* proportional set size */
	uint64_t heap_bytes; /* what brk has given it; the rest of its data is of mmap */
	struct seep_proc_limits limits;
	double details_due_s; /* when these three are read again */
	/* Its growth stacks, which belong to who has set this; NULL: nobody has looked. */
	const struct seep_touches *touches;
};

/* What is the same for all processes of a look. */
struct seep_watch_machine {
	const char *cgroup_mount; /* NULL: there is no cgroup v2 */
	struct seep_usage memory; /* of the machine */
};

/*
 * Begins to watch @pid at @now_s. 0; -ESRCH: it has ended; -ENODATA: it is a thread of the kernel;
 * another -errno, as -EMFILE.
 */
int seep_watch_process_new(pid_t pid, double now_s, struct seep_watch_process **ret_process);
void seep_watch_process_free(struct seep_watch_process *process);

/* Reads its numbers. 0; -ESRCH: it has ended; another -errno. */
int seep_watch_process_read(struct seep_watch_process *process, double now_s);

/* Finds what grows, and when a limit is met. */
void seep_watch_process_judge(struct seep_watch_process *process,
			      const struct seep_watch_machine *machine);

/*
 * The kinds of objects that may be behind what grows, but for what is explained by a leak that was
 * found: without that it would be traced for ever. 0: nothing else grows.
 */
uint32_t seep_watch_process_kinds(const struct seep_watch_process *process);

/* The pure parts of judge: what grows, in the order of the list; and until when, the worst first.
 */
void seep_watch_growths_find(struct seep_watch_process *process);
void seep_watch_growths_forecast(struct seep_watch_process *process,
				 const struct seep_usage usage[SEEP_LIMIT_COUNT]);

/* Is @a worse than @b: more severe, or sooner at its limit, or faster? */
bool seep_watch_growth_is_worse(const struct seep_watch_growth *a,
				const struct seep_watch_growth *b);

#endif
