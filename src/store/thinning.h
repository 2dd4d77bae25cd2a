/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which snapshots of a long capture are given up. The older, the fewer: what was two hours ago is
 * asked for in minutes, not in seconds. Of each span of the grid below the last snapshot stays, so
 * that the moments that are left lie evenly. A week comes to about 1,400 snapshots, at any
 * interval.
 */
#ifndef SEEP_STORE_THINNING_H
#define SEEP_STORE_THINNING_H

#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

#define SEEP_MINUTE_NS (60 * SEEP_NS_PER_S)
#define SEEP_HOUR_NS   (60 * SEEP_MINUTE_NS)

/*
 * X(from this age on, one snapshot per so long): a thirtieth to a hundredth of the age. Ascending;
 * below the first age everything stays.
 */
#define SEEP_THINNING(X)                                                                           \
	X(5 * SEEP_MINUTE_NS, 10 * SEEP_NS_PER_S)                                                  \
	X(30 * SEEP_MINUTE_NS, 30 * SEEP_NS_PER_S)                                                 \
	X(2 * SEEP_HOUR_NS, 2 * SEEP_MINUTE_NS)                                                    \
	X(12 * SEEP_HOUR_NS, 10 * SEEP_MINUTE_NS)                                                  \
	X(72 * SEEP_HOUR_NS, SEEP_HOUR_NS)

/* A snapshot on the time axis of the capture. */
struct seep_instant {
	int64_t id;
	int64_t run;
	uint64_t time_ns;
};

/*
 * Chooses among @count instants, ascending, what to give up now: those that are older than @keep_ns
 * (0: none is) and those that stand closer than they may; the oldest first, at most @max. The last
 * one is now, and stays. Returns how many, their indexes ascending in @ret_indexes.
 */
size_t seep_thinning_choose(const struct seep_instant *instants, size_t count, uint64_t keep_ns,
			    size_t *ret_indexes, size_t max);

#endif
