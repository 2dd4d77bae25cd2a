/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judges the sites of a trace: is fed its snapshots, one after the other, keeps the series of each
 * site, and has a verdict for each at any time.
 *
 * A site that a snapshot does not have any more is forgotten. One thread.
 */
#ifndef SEEP_VERDICT_JUDGE_H
#define SEEP_VERDICT_JUDGE_H

#include <stddef.h>

#include "growth/process.h"
#include "model/snapshot.h"
#include "verdict/heaps.h"
#include "verdict/verdict.h"

/* Sites with a series, about 2.5 KiB each. Those with the most live bytes come first. */
#define SEEP_JUDGE_MAX_SITES 32768

struct seep_judge;

/* 0 or -ENOMEM. */
int seep_judge_new(struct seep_judge **ret_judge);
void seep_judge_free(struct seep_judge *judge);

/*
 * Takes the next snapshot into account. @stats are those of its processes, one for each in their
 * order; NULL: nothing is known of them. 0, or -ENOMEM: then sites are missing. Verdicts that were
 * given out become invalid.
 */
int seep_judge_feed(struct seep_judge *judge, const struct seep_snapshot *snapshot,
		    const struct seep_process_stats *stats);

/*
 * The verdict of a site of the latest snapshot, or NULL: it was one too many, or it is what others
 * are made of (arenas of allocators, stacks of threads), or a part of the heap of a runtime. Valid
 * until the next.
 */
const struct seep_verdict *seep_judge_site(const struct seep_judge *judge,
					   const struct seep_site *site);

/* The verdict of a process of the latest snapshot. Valid until the next. */
const struct seep_process_verdict *seep_judge_process(const struct seep_judge *judge,
						      const struct seep_process *process);

/* The heap of @runtime in a process of the latest snapshot, or NULL. Valid until the next. */
const struct seep_heap *seep_judge_heap(const struct seep_judge *judge,
					const struct seep_process *process,
					enum seep_runtime runtime);

/*
 * How closely two sites of one process grow together, see seep_series_correlation; NAN if not
 * known.
 */
double seep_judge_site_correlation(const struct seep_judge *judge, const struct seep_site *a,
				   const struct seep_site *b);

/*
 * How closely @site grows with something of its process, see seep_series_correlation; NAN if not
 * known.
 */
double seep_judge_correlation(const struct seep_judge *judge, const struct seep_site *site,
			      enum seep_process_stat measure);

/* Sites of the latest snapshot that have no verdict because of SEEP_JUDGE_MAX_SITES. */
size_t seep_judge_num_left_out(const struct seep_judge *judge);

#endif
