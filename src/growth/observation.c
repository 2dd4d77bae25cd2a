// SPDX-License-Identifier: GPL-2.0-only
#include "growth/observation.h"

#include <math.h>

/*
 * The minimum observation of 1 MiB/s, or an object a second if they are counted: caches and pools
 * that programs fill when they start are mostly full by then. What grows a sixteenth as fast gets
 * twice the time: it does that much less harm meanwhile.
 */
#define OBSERVE_S	18.0
#define OBSERVE_LIMIT_S 150.0
#define OBSERVE_BYTES	1048576.0
#define OBSERVE_POWER	0.25

double seep_min_observation_s(bool in_bytes, double rate)
{
	double relative = in_bytes ? rate / OBSERVE_BYTES : rate;

	if (relative <= 0)
		return OBSERVE_LIMIT_S;
	return fmin(OBSERVE_LIMIT_S, fmax(OBSERVE_S, OBSERVE_S * pow(relative, -OBSERVE_POWER)));
}

double seep_visible_rate(double observed_s)
{
	double least = OBSERVE_BYTES *
		       pow(fmin(observed_s, OBSERVE_LIMIT_S) / OBSERVE_S, -1 / OBSERVE_POWER);

	/* From there on it is the number of objects that counts, which grows with the time. */
	return least * fmin(1, OBSERVE_LIMIT_S / observed_s);
}
