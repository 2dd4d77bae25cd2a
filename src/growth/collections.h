/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Collections of a runtime, as far as they are seen from outside. Memory that belongs to collected
 * objects is released when a collection finds these dead: before that it looks like a leak. What
 * has outlived two collections is kept: the first one may have begun before its owner died, or only
 * have queued it for its finalizer.
 */
#ifndef SEEP_GROWTH_COLLECTIONS_H
#define SEEP_GROWTH_COLLECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "model/snapshot.h"

/* What has outlived so many is kept. */
#define SEEP_COLLECTIONS_ENOUGH 2

/* The latest ones. Starts zeroed. */
struct seep_collections {
	unsigned int count; /* SEEP_COLLECTIONS_ENOUGH at most */
	/* What is older than this was there when it began; the latest first. */
	double since_s[SEEP_COLLECTIONS_ENOUGH];
};

/* @number of them took place after @before_s. */
void seep_collections_note(struct seep_collections *collections, uint64_t number, double before_s);

/*
 * How many of them enough of the live objects of the site have outlived, SEEP_COLLECTIONS_ENOUGH at
 * most; where ages are not known none.
 */
unsigned int seep_collections_outlived(const struct seep_collections *collections,
				       const struct seep_site *site, double now_s);

/* Releases of one site, for what they tell of collections. Starts zeroed. */
struct seep_bulk {
	uint64_t frees;		/* so far */
	uint64_t num_intervals; /* between snapshots */
	struct seep_collections collections;
};

/*
 * A collection releases much of what a site has, at once. Takes the next snapshot into account; the
 * one before was taken at @before_s.
 */
void seep_bulk_add(struct seep_bulk *bulk, const struct seep_site *site, double before_s);

#endif
