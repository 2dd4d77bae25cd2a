/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How far the numbers of a site can be trusted whose process is traced in windows only, or sampled
 * by bytes: see docs/developers/sampling.md. The counts of such a site are estimates of all that
 * happened, these are what they stand on.
 */
#ifndef SEEP_MODEL_SAMPLING_H
#define SEEP_MODEL_SAMPLING_H

#include <stdint.h>

#include "seep/abi.h"

struct seep_sampling {
	uint64_t seen_objects; /* that were seen being made */
	/* Standard errors of the estimates. */
	double allocs_error;
	double alloc_bytes_error;
	double live_objects_error;
	double live_bytes_error;
	/* Of the objects that were seen being made, the share that is never released: 95 %. */
	double staying;
	double staying_low;
	double staying_high;
	double staying_surely; /* the least of it, to be accused by; not in captures */
	/*
	 * Of the objects that were seen being made: those that have been released, by lifetime, and
	 * those that live, by age, as far as that is known. Not scaled up.
	 */
	uint64_t lifetimes[SEEP_LIFETIME_BUCKETS];
	uint64_t ages[SEEP_LIFETIME_BUCKETS];
};

#endif
