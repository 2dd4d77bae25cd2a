/* SPDX-License-Identifier: GPL-2.0-only */
#include "verdict/findings.h"

#include <math.h>

#include "base/units.h"

/* Sizes count as equal if their sums do within this: the sums of a snapshot are read one by one. */
#define SAME_SIZE 0.01

struct course {
	size_t count;
	double times[SEEP_SERIES_SAMPLES];
	double values[SEEP_SERIES_SAMPLES];
};

struct seep_sample seep_findings_sample(const struct seep_site *site, double time_s)
{
	return (struct seep_sample){
		.time_s = time_s,
		.values =
			{
				[SEEP_COURSE_BYTES] = (double)seep_counts_live_bytes(&site->counts),
				[SEEP_COURSE_OBJECTS] =
					(double)seep_counts_live_objects(&site->counts),
				[SEEP_COURSE_ALLOCS] = (double)site->counts.allocs,
			},
	};
}

static void count_up(const struct seep_site *site, const struct seep_series *series,
		     struct seep_findings *findings)
{
	const struct seep_sample *latest = &series->latest;

	findings->kind = site->kind;
	findings->in_bytes = !seep_kind_is_counted(site->kind);
	findings->num_samples = series->num_samples;
	findings->observed_s = seep_series_span_s(series);
	findings->live_objects = latest->values[SEEP_COURSE_OBJECTS];
	findings->live_bytes = latest->values[SEEP_COURSE_BYTES];
	findings->oldest_s = site->oldest_ns == SEEP_UNKNOWN ?
				     NAN :
				     (double)site->oldest_ns / (double)SEEP_NS_PER_S;
	findings->allocs = (double)site->counts.allocs;
	findings->frees = (double)site->counts.frees;
}

/* From what the first and the last third of the samples have. */
static void compare_thirds(const struct seep_series *series, struct seep_findings *findings)
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
	if (early[SEEP_COURSE_OBJECTS] > 0)
		findings->size_early = early[SEEP_COURSE_BYTES] / early[SEEP_COURSE_OBJECTS];
	if (late[SEEP_COURSE_OBJECTS] > 0)
		findings->size_late = late[SEEP_COURSE_BYTES] / late[SEEP_COURSE_OBJECTS];
	if (to->time_s > from->time_s)
		findings->allocs_per_s =
			(to->values[SEEP_COURSE_ALLOCS] - from->values[SEEP_COURSE_ALLOCS]) /
			(to->time_s - from->time_s);
}

static void compare_sizes(const struct seep_site *site, struct seep_findings *findings)
{
	const struct seep_counts *counts = &site->counts;
	double mean = counts->allocs ? (double)counts->alloc_bytes / (double)counts->allocs : 0;

	findings->bytes_each =
		findings->live_objects > 0 ? findings->live_bytes / findings->live_objects : mean;
	findings->same_size = fabs(findings->bytes_each - mean) <= SAME_SIZE * mean &&
			      fabs(findings->size_late - mean) <= SAME_SIZE * mean;
}

static void look_at_course(const struct seep_series *series, struct seep_findings *findings)
{
	struct course course;
	double unit = findings->in_bytes ? findings->bytes_each : 1;

	course.count = seep_series_get(series,
				       findings->in_bytes ? SEEP_COURSE_BYTES : SEEP_COURSE_OBJECTS,
				       course.times, course.values);
	seep_trend_fit(course.times, course.values, course.count, &findings->trend);
	seep_shape_fit(course.times, course.values, course.count, &findings->trend.noise, unit,
		       &findings->shape);
	if (!findings->in_bytes) {
		findings->objects_trend = findings->trend;
		return;
	}
	/* Most sites have one size, and then the second trend is the first: it is the larger part of
	 * the work. */
	if (findings->same_size && unit > 0) {
		findings->objects_trend = seep_trend_scaled(&findings->trend, 1 / unit);
		return;
	}
	seep_series_get(series, SEEP_COURSE_OBJECTS, course.times, course.values);
	seep_trend_fit(course.times, course.values, course.count, &findings->objects_trend);
}

static void look_at_lifetimes(const struct seep_site *site, struct seep_findings *findings)
{
	uint64_t guessed[SEEP_LIFETIME_BUCKETS];

	findings->ages_known = site->ages_known;
	if (!site->ages_known)
		seep_survival_guess_ages(site->lifetimes, seep_counts_live_objects(&site->counts),
					 findings->allocs_per_s, findings->observed_s, guessed);
	seep_survival_fit(site->lifetimes, site->ages_known ? site->ages : guessed,
			  findings->observed_s, &findings->survival);
}

void seep_findings_gather(const struct seep_site *site, const struct seep_series *series,
			  struct seep_findings *ret_findings)
{
	*ret_findings = (struct seep_findings){0};
	count_up(site, series, ret_findings);
	if (series->num_samples < 2)
		return;
	compare_thirds(series, ret_findings);
	compare_sizes(site, ret_findings);
	look_at_course(series, ret_findings);
	look_at_lifetimes(site, ret_findings);
}
