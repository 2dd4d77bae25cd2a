// SPDX-License-Identifier: GPL-2.0-only
#include "measure/by_bytes.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "measure/survival.h"
#include "seep/sampling.h"

/* Sums over blocks that were made and are not released. */
static struct seep_weighed live_of(const struct seep_site_value *value)
{
	const struct seep_weighed *made = &value->made, *released = &value->released;

	return (struct seep_weighed){
		.objects = made->objects - released->objects,
		.bytes = made->bytes - released->bytes,
		.object_squares = made->object_squares - released->object_squares,
		.byte_squares = made->byte_squares - released->byte_squares,
	};
}

static uint64_t objects_of(const struct seep_weighed *weighed)
{
	const uint64_t half = 1 << (SEEP_SAMPLE_SHIFT - 1);

	return (weighed->objects + half) >> SEEP_SAMPLE_SHIFT;
}

/*
 * The variance of a sum of weights, each of which is there with the chance 1 / w, is estimated
 * without bias by the sum of w (w - 1) (Horvitz and Thompson, J. Am. Stat. Assoc. 47, 1952).
 */
static double objects_error(const struct seep_weighed *weighed, uint64_t seen)
{
	double sum = ldexp((double)weighed->objects, -SEEP_SAMPLE_SHIFT);
	double squares = ldexp((double)weighed->object_squares, -SEEP_SQUARES_SHIFT);
	/*
	 * If all weights are the same it is this, else it is more: of weights that are nearly 1 the
	 * squares have lost too much.
	 */
	double least = seen ? sum * (sum / (double)seen - 1) : 0;

	return sqrt(fmax(squares, least));
}

static double bytes_error(const struct seep_weighed *weighed, uint64_t mean)
{
	return (double)mean * sqrt(ldexp((double)weighed->byte_squares, -SEEP_SAMPLE_SHIFT));
}

/*
 * A histogram of blocks in the sample becomes one of as many as they stand for. It may have fewer
 * than the @seen ones, which stand for @total: not of all is the age known.
 */
static void scale_to(uint64_t *counts, uint64_t seen, uint64_t total)
{
	double sum = fmax((double)seep_survival_count(counts), (double)seen);

	for (int i = 0; i < SEEP_LIFETIME_BUCKETS && sum > 0; i++)
		counts[i] = (uint64_t)llround((double)counts[i] / sum * (double)total);
}

/* Counters and ages are read at slightly different moments. */
static uint64_t less(uint64_t live, uint64_t young)
{
	return young < live ? live - young : 0;
}

/* Lifetimes and ages are those of the blocks that were seen: chance is about them. */
static void fill_sampling(const struct seep_by_bytes *by, const struct seep_site_value *value,
			  const struct seep_weighed *live, const struct seep_site *site,
			  struct seep_sampling *ret_sampling)
{
	struct seep_survival survival;

	seep_survival_fit(site->lifetimes, site->ages, by->observed_s, &survival);
	*ret_sampling = (struct seep_sampling){
		.seen_objects = value->allocs,
		.allocs_error = objects_error(&value->made, value->allocs),
		.alloc_bytes_error = bytes_error(&value->made, by->mean),
		.live_objects_error = objects_error(live, value->allocs - value->frees),
		.live_bytes_error = bytes_error(live, by->mean),
		.staying = survival.valid ? survival.kept.value : 0,
		.staying_low = survival.valid ? survival.kept.low : 0,
		.staying_high = survival.valid ? survival.kept.high : 1,
	};
	memcpy(ret_sampling->lifetimes, site->lifetimes, sizeof(ret_sampling->lifetimes));
	memcpy(ret_sampling->ages, site->ages, sizeof(ret_sampling->ages));
}

void seep_by_bytes_fill(const struct seep_by_bytes *by, const struct seep_site_value *value,
			struct seep_site *site, struct seep_sampling *ret_sampling)
{
	const struct seep_weighed live = live_of(value);
	/* An entry with another number had nothing alive. */
	bool scanned = value->scan == by->scan_number;
	const struct seep_weighed young = {
		.objects = scanned ? value->young_objects : 0,
		.bytes = scanned ? value->young_bytes : 0,
	};

	fill_sampling(by, value, &live, site, ret_sampling);
	site->counts.allocs = objects_of(&value->made);
	site->counts.alloc_bytes = value->made.bytes;
	site->live_objects = objects_of(&live);
	site->live_bytes = live.bytes;
	/* Allocations less releases are what lives, whatever is rounded. */
	site->counts.frees = less(site->counts.allocs, site->live_objects);
	site->counts.free_bytes = value->released.bytes;
	scale_to(site->lifetimes, value->frees, site->counts.frees);
	scale_to(site->ages, value->allocs - value->frees, site->live_objects);
	if (by->min_age_ns) {
		site->live_objects = less(site->live_objects, objects_of(&young));
		site->live_bytes = less(site->live_bytes, young.bytes);
	}
}

struct seep_weighed seep_weighed_object(uint64_t bytes, uint64_t mean)
{
	double points = (double)(bytes ? bytes : 1) / (double)mean;
	double weight = mean > 1 ? 1 / -expm1(-points) : 1;
	double square = weight * (weight - 1);

	return (struct seep_weighed){
		.objects = (uint64_t)llround(ldexp(weight, SEEP_SAMPLE_SHIFT)),
		.bytes = (uint64_t)llround(weight * (double)bytes),
		.object_squares = (uint64_t)llround(ldexp(square, SEEP_SQUARES_SHIFT)),
		.byte_squares =
			(uint64_t)llround(ldexp(square * points * points, SEEP_SAMPLE_SHIFT)),
	};
}

void seep_weighed_add(struct seep_weighed *sums, uint64_t count, const struct seep_weighed *object)
{
	sums->objects += count * object->objects;
	sums->bytes += count * object->bytes;
	sums->object_squares += count * object->object_squares;
	sums->byte_squares += count * object->byte_squares;
}
