/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What changes about a site: a row of the table samples. The age of its oldest object is not among
 * it, as it changes with every snapshot; when the object was made does not.
 */
#ifndef SEEP_STORE_SAMPLE_H
#define SEEP_STORE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <xxhash.h>

#include "model/snapshot.h"
#include "store/query.h"

struct seep_stored_sample {
	struct seep_counts counts;
	uint64_t live_objects;
	uint64_t live_bytes;
	bool has_oldest;
	int64_t oldest_made_ns; /* after the run began; may be before */
	uint64_t lifetimes[SEEP_LIFETIME_BUCKETS];
};

/* The columns, in the order of bind and read. */
#define SEEP_SAMPLE_COLUMNS                                                                        \
	"allocs, frees, alloc_bytes, free_bytes, live_objects, live_bytes, oldest_made_ns, lifetimes"

/* @now_ns: elapsed_ns of the snapshot, or when its process ended, which stops all clocks. */
void seep_sample_take(const struct seep_site *site, uint64_t now_ns,
		      struct seep_stored_sample *ret_sample);
/* Fills in what the sample is about; the changes stay as they are. */
void seep_sample_apply(const struct seep_stored_sample *sample, uint64_t now_ns,
		       struct seep_site *site);

/* To notice that it changed. */
XXH128_hash_t seep_sample_hash(const struct seep_stored_sample *sample);

/* Bytes that the encoding of a histogram takes at most: the first bucket, and a LEB128 for each. */
#define SEEP_HISTOGRAM_MAX (1 + 10 * SEEP_LIFETIME_BUCKETS)

/*
 * The encoding of lifetimes, see docs/capture.md: the number of the first bucket that is not empty,
 * in one byte, then the counts from there to the last that is not empty, as unsigned LEB128 (DWARF
 * 5, 7.6). Nothing, if all are empty. Returns the length.
 */
size_t seep_histogram_encode(const uint64_t buckets[SEEP_LIFETIME_BUCKETS],
			     uint8_t bytes[SEEP_HISTOGRAM_MAX]);
/* 0 or -EBADMSG. */
int seep_histogram_decode(const uint8_t *bytes, size_t length,
			  uint64_t ret_buckets[SEEP_LIFETIME_BUCKETS]);

/* @bytes: room for the histogram, to stay until the query has run. */
void seep_sample_bind(const struct seep_stored_sample *sample, uint8_t bytes[SEEP_HISTOGRAM_MAX],
		      struct seep_query *query);
/* 0 or -EBADMSG. */
int seep_sample_read(struct seep_query *query, struct seep_stored_sample *ret_sample);

#endif
