/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether something that only grows is a leak, or something that fills up: a cache, a ring, a pool,
 * a backlog. As long as it fills nothing tells them apart but time, because nobody has seen it
 * full. So this is about time: for how long, and since when.
 */
#ifndef SEEP_MEASURE_FILLING_H
#define SEEP_MEASURE_FILLING_H

#include <stdbool.h>

#include "measure/measurements.h"

/* Nothing is called a leak that has been watched for less, in seconds. */
#define SEEP_FILLING_LEAST_S 18.0

/*
 * Steady, full and fallen are said of what has been watched for this long, in seconds; and how long
 * a trace lasts that has watched everything for so long: a process is looked at for the first time
 * some time after it is attached to.
 */
#define SEEP_OBSERVED_LEAST_S 18.0
#define SEEP_DURATION_LEAST_S 20.0

/*
 * How long growth at @rate (per second, in bytes or objects) is watched before anything is said of
 * it: seconds. Twice as long for a sixteenth of the rate, and at most 150 s.
 */
double seep_min_observation_s(bool in_bytes, double rate);

/* The other way round: the least rate, in bytes per second, that is seen in this time. */
double seep_visible_rate(double observed_s);
/* The same of what is counted in objects, if not @in_bytes: per second. */
double seep_visible_rate_of(bool in_bytes, double observed_s);

/* How long a leak is watched before it is called one, at most: seconds. */
double seep_leak_observation_s(bool in_bytes, double rate);

/*
 * Of sites whose objects stay and still come, as @measured says, and that grow at @rate: the share
 * that is no leak, 0 to 1. SEEP_FILLING_DOUBT after the time that it takes to call a leak one.
 */
#define SEEP_FILLING_DOUBT 0.1
double seep_filling_doubt(const struct seep_measurements *measured, double rate);

#endif
