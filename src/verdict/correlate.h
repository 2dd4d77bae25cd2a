/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Do two series grow together? Not whether both grow, which they may do for different reasons, but whether
 * one grows faster when the other does: the rank correlation (Spearman) of how much they change from each
 * of a number of moments to the next.
 */
#ifndef SEEP_VERDICT_CORRELATE_H
#define SEEP_VERDICT_CORRELATE_H

#include "verdict/series.h"

/* Moments that are compared, at even distances over the time that both series have in common. */
#define SEEP_CORRELATE_MOMENTS 24

/* From here on it is worth a word: for 23 independent changes it comes by chance once in 100,000 times. */
#define SEEP_CORRELATED 0.8

/*
 * From -1 to 1; NAN if the series have too little time in common, or one of them changes as much all
 * the time.
 */
double seep_correlate(const struct seep_series *a, unsigned int a_value,
		      const struct seep_series *b, unsigned int b_value);

#endif
