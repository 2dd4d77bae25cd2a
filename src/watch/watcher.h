/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Watches processes by what /proc tells, without any probe: a table of those of a scope, as they
 * come and go, with what of each grows. One thread.
 */
#ifndef SEEP_WATCH_WATCHER_H
#define SEEP_WATCH_WATCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "watch/process.h"

/* Processes, of 8 KiB and a descriptor each; further ones are counted, not watched. */
#define SEEP_WATCH_MAX_PROCESSES 8192

struct seep_watcher;

struct seep_watcher_config {
	/* Is this process, which was not watched so far, to be? Asked at each look. */
	bool (*wanted)(void *context, pid_t pid);
	/* It has ended, or is another one by now; it is freed after the call. NULL: nobody asks. */
	void (*ended)(void *context, struct seep_watch_process *process);
	void *context;
};

/* 0 or -ENOMEM. */
int seep_watcher_new(const struct seep_watcher_config *config, struct seep_watcher **ret_watcher);
void seep_watcher_free(struct seep_watcher *watcher);

/* Reads all numbers at @now_s, and judges them. 0; -ENOMEM; the -errno of opening /proc. */
int seep_watcher_look(struct seep_watcher *watcher, double now_s);

/* Those that live, by ascending PID. Valid until the next look. */
size_t seep_watcher_count(const struct seep_watcher *watcher);
struct seep_watch_process *seep_watcher_at(const struct seep_watcher *watcher, size_t index);
struct seep_watch_process *const *seep_watcher_all(const struct seep_watcher *watcher);
/* NULL: it is not watched. */
struct seep_watch_process *seep_watcher_find(const struct seep_watcher *watcher, pid_t pid);

struct seep_watcher_counts {
	uint64_t seen;	    /* processes since the beginning */
	uint64_t unwatched; /* of the scope, at the last look: too many, or not readable */
};
void seep_watcher_get_counts(const struct seep_watcher *watcher,
			     struct seep_watcher_counts *ret_counts);

#endif
