/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each octave of life takes away: how many were there to end in it, and which share of them
 * did (Cutler and Ederer, J. Chronic Diseases 8, 1958). Survival curves are products of it.
 */
#ifndef SEEP_MEASURE_LIFE_TABLE_H
#define SEEP_MEASURE_LIFE_TABLE_H

#include <stdint.h>

#include "seep/abi.h"

struct seep_life_table {
	double watched[SEEP_LIFETIME_BUCKETS]; /* never fewer than ended there */
	double hazards[SEEP_LIFETIME_BUCKETS]; /* the share of them that ended; 0 if there was none
						*/
};

/* From those that ended, by lifetime, and those that did not so far, by age. */
void seep_life_table_fill(const uint64_t ended[SEEP_LIFETIME_BUCKETS],
			  const uint64_t going_on[SEEP_LIFETIME_BUCKETS],
			  struct seep_life_table *ret_table);

/* The share that is left at the end of each bucket. */
void seep_life_table_survival(const double hazards[SEEP_LIFETIME_BUCKETS],
			      double ret_survival[SEEP_LIFETIME_BUCKETS]);

#endif
