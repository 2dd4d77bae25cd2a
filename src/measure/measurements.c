// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures a site for its verdict, in the order of seep_measurements_take: numbers first, then the
 * early and late parts, then trend and shape, which need the size of an object as their unit, then
 * the lifetimes, which need the rate of allocation. A second trend, of objects, is fitted only
 * where bytes do not tell it.
 */
#include "measure/measurements.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "model/sampling.h"

/* Sizes count as equal if their sums do within this: the sums of a snapshot are read one by one. */
#define SAME_SIZE 0.01

/* Of an enlarged buffer the mean object is this many times as large as it was. */
#define ENLARGED 1.9

/*
 * A release is counted before its lifetime, so a snapshot may lack some lifetimes: as many as there
 * are threads that release something just then.
 */
#define LIFETIMES_MISSING 64

/* One value of a series as two arrays, as the fits take it. */
struct series {
	size_t count;
	double times[SEEP_SERIES_SAMPLES];
	double values[SEEP_SERIES_SAMPLES];
};

struct seep_sample seep_measurements_sample(const struct seep_site *site, double time_s)
{
	return (struct seep_sample){
		.time_s = time_s,
		.values =
			{
				[SEEP_SERIES_BYTES] = (double)seep_counts_live_bytes(&site->counts),
				[SEEP_SERIES_OBJECTS] =
					(double)seep_counts_live_objects(&site->counts),
				[SEEP_SERIES_ALLOCS] = (double)site->counts.allocs,
			},
	};
}

/*
 * Estimates of what was made and of what lives differ by chance: if none of the objects that were
 * followed has ended, no release is known.
 */
static double count_frees(const struct seep_site *site)
{
	return site->sampling && seep_survival_count(site->sampling->lifetimes) == 0 ?
		       0 :
		       (double)site->counts.frees;
}

/* Only an object that is gone has a lifetime; one that realloc enlarges lives on. */
static double count_enlargements(const struct seep_site *site, double frees)
{
	double ended = (double)seep_survival_count(site->lifetimes);

	if (site->kind != SEEP_KIND_MEMORY)
		return 0;
	return frees > ended + LIFETIMES_MISSING ? frees - ended : 0;
}

/* What is a number already, in the snapshot or in the latest sample. */
static void count_up(const struct seep_site *site, const struct seep_series *series,
		     struct seep_measurements *measured)
{
	const struct seep_sample *latest = &series->latest;

	measured->kind = site->kind;
	measured->in_bytes = !seep_kind_is_counted(site->kind);
	measured->num_samples = series->num_samples;
	measured->observed_s = seep_series_span_s(series);
	measured->live_objects = latest->values[SEEP_SERIES_OBJECTS];
	measured->live_bytes = latest->values[SEEP_SERIES_BYTES];
	measured->oldest_s = site->oldest_ns == SEEP_UNKNOWN ?
				     NAN :
				     (double)site->oldest_ns / (double)SEEP_NS_PER_S;
	measured->allocs = (double)site->counts.allocs;
	measured->frees = count_frees(site);
	measured->enlargements = count_enlargements(site, measured->frees);
}

/* From what the first and the last third of the samples have. */
static void compare_thirds(const struct seep_series *series, struct seep_measurements *measured)
{
	size_t count = series->num_samples;
	const struct seep_sample *from = &series->samples[count - 1 - count / 3];
	const struct seep_sample *to = &series->latest;
	double early[SEEP_SERIES_VALUES] = {0};
	double late[SEEP_SERIES_VALUES] = {0};

	for (size_t i = 0; i < count / 3; i++)
		for (size_t value = 0; value < SEEP_SERIES_VALUES; value++) {
			early[value] += series->samples[i].values[value];
			late[value] += series->samples[count - 1 - i].values[value];
		}
	if (early[SEEP_SERIES_OBJECTS] > 0)
		measured->size_early = early[SEEP_SERIES_BYTES] / early[SEEP_SERIES_OBJECTS];
	if (late[SEEP_SERIES_OBJECTS] > 0)
		measured->size_late = late[SEEP_SERIES_BYTES] / late[SEEP_SERIES_OBJECTS];
	if (to->time_s > from->time_s)
		measured->allocs_per_s =
			(to->values[SEEP_SERIES_ALLOCS] - from->values[SEEP_SERIES_ALLOCS]) /
			(to->time_s - from->time_s);
}

/*
 * Two means have to agree with the mean of all allocations: that of the live objects, and that of
 * the last third. Single sizes are not known.
 */
static void compare_sizes(const struct seep_site *site, struct seep_measurements *measured)
{
	const struct seep_counts *counts = &site->counts;
	double mean = counts->allocs ? (double)counts->alloc_bytes / (double)counts->allocs : 0;

	measured->bytes_each =
		measured->live_objects > 0 ? measured->live_bytes / measured->live_objects : mean;
	measured->same_size = fabs(measured->bytes_each - mean) <= SAME_SIZE * mean &&
			      fabs(measured->size_late - mean) <= SAME_SIZE * mean;
}

