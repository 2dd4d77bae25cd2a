/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What changes about a site: a row of the table samples, and one of estimates for how far it can be
 * trusted. The age of its oldest object is not among
 * it, as it changes with every snapshot; when the object was made does not.
 */
#ifndef SEEP_STORE_SAMPLE_H
#define SEEP_STORE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>
#include <xxhash.h>

#include "model/sampling.h"
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

/* The columns of estimates, in the order of bind and read. */
#define SEEP_SAMPLING_COLUMNS                                                                      \
	"seen_objects, allocs_error, alloc_bytes_error, live_objects_error, live_bytes_error, "    \
	"staying, staying_low, staying_high, lifetimes, ages"

/* Room for the histograms of a row, to stay until the query has run. */
struct seep_sampling_bytes {
	uint8_t lifetimes[SEEP_HISTOGRAM_MAX];
	uint8_t ages[SEEP_HISTOGRAM_MAX];
};

/* To notice that it changed; NULL, of a site whose numbers are exact, has a hash of 0. */
XXH128_hash_t seep_sampling_hash(const struct seep_sampling *sampling);
/* NULL: the numbers are exact from here on. */
void seep_sampling_bind(const struct seep_sampling *sampling, struct seep_sampling_bytes *bytes,
			struct seep_query *query);
/* 0 or -EBADMSG, also for numbers that are none. *ret_exact: the row says so; then that is all. */
int seep_sampling_read(struct seep_query *query, struct seep_sampling *ret_sampling,
		       bool *ret_exact);

#endif
