// SPDX-License-Identifier: GPL-2.0-only
/*
 * Histograms are packed: bucket counts as LEB128, without the empty ones at both ends, since most
 * sites fill a few buckets of dozens. Read back from a file that is not trusted, so what is too
 * long or does not end is refused. The writer calls take and bind, the loader read and apply.
 */
#include "store/sample.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define LEB_BITS 7
#define LEB_MORE 0x80

size_t seep_histogram_encode(const uint64_t buckets[SEEP_LIFETIME_BUCKETS],
			     uint8_t bytes[SEEP_HISTOGRAM_MAX])
{
	size_t first = 0, end = SEEP_LIFETIME_BUCKETS, length = 0;

	/* Empty buckets at both ends are not written; those between are, as one byte each. */
	while (end > 0 && !buckets[end - 1])
		end--;
	if (end == 0)
		return 0;
	while (!buckets[first])
		first++;
	bytes[length++] = (uint8_t)first;
	for (size_t i = first; i < end; i++) {
		uint64_t rest = buckets[i];

		/* All but the last byte have the highest bit. */
		for (; rest >= LEB_MORE; rest >>= LEB_BITS)
			bytes[length++] = (uint8_t)(rest | LEB_MORE);
		bytes[length++] = (uint8_t)rest;
	}
	return length;
}

