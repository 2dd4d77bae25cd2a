/* SPDX-License-Identifier: GPL-2.0-only */
/* The heap profile of one process from one reading to the next, as sites. */
#ifndef SEEP_MANAGED_HEAP_H
#define SEEP_MANAGED_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "golang/heap_profile.h"
#include "managed/frames.h"
#include "model/snapshot.h"

/* Sampled objects that were made by one stack. */
struct seep_heap_place {
	uint64_t stack; /* hash of its frames, as seep_stacks has it */
	bool existed;	/* it had objects at the first reading */
	/*
	 * Counts of what is in the sample, and with "made" and "released" of what that stands for.
	 * The objects of the first reading count as made then.
	 */
	struct seep_site_value value;
	UT_hash_handle hh;
};

struct seep_heap_bucket;

struct seep_tracked_heap {
	uint64_t min_age_ns; /* younger ones are counted apart, see struct seep_site_value */
	uint64_t mean_bytes; /* between two samples, as of the last reading; 1: all are sampled */
	uint64_t cycle;	     /* the collection whose state was read last */
	uint64_t first_ns;   /* CLOCK_MONOTONIC: of the first reading; 0: there was none */
	uint64_t before_ns;  /* when the collection before was noticed */
	uint64_t noticed_ns; /* and that one */
	bool renewed;	     /* by the last reading: a collection has ended since */
	struct seep_heap_place *places;
	struct seep_heap_bucket *buckets;
};

/* Takes a reading in, at the time @now_ns (CLOCK_MONOTONIC). 0 or -ENOMEM. */
int seep_tracked_heap_update(struct seep_tracked_heap *tracked, const struct seep_frames_of *of,
			     const struct seep_go_heap_profile *profile, uint64_t now_ns);

void seep_tracked_heap_done(struct seep_tracked_heap *tracked);

#endif
