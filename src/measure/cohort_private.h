/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of a fit of a cohort share. */
#ifndef SEEP_MEASURE_COHORT_PRIVATE_H
#define SEEP_MEASURE_COHORT_PRIVATE_H

#include "measure/cohort.h"
#include "measure/life_table.h"

struct problem {
	const struct seep_cohort *cohort;
	const struct seep_cohort_context *context;
	unsigned int last; /* the bucket that ends at the limit */
	unsigned int top;  /* the bucket of the oldest */
	double made;
	double outlived; /* the window in which they were made */
	/* So many of those that outlived it are worth one: they may end together. */
	double clumping;
	/* Where the search begins: shares of the outlived that end in each bucket. */
	double first[SEEP_LIFETIME_BUCKETS];
	struct seep_life_table blocks;	  /* until they are found dead */
	struct seep_life_table addresses; /* until they are seen again */
};

/* Shares of the blocks that outlived their window. */
struct solution {
	double ended[SEEP_LIFETIME_BUCKETS];  /* in each bucket, found or not */
	double unseen[SEEP_LIFETIME_BUCKETS]; /* not found dead by the end of each */
	double alive[SEEP_LIFETIME_BUCKETS];  /* at the end of each; never negative */
	double gone;			      /* ended by the limit; by chance this may exceed 1 */
	double found;			      /* of them, found dead by then */
	/* Not a share: live blocks among all that were made, by age, and their sum. */
	double ages[SEEP_LIFETIME_BUCKETS];
	double live;
};

/* Variances of two numbers of a solution. */
struct variance {
	double gone;
	double live;
};

/* Where a search begins, besides what windows tell: shares of the outlived. */
struct belief {
	double any_time; /* that end at any time from the length of a window on */
	double between;	 /* that end from a cycle up to the limit */
};

/* Fills problem->first. */
void seep_cohort_guess(struct problem *problem, const struct belief *belief);

void seep_cohort_solve(const struct problem *problem, const double *hazards,
		       const struct seep_detection *detection, struct solution *ret_solution);

/* By chance in what happened to the blocks, and to the addresses. */
struct variance seep_cohort_vary_blocks(const struct problem *problem,
					const struct seep_detection *detection,
					const struct solution *solution);
struct variance seep_cohort_vary_addresses(const struct problem *problem,
					   const struct solution *solution);

/* Fills the ages of a solution, of which the rest is known. */
void seep_cohort_fill_ages(const struct problem *problem, struct solution *solution);

/* Fills lifetimes, ages and live. */
void seep_cohort_correct(const struct problem *problem, const struct solution *solution,
			 const struct seep_detection *detection, struct seep_cohort_fit *fit);

/* The standard error of live; @alive is the share at the limit, @variance by vary_... */
double seep_cohort_live_error(const struct problem *problem, const struct solution *solution,
			      const struct seep_interval *alive, double variance);

#endif
