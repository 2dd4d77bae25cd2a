/* SPDX-License-Identifier: GPL-2.0-only */
/* One look at what is watched, as reports show it. Everything belongs to who made the view. */
#ifndef SEEP_WATCH_VIEW_H
#define SEEP_WATCH_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "watch/cgroups.h"
#include "watch/process.h"
#include "watch/result.h"

struct seep_watch_view {
	uint64_t seq; /* 1 is the first */
	bool final;
	uint64_t utc_ns;
	double elapsed_s;  /* since watching began */
	double interval_s; /* since the look before */
	const char *host_name;
	const char *kernel; /* release */
	const char *arch;
	const char *scope_type;
	const char *scope_value;
	size_t num_watched;
	uint64_t num_seen;	/* processes since it began */
	uint64_t num_unwatched; /* of the scope now: too many, or not readable */
	uint64_t num_probed;	/* of those seen: traced, now or before */
	unsigned int num_traced;
	/* In which something grows, or did when they were traced; the worst first. */
	size_t num_growing;
	struct seep_watch_process *const *growing;
	size_t num_cgroups; /* that grow, the worst first */
	const struct seep_watch_cgroup *const *cgroups;
	const struct seep_results *results;
	uint64_t first_new; /* the number of the first result since the view before ... */
	uint64_t next_new;  /* ... and of the first of the next view */
	/*
	 * Of seep in the interval, in the last view of the whole watch: of all CPUs of the machine.
	 * NAN: not known.
	 */
	double cpu_pct;
	uint64_t rss_bytes; /* of seep; SEEP_UNKNOWN */
};

/* Processes in which something grows now: not those that were traced and have become level. */
size_t seep_watch_view_num_growing(const struct seep_watch_view *view);

#endif
