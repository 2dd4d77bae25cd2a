/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How soon an address is seen again after its block was released, in a process that is traced in
 * windows: what is known of it is the chance that a block is dead although no window has told so.
 * See docs/developers/sampling.md.
 */
#ifndef SEEP_MEASURE_REUSE_H
#define SEEP_MEASURE_REUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/windows.h"
#include "seep/abi.h"

/*
 * Releases that were seen at the end of a window, by the time since then: has their address been
 * seen again? At the end, because an address may be given out again and again in a window, and at
 * last to a block that stays: of one that is released in a gap, the next window sees that. Several
 * releases of one address in one window are all counted, but tell no more than one.
 */
struct seep_reuse {
	uint64_t returned[SEEP_LIFETIME_BUCKETS]; /* given out or released in a later window */
	uint64_t waiting[SEEP_LIFETIME_BUCKETS];  /* not seen again so far */
	/* The sum of the squares of the numbers of releases, over addresses and windows. */
	uint64_t squares;
};

/*
 * Of @count tables of releases that are alike, the most special one first, the one to rely on: the
 * first that has seen enough which is at least @after_s ago or has come back; else the one that has
 * most of it. NULL if there is none.
 */
const struct seep_reuse *seep_reuse_choose(const struct seep_reuse *const *tables, size_t count,
					   double after_s);

/*
 * As many independent releases would tell as much about the time up to @after_s (Kish, Survey
 * Sampling, 1965).
 */
double seep_reuse_count(const struct seep_reuse *table, double after_s);

/* How many times as many there are; 1 at least. */
double seep_reuse_clumping(const struct seep_reuse *table);

/* Of blocks that end in one bucket of age, the share that is seen dead by the end of another one.
 */
struct seep_detection {
	double by[SEEP_LIFETIME_BUCKETS][SEEP_LIFETIME_BUCKETS]; /* [ended][seen] */
};

/*
 * For blocks that outlived the window in which they were made. @survival is the share of addresses
 * that was not seen again, at the end of each bucket; up to bucket @top.
 */
void seep_detection_fill(const double survival[SEEP_LIFETIME_BUCKETS],
			 const struct seep_windows *windows, unsigned int top,
			 struct seep_detection *ret_detection);

#endif
