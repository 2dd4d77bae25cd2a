// SPDX-License-Identifier: GPL-2.0-only
#include "measure/life_table.h"

#include <math.h>

/*
 * Objects whose age is in a bucket are counted as if they had been watched through half of it, as
 * life tables do.
 */
void seep_life_table_fill(const uint64_t ended[SEEP_LIFETIME_BUCKETS],
			  const uint64_t going_on[SEEP_LIFETIME_BUCKETS],
			  struct seep_life_table *ret_table)
{
	double at_risk = 0;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++)
		at_risk += (double)ended[i] + (double)going_on[i];
	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		double watched = fmax((double)ended[i], at_risk - (double)going_on[i] / 2);

		ret_table->watched[i] = watched;
		ret_table->hazards[i] = ended[i] ? (double)ended[i] / watched : 0;
		at_risk -= (double)ended[i] + (double)going_on[i];
	}
}

void seep_life_table_survival(const double hazards[SEEP_LIFETIME_BUCKETS],
			      double ret_survival[SEEP_LIFETIME_BUCKETS])
{
	double left = 1;

	for (unsigned int i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		left *= 1 - hazards[i];
		ret_survival[i] = left;
	}
}
