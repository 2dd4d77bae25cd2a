/* SPDX-License-Identifier: GPL-2.0-only */
/* The goroutines of one process from one reading to the next, as sites. */
#ifndef SEEP_MANAGED_GOROUTINES_H
#define SEEP_MANAGED_GOROUTINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uthash.h>

#include "golang/goroutines.h"
#include "model/snapshot.h"

/* What goroutines of one site wait for: few reasons, as they are at the same place. */
#define SEEP_PLACE_GROUPS     8
#define SEEP_PLACE_NAME_BYTES (SEEP_GO_REASON_BYTES + 16)

/* Goroutines with the same stack and the same creator. */
struct seep_goroutine_place {
	uint64_t stack; /* hash of its frames, as seep_stacks has it */
	bool existed;	/* it had goroutines at the first reading */
	struct seep_site_value value;
	struct seep_group groups[SEEP_PLACE_GROUPS];
	char group_names[SEEP_PLACE_GROUPS][SEEP_PLACE_NAME_BYTES];
	struct seep_details details;
	UT_hash_handle hh;
};

/* One that was there at the last reading. */
struct seep_tracked {
	uint64_t id;
	uint64_t since_ns; /* CLOCK_MONOTONIC: it is at its place since then at least */
	bool existed;	   /* it was there, and at this place, at the first reading */
	struct seep_goroutine_place *place;
};

/* Places of a process; goroutines at one more are counted as not read. */
#define SEEP_PLACES_MAX 65536

struct seep_tracked_goroutines {
	uint64_t min_age_ns; /* younger ones are counted apart, see struct seep_site_value */
	struct seep_goroutine_place *places;
	size_t count; /* by id */
	struct seep_tracked *items;
	size_t num_without_place; /* at the last reading */
};

/* Is there a place for this stack, or room for one? */
bool seep_tracked_goroutines_have_room(const struct seep_tracked_goroutines *tracked,
				       uint64_t stack);

/*
 * Takes a reading in. @stacks: for each stack of the reading the hash of its frames. 0 or -ENOMEM:
 * then all is as before.
 */
int seep_tracked_goroutines_update(struct seep_tracked_goroutines *tracked,
				   const struct seep_go *go,
				   const struct seep_goroutines *goroutines, const uint64_t *stacks,
				   uint64_t now_ns);

void seep_tracked_goroutines_done(struct seep_tracked_goroutines *tracked);

#endif