/* Reads a number from *@at on; false if it does not end before @end or is too large. */
static bool read_leb(const uint8_t **at, const uint8_t *end, uint64_t *ret_value)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; *at < end && shift < 64; shift += LEB_BITS) {
		/*
		 * Seven bits; the tenth byte has room for one only, and more of them would be lost.
		 */
		uint64_t bits = **at & (LEB_MORE - 1);

		if (bits << shift >> shift != bits)
			return false;
		value |= bits << shift;
		if (!(*(*at)++ & LEB_MORE)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

int seep_histogram_decode(const uint8_t *bytes, size_t length,
			  uint64_t ret_buckets[SEEP_LIFETIME_BUCKETS])
{
	uint64_t buckets[SEEP_LIFETIME_BUCKETS] = {0};

	if (length > 0) {
		const uint8_t *at = bytes + 1, *end = bytes + length;

		/*
		 * The first bucket comes from the file too, so the index is checked for each count.
		 */
		for (size_t i = bytes[0]; at < end; i++) {
			if (i >= SEEP_LIFETIME_BUCKETS || !read_leb(&at, end, &buckets[i]))
				return -EBADMSG;
		}
	}
	memcpy(ret_buckets, buckets, sizeof(buckets));
	return 0;
}

void seep_sample_take(const struct seep_site *site, uint64_t now_ns,
		      struct seep_stored_sample *ret_sample)
{
	/* The padding too, for the hash. */
	memset(ret_sample, 0, sizeof(*ret_sample));
	ret_sample->counts = site->counts;
	ret_sample->live_objects = site->live_objects;
	ret_sample->live_bytes = site->live_bytes;
	ret_sample->has_oldest = site->oldest_ns != SEEP_UNKNOWN;
	if (ret_sample->has_oldest)
		/*
		 * The difference may be negative, if the object is older than the trace; unsigned
		 * arithmetic wraps and the cast undoes it.
		 */
		ret_sample->oldest_made_ns = (int64_t)(now_ns - site->oldest_ns);
	memcpy(ret_sample->lifetimes, site->lifetimes, sizeof(site->lifetimes));
}

void seep_sample_apply(const struct seep_stored_sample *sample, uint64_t now_ns,
		       struct seep_site *site)
{
	site->counts = sample->counts;
	site->live_objects = sample->live_objects;
	site->live_bytes = sample->live_bytes;
	site->oldest_ns =
		sample->has_oldest ? now_ns - (uint64_t)sample->oldest_made_ns : SEEP_UNKNOWN;
	memcpy(site->lifetimes, sample->lifetimes, sizeof(site->lifetimes));
}

XXH128_hash_t seep_sample_hash(const struct seep_stored_sample *sample)
{
	return XXH3_128bits(sample, sizeof(*sample));
}

/*
 * NULL for what follows from the counters: a byte instead of up to nine, in most rows of a capture.
 */
static void bind_live(struct seep_query *query, uint64_t live, uint64_t counted)
{
	if (live == counted)
		seep_bind_null(query);
	else
		seep_bind_int(query, (int64_t)live);
}

/* The way back from bind_live. */
static uint64_t read_live(struct seep_query *query, uint64_t counted)
{
	bool same = seep_column_is_null(query);
	uint64_t live = (uint64_t)seep_column_int(query);

	return same ? counted : live;
}

void seep_sample_bind(const struct seep_stored_sample *sample, uint8_t bytes[SEEP_HISTOGRAM_MAX],
		      struct seep_query *query)
{
	seep_bind_int(query, (int64_t)sample->counts.allocs);
	seep_bind_int(query, (int64_t)sample->counts.frees);
	seep_bind_int(query, (int64_t)sample->counts.alloc_bytes);
	seep_bind_int(query, (int64_t)sample->counts.free_bytes);
	bind_live(query, sample->live_objects, seep_counts_live_objects(&sample->counts));
	bind_live(query, sample->live_bytes, seep_counts_live_bytes(&sample->counts));
	if (sample->has_oldest)
		seep_bind_int(query, sample->oldest_made_ns);
	else
		seep_bind_null(query);
	seep_bind_bytes(query, bytes, seep_histogram_encode(sample->lifetimes, bytes));
}

static int read_histogram(struct seep_query *query, uint64_t ret_buckets[SEEP_LIFETIME_BUCKETS])
{
	size_t length;
	const uint8_t *bytes = seep_column_bytes(query, &length);

	return query->error ? query->error : seep_histogram_decode(bytes, length, ret_buckets);
}

int seep_sample_read(struct seep_query *query, struct seep_stored_sample *ret_sample)
{
	memset(ret_sample, 0, sizeof(*ret_sample));
	ret_sample->counts.allocs = (uint64_t)seep_column_int(query);
	ret_sample->counts.frees = (uint64_t)seep_column_int(query);
	ret_sample->counts.alloc_bytes = (uint64_t)seep_column_int(query);
	ret_sample->counts.free_bytes = (uint64_t)seep_column_int(query);
	ret_sample->live_objects = read_live(query, seep_counts_live_objects(&ret_sample->counts));
	ret_sample->live_bytes = read_live(query, seep_counts_live_bytes(&ret_sample->counts));
	ret_sample->has_oldest = !seep_column_is_null(query);
	ret_sample->oldest_made_ns = seep_column_int(query);
	return read_histogram(query, ret_sample->lifetimes);
}

XXH128_hash_t seep_sampling_hash(const struct seep_sampling *sampling)
{
	/* All of its members have 64 bits, so there is no padding in it. */
	_Static_assert(sizeof(*sampling) == (9 + 2 * SEEP_LIFETIME_BUCKETS) * sizeof(uint64_t),
		       "no padding");
	return sampling ? XXH3_128bits(sampling, sizeof(*sampling)) : (XXH128_hash_t){0};
}

void seep_sampling_bind(const struct seep_sampling *sampling, struct seep_sampling_bytes *bytes,
			struct seep_query *query)
{
	static const struct seep_sampling nothing = {
		.allocs_error = NAN,
		.alloc_bytes_error = NAN,
		.live_objects_error = NAN,
		.live_bytes_error = NAN,
		.staying = NAN,
		.staying_low = NAN,
		.staying_high = NAN,
	};

	seep_bind_uint(query, sampling ? sampling->seen_objects : SEEP_UNKNOWN);
	sampling = sampling ? sampling : &nothing;
	seep_bind_real(query, sampling->allocs_error);
	seep_bind_real(query, sampling->alloc_bytes_error);
	seep_bind_real(query, sampling->live_objects_error);
	seep_bind_real(query, sampling->live_bytes_error);
	seep_bind_real(query, sampling->staying);
	seep_bind_real(query, sampling->staying_low);
	seep_bind_real(query, sampling->staying_high);
	seep_bind_bytes(query, bytes->lifetimes,
			seep_histogram_encode(sampling->lifetimes, bytes->lifetimes));
	seep_bind_bytes(query, bytes->ages, seep_histogram_encode(sampling->ages, bytes->ages));
}

/* NULL is an error that is not known. */
static int read_error(struct seep_query *query, double *ret_error)
{
	*ret_error = seep_column_real(query);
	return *ret_error < 0 ? -EBADMSG : 0;
}

/* From 0 to 1, or not known. */
static int read_share(struct seep_query *query, double *ret_share)
{
	*ret_share = seep_column_real(query);
	return *ret_share < 0 || *ret_share > 1 ? -EBADMSG : 0;
}

int seep_sampling_read(struct seep_query *query, struct seep_sampling *ret_sampling,
		       bool *ret_exact)
{
	struct seep_sampling sampling = {.seen_objects = seep_column_uint(query)};
	/* In the order of the columns. */
	double *const errors[] = {&sampling.allocs_error, &sampling.alloc_bytes_error,
				  &sampling.live_objects_error, &sampling.live_bytes_error};
	double *const shares[] = {&sampling.staying, &sampling.staying_low, &sampling.staying_high};
	int error = 0;

	*ret_exact = sampling.seen_objects == SEEP_UNKNOWN;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]) && !error; i++)
		error = read_error(query, errors[i]);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]) && !error; i++)
		error = read_share(query, shares[i]);
	if (!error)
		error = read_histogram(query, sampling.lifetimes);
	if (!error)
		error = read_histogram(query, sampling.ages);
	if (!error)
		*ret_sampling = sampling;
	return error;
}
