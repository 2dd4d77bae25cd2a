/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers that are watched for hours or months, in a fixed amount of memory: once over all of the
 * time, which shows slow growth, and once over the last looks only, which shows what has begun
 * lately and would drown in a long flat past.
 */
#ifndef SEEP_WATCH_TRACK_H
#define SEEP_WATCH_TRACK_H

#include <stdbool.h>

#include "measure/interval.h"
#include "measure/series.h"
#include "measure/shape.h"

struct seep_track {
	struct seep_series whole;
	struct seep_series recent;
};

/* What grows: over which time, by how much, how fast. */
struct seep_track_growth {
	double span_s;
	double grown;		   /* in that time, in what is watched */
	struct seep_interval rate; /* per second */
	double acceleration;	   /* per second squared, of what grows ever faster; else 0 */
	enum seep_pattern pattern;
};

void seep_track_init(struct seep_track *track);
/* Adds the numbers of a look; times ascend. */
void seep_track_add(struct seep_track *track, const struct seep_sample *sample);

/*
 * Does the number @value still grow, by @least in all? @unit: what it changes by at least, a page
 * or one. What is recent counts first: it says what happens now. A few hundred operations where
 * nothing has grown, and a hundred thousand where something has.
 */
bool seep_track_grows(const struct seep_track *track, unsigned int value, bool in_bytes,
		      double least, double unit, struct seep_track_growth *ret_growth);

#endif