/* Trend and shape. */
static void look_at_series(const struct seep_series *series, struct seep_measurements *measured)
{
	struct series points;
	double unit = seep_measurements_unit(measured);

	points.count = seep_series_get(series,
				       measured->in_bytes ? SEEP_SERIES_BYTES : SEEP_SERIES_OBJECTS,
				       points.times, points.values);
	seep_trend_fit(points.times, points.values, points.count, &measured->trend);
	seep_shape_fit(points.times, points.values, points.count, &measured->trend.noise, unit,
		       &measured->shape);
	if (!measured->in_bytes) {
		measured->objects_trend = measured->trend;
		return;
	}
	/*
	 * Most sites have one size, and then the second trend is the first: it is the larger part
	 * of the work.
	 */
	if (measured->same_size && unit > 0) {
		measured->objects_trend = seep_trend_scaled(&measured->trend, 1 / unit);
		return;
	}
	seep_series_get(series, SEEP_SERIES_OBJECTS, points.times, points.values);
	seep_trend_fit(points.times, points.values, points.count, &measured->objects_trend);
}

/*
 * Where the trace does not know the ages of the live objects, they are guessed from the rate of
 * allocation; ages_known tells the verdict to trust them less.
 */
static void look_at_lifetimes(const struct seep_site *site, struct seep_measurements *measured)
{
	uint64_t guessed[SEEP_LIFETIME_BUCKETS];

	measured->ages_known = site->ages_known;
	/* Of what is sampled by bytes those that were seen tell, as many as they are. */
	if (site->sampling) {
		seep_survival_fit(site->sampling->lifetimes, site->sampling->ages,
				  measured->observed_s, &measured->survival);
		return;
	}
	if (!site->ages_known)
		seep_survival_guess_ages(site->lifetimes, seep_counts_live_objects(&site->counts),
					 measured->allocs_per_s, measured->observed_s, guessed);
	seep_survival_fit(site->lifetimes, site->ages_known ? site->ages : guessed,
			  measured->observed_s, &measured->survival);
}

/* For how many objects one of the sample stands, on average. */
static double weight_of(const struct seep_site *site)
{
	double seen = (double)site->sampling->seen_objects;

	return seen > 0 ? fmax(1, (double)site->counts.allocs / seen) : 1;
}

/*
 * Of what was seen in windows: how long it lives, and how well that is known. Of some times more
 * was seen than of others, so whether as many come as before is asked of what the seen ones stand
 * for.
 */
static void look_at_windows(const struct seep_site *site, struct seep_measurements *measured)
{
	const struct seep_sampling *sampling = site->sampling;
	struct seep_survival all;

	measured->ages_known = true;
	measured->seen = (struct seep_sampled_share){
		.known = true,
		.objects = (double)sampling->seen_objects,
		.staying = {sampling->staying, sampling->staying_low, sampling->staying_high},
		.surely = sampling->staying_surely,
		.made_error = measured->allocs > 0 ? sampling->allocs_error / measured->allocs : 0,
	};
	seep_survival_fit(sampling->lifetimes, sampling->ages, measured->observed_s,
			  &measured->survival);
	seep_survival_fit(site->lifetimes, site->ages, measured->observed_s, &all);
	measured->survival.recent_per_s = all.recent_per_s;
	measured->survival.old_per_s = all.old_per_s;
}

/* What the kernel says of the threads that are live. */
static void count_exited(const struct seep_site *site, struct seep_measurements *measured)
{
	const struct seep_details *details = site->details;

	if (site->kind != SEEP_KIND_THREAD || !details || !details->num_groups)
		return;
	measured->exited_known = true;
	for (size_t i = 0; i < details->num_groups; i++) {
		if (strcmp(details->groups[i].name, SEEP_GROUP_EXITED) == 0)
			measured->exited += (double)details->groups[i].objects;
	}
}

void seep_measurements_take(const struct seep_site *site, const struct seep_series *series,
			    struct seep_measurements *ret_measured)
{
	*ret_measured = (struct seep_measurements){.weight = 1};
	count_up(site, series, ret_measured);
	count_exited(site, ret_measured);
	if (series->num_samples < 2)
		return;
	compare_thirds(series, ret_measured);
	compare_sizes(site, ret_measured);
	if (seep_site_in_windows(site)) {
		look_at_windows(site, ret_measured);
		return;
	}
	if (site->sampling)
		ret_measured->weight = weight_of(site);
	look_at_series(series, ret_measured);
	look_at_lifetimes(site, ret_measured);
}

bool seep_measurements_enlarged(const struct seep_measurements *measured)
{
	return measured->size_early > 0 && measured->size_late > ENLARGED * measured->size_early;
}

double seep_measurements_unit(const struct seep_measurements *measured)
{
	if (!measured->in_bytes)
		return measured->weight;
	if (measured->enlargements > 0 && seep_measurements_enlarged(measured))
		return measured->live_bytes / (measured->live_objects + measured->enlargements);
	return measured->bytes_each * measured->weight;
}
