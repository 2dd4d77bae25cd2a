/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes of a judge: the series and the verdict of each, the heaps of the runtimes in it,
 * and what its sites want to know of it. judge.c feeds them before the sites.
 */
#ifndef SEEP_VERDICT_WATCHED_H
#define SEEP_VERDICT_WATCHED_H

#include <stdbool.h>

#include "growth/collections.h"
#include "growth/process.h"
#include "measure/measurements.h"
#include "model/snapshot.h"
#include "verdict/heaps.h"

struct seep_watched {
	bool idle; /* it has done nothing since the snapshot before */
	struct seep_collections collections;
	struct seep_series series;
	struct seep_series parts; /* of seep_process_part */
	struct seep_process_verdict verdict;
	struct seep_past past; /* for its sites */
};

struct seep_watched_processes;

/* 0 or -ENOMEM. */
int seep_watched_new(struct seep_watched_processes **ret_processes);
void seep_watched_free(struct seep_watched_processes *processes);

/*
 * Takes the next snapshot into account, see seep_judge_feed; the one before was taken at @before_s.
 * Processes that it does not have are forgotten. 0 or -ENOMEM.
 */
int seep_watched_feed(struct seep_watched_processes *processes,
		      const struct seep_snapshot *snapshot, const struct seep_process_stats *stats,
		      double before_s);

/* NULL if it was not in the latest snapshot. Valid until the next. */
const struct seep_watched *seep_watched_find(const struct seep_watched_processes *processes,
					     const struct seep_process *process);

/* The heap of @runtime in the process, or NULL. Valid until the next snapshot. */
const struct seep_heap *seep_watched_heap(const struct seep_watched_processes *processes,
					  const struct seep_process *process,
					  enum seep_runtime runtime);

/* The sum of the pool of @site, see seep_heaps_find_pool. */
const struct seep_heap *seep_watched_pool(const struct seep_watched_processes *processes,
					  const struct seep_site *site);

#endif
