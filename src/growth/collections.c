// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge notes collections that a runtime counts, and each record of a site the bulk releases of
 * that site; a verdict asks whether what is live has outlived enough of them.
 */
#include "growth/collections.h"

#include "measure/survival.h"

/* Objects that have outlived collections, and objects that are released in bulk: so many. */
#define ENOUGH_OBJECTS 5

/* Of what was live before a bulk release at least this share is gone, ... */
#define BULK_SHARE 0.1
/* ... and that is so many times what is released between two snapshots on average. */
#define BULK_FACTOR 3

void seep_collections_note(struct seep_collections *collections, uint64_t number, double before_s)
{
	for (uint64_t i = 0; i < number && i < SEEP_COLLECTIONS_ENOUGH; i++) {
		collections->since_s[1] = collections->since_s[0];
		collections->since_s[0] = before_s;
		if (collections->count < SEEP_COLLECTIONS_ENOUGH)
			collections->count++;
	}
}

/* Live objects that are certainly older: of the bucket in which the age lies none. */
static uint64_t num_older(const struct seep_site *site, double age_s)
{
	uint64_t older = 0;

	for (unsigned int i = 1; i < SEEP_LIFETIME_BUCKETS; i++) {
		if (seep_survival_bucket_s(i - 1) >= age_s)
			older += site->ages[i];
	}
	return older;
}

unsigned int seep_collections_outlived(const struct seep_collections *collections,
				       const struct seep_site *site, double now_s)
{
	unsigned int count = 0;

	while (count < collections->count && site->ages_known &&
	       num_older(site, now_s - collections->since_s[count]) >= ENOUGH_OBJECTS)
		count++;
	return count;
}

void seep_bulk_add(struct seep_bulk *bulk, const struct seep_site *site, double before_s)
{
	uint64_t released = site->counts.frees - bulk->frees;
	uint64_t live = seep_counts_live_objects(&site->counts) + released;
	/* Of the intervals before. */
	double mean = bulk->num_intervals ? (double)bulk->frees / (double)bulk->num_intervals : 0;

	if (released >= ENOUGH_OBJECTS && (double)released >= BULK_SHARE * (double)live &&
	    (double)released >= BULK_FACTOR * mean)
		seep_collections_note(&bulk->collections, 1, before_s);
	bulk->frees = site->counts.frees;
	bulk->num_intervals++;
}
