/* SPDX-License-Identifier: GPL-2.0-only */
/* How long something that grows is watched before it is told, and what would have been seen. */
#ifndef SEEP_GROWTH_OBSERVATION_H
#define SEEP_GROWTH_OBSERVATION_H

#include <stdbool.h>

/*
 * How long something that grows at @rate (per second) has to be watched before it is called a leak.
 */
double seep_min_observation_s(bool in_bytes, double rate);

/*
 * The least rate, in bytes per second, of a leak that is called one after it has been watched for
 * so long: the other way round.
 */
double seep_visible_rate(double observed_s);

/* Steady, full and fallen are said of what has been watched for this long, in seconds. */
#define SEEP_OBSERVED_LEAST_S 20.0

#endif
