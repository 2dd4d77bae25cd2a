/* SPDX-License-Identifier: GPL-2.0-only */
/* What the judge keeps of a site from snapshot to snapshot: its series, and the verdict so far. */
#ifndef SEEP_VERDICT_RECORD_H
#define SEEP_VERDICT_RECORD_H

#include <stdbool.h>

#include "growth/collections.h"
#include "measure/series.h"
#include "model/snapshot.h"
#include "verdict/verdict.h"

struct seep_site_record {
	struct seep_series series;
	struct seep_verdict verdict;
	unsigned int same_pattern; /* times in a row */
	uint64_t judged;	   /* seq of the snapshot in which it was, last */
	/* Since then it would not be called a leak any more; NAN: it would. */
	double against_since_s;
	struct seep_past past; /* of its process; zeroed, unless who judges it sets it */
	struct seep_bulk bulk; /* of memory that a collector releases */
};

/*
 * Of a site that has come since the snapshot before, which was taken at @before_s: it had nothing
 * then. NAN: it is not known what it had.
 */
void seep_site_record_init(struct seep_site_record *record, double before_s, double now_s);

/* Adds what the site has now to its series. */
void seep_site_record_add(struct seep_site_record *record, const struct seep_site *site,
			  double now_s);

/*
 * Is it to be judged with this snapshot? More samples take more time and bring less news each:
 * judging less often then keeps the time for a snapshot about even. Sites are spread over the
 * snapshots between.
 */
bool seep_site_record_is_due(const struct seep_site_record *record, const struct seep_site *site,
			     const struct seep_snapshot *snapshot);

/*
 * Brings the verdict up to date. @collections: those that the runtime of the process has counted,
 * or NULL; @usage: as in seep_verdict_conclude.
 */
void seep_site_record_judge(struct seep_site_record *record, const struct seep_site *site,
			    const struct seep_collections *collections,
			    const struct seep_usage usage[SEEP_LIMIT_COUNT], double now_s);

#endif
