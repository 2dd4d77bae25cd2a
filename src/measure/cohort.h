/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which share of a site's blocks is never released, in a process that is traced in windows: a block
 * that was seen being made is known to be dead only once a later window shows its address being
 * released or given out again. How many dead ones were overlooked so far is known from addresses
 * whose release was seen. See docs/developers/sampling.md.
 */
#ifndef SEEP_MEASURE_COHORT_H
#define SEEP_MEASURE_COHORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/interval.h"
#include "measure/reuse.h"
#include "measure/windows.h"
#include "seep/abi.h"

/* The blocks of a site that were seen being made, in the buckets of abi.h. */
struct seep_cohort {
	uint64_t released[SEEP_LIFETIME_BUCKETS]; /* in the same window, by lifetime */
	uint64_t late[SEEP_LIFETIME_BUCKETS];	  /* found dead in a later window, by age then */
	uint64_t unseen[SEEP_LIFETIME_BUCKETS];	  /* not found dead so far, by age */
};

struct seep_cohort_fit {
	bool valid; /* false: nothing was seen, or not for long; the rest is 0 */
	/* The age that staying is about: the limit of seep_survival_fit. */
	double limit_s;
	/* Of all blocks, the share that gets that old. Covers 0 and 1 if nothing is known. */
	struct seep_interval staying;
	/*
	 * At least so much stays if the site is to be accused: wrong once in 30,000 by chance, and
	 * not even if of its dead only half as many are found as of those of the table.
	 */
	double surely;
	/* Of the blocks that do not, but outlive their window: the share found dead by then. */
	double found;
	double addresses; /* that tell so; 0: found is not known */
	/*
	 * What is known of the blocks, corrected: released, by lifetime, and live, by age; together
	 * as many as were seen being made.
	 */
	uint64_t lifetimes[SEEP_LIFETIME_BUCKETS];
	uint64_t ages[SEEP_LIFETIME_BUCKETS];
	double live; /* the sum of ages, not rounded; of the youngest it is the expected one */
	double live_error; /* its standard error */
};

/* What is known besides of a site and its process. */
struct seep_cohort_context {
	const struct seep_windows *windows;
	/*
	 * Reuse of addresses where the site's blocks are, of all releases in its size class; those
	 * of some part of it may come first. Those of other sizes tell nothing: they may come back
	 * a thousand times as fast.
	 */
	const struct seep_reuse *const *tables;
	size_t num_tables;
	/*
	 * Releases that windows have seen when an eighth of them was over, of blocks that were not
	 * made in the same window: all that may be those of the site. And how they clump, see
	 * seep_total_clumping.
	 */
	uint64_t releases;
	double releases_clumping;
	double observed_s; /* since the first block could have been made */
	double made_per_s; /* blocks of the cohort, per second of all time */
	double clumping;   /* see seep_total_clumping */
};

void seep_cohort_fit(const struct seep_cohort *cohort, const struct seep_cohort_context *context,
		     struct seep_cohort_fit *ret_fit);

#endif
