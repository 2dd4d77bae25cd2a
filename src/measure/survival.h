/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long the objects of a site live, and which share of them is never released: Kaplan and
 * Meier's estimate (J. Am. Stat. Assoc. 53, 1958) from the lifetimes of the released and the ages
 * of the live, whose lifetimes are not known yet (censored). A site where one object in a thousand
 * is forgotten looks steady by its live bytes; here it is a curve that falls to a thousandth and
 * then stays (a "cured" share: Maller and Zhou, Survival Analysis with Long-Term Survivors, 1996).
 *
 * Lifetimes and ages come in the buckets of abi.h, powers of two in microseconds ("octaves").
 */
#ifndef SEEP_MEASURE_SURVIVAL_H
#define SEEP_MEASURE_SURVIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "measure/interval.h"
#include "seep/abi.h"

struct seep_survival {
	bool valid; /* false: the site is not old enough, or has had no objects; the rest is 0 */
	/*
	 * Ages up to this are looked at: the upper end of a bucket, between a quarter and half of
	 * the time observed, so that half of the objects could get there.
	 */
	double limit_s;
	/* A quarter of that, or half of it: from here on lifetimes have settled, if they do. */
	double settle_s;
	/*
	 * S(limit_s): the share of the objects that gets that old. Its lower bound allows for as
	 * much falling again as did from settle_s to limit_s.
	 */
	struct seep_interval kept;
	/*
	 * S(limit_s) / S(settle_s): of those that get to settle_s. 1: who has lived that long lives
	 * on.
	 */
	struct seep_interval tail;
	/*
	 * The same from limit_s on, to the age of the oldest: of those that get to limit_s, which
	 * share is not released later? Lower when a cache is full and drops its oldest entries.
	 */
	struct seep_interval late;
	/* Live objects by age, as recent as settle_s .. limit_s, and older. */
	double recent;
	double old;
	double recent_per_s; /* the rate at which such objects were made */
	double old_per_s;
	double median_s; /* half of the objects are released by this age; INFINITY if more stay */
};

/* How many objects a histogram by lifetime or age has. */
uint64_t seep_survival_count(const uint64_t counts[SEEP_LIFETIME_BUCKETS]);

/*
 * @lifetimes of the released, @ages of the live, in objects; @observed_s is the time since the
 * first of them could have been made.
 */
void seep_survival_fit(const uint64_t lifetimes[SEEP_LIFETIME_BUCKETS],
		       const uint64_t ages[SEEP_LIFETIME_BUCKETS], double observed_s,
		       struct seep_survival *ret_survival);

/*
 * The ages as they probably are when only the number of the live is known: by Little's law, rate x
 * mean lifetime of them are of the sort that is released, and the rest was made evenly over
 * @observed_s.
 */
void seep_survival_guess_ages(const uint64_t lifetimes[SEEP_LIFETIME_BUCKETS], uint64_t live,
			      double allocs_per_s, double observed_s,
			      uint64_t ret_ages[SEEP_LIFETIME_BUCKETS]);

/* The last bucket that ends before half of the time observed; 0 if there are too few below it. */
unsigned int seep_survival_last_bucket(double observed_s);

/* The bucket of an age, as lifetime_bucket in bpf/numbers.bpf.h has it. */
unsigned int seep_survival_bucket(uint64_t age_ns);

/* The age at the upper end of a bucket; INFINITY for the last one. */
double seep_survival_bucket_s(unsigned int bucket);

#endif
