// SPDX-License-Identifier: GPL-2.0-only
#include "app/courses.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

struct seep_courses {
	struct seep_reader *reader;
	const struct seep_loaded *loaded;
	struct seep_html_courses html;
	struct seep_html_point *totals[SEEP_KIND_COUNT];
	struct seep_html_course *resident; /* of each process */
	struct seep_html_point *resident_points;
	struct seep_html_point *of_site; /* of the one that was asked for last */
};

/* Points up to the moment of the report; the caller frees them. */
static int convert(const struct seep_courses *courses, const struct seep_point *points,
		   size_t count, struct seep_html_point **ret_points,
		   struct seep_html_course *ret_course)
{
	struct seep_html_point *converted = calloc(count + 1, sizeof(*converted));
	size_t used = 0;

	if (!converted)
		return -ENOMEM;
	while (used < count && points[used].elapsed_ns <= courses->loaded->snapshot.elapsed_ns) {
		converted[used] = (struct seep_html_point){
			.elapsed_ns = points[used].elapsed_ns,
			.live_objects = points[used].live_objects,
			.live_bytes = points[used].live_bytes,
		};
		used++;
	}
	*ret_points = converted;
	*ret_course = (struct seep_html_course){converted, used};
	return 0;
}

static int course_of_site(void *context, const struct seep_site *site,
			  struct seep_html_course *ret_course)
{
	struct seep_courses *courses = context;
	SEEP_AUTO_FREE struct seep_point *points = NULL;
	size_t count;
	int error =
		seep_reader_site_course(courses->reader, courses->loaded, site, &points, &count);

	if (error)
		return error;
	free(courses->of_site);
	courses->of_site = NULL;
	return convert(courses, points, count, &courses->of_site, ret_course);
}

/* Of all processes together, as the capture has added them up. */
static int read_totals(struct seep_courses *courses)
{
	int error = 0;

	for (int kind = 0; kind < SEEP_KIND_COUNT && !error; kind++) {
		SEEP_AUTO_FREE struct seep_point *points = NULL;
		size_t count;

		if (!courses->loaded->snapshot.totals[kind].traced)
			continue;
		error = seep_reader_process_course(courses->reader, courses->loaded, NULL,
						   (enum seep_kind)kind, &points, &count);
		if (!error)
			error = convert(courses, points, count, &courses->totals[kind],
					&courses->html.totals[kind]);
	}
	return error;
}

/* The points of all processes, up to the moment of the report, process by process. */
static int sort_residents(struct seep_courses *courses, const struct seep_resident_point *points,
			  size_t count)
{
	size_t num_processes = courses->loaded->snapshot.num_processes, used = 0;

	courses->resident = calloc(num_processes + 1, sizeof(*courses->resident));
	courses->resident_points = calloc(count + 1, sizeof(*courses->resident_points));
	if (!courses->resident || !courses->resident_points)
		return -ENOMEM;
	while (count > 0 && points[count - 1].elapsed_ns > courses->loaded->snapshot.elapsed_ns)
		count--;
	for (size_t i = 0; i < count; i++)
		courses->resident[points[i].process].num_points++;
	for (size_t i = 0; i < num_processes; i++) {
		courses->resident[i].points = courses->resident_points + used;
		used += courses->resident[i].num_points;
		courses->resident[i].num_points = 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct seep_html_course *course = &courses->resident[points[i].process];
		size_t at = (size_t)(course->points - courses->resident_points);

		courses->resident_points[at + course->num_points++] = (struct seep_html_point){
			.elapsed_ns = points[i].elapsed_ns,
			.live_bytes = points[i].rss_bytes,
		};
	}
	courses->html.resident = courses->resident;
	return 0;
}

static int read_residents(struct seep_courses *courses)
{
	SEEP_AUTO_FREE struct seep_resident_point *points = NULL;
	size_t count;
	int error = seep_reader_resident_courses(courses->reader, courses->loaded, &points, &count);

	return error ? error : sort_residents(courses, points, count);
}

int seep_courses_new(struct seep_reader *reader, const struct seep_loaded *loaded,
		     struct seep_courses **ret_courses)
{
	struct seep_courses *courses = calloc(1, sizeof(*courses));
	int error;

	if (!courses)
		return -ENOMEM;
	courses->reader = reader;
	courses->loaded = loaded;
	courses->html.site = course_of_site;
	courses->html.context = courses;
	error = read_totals(courses);
	if (!error)
		error = read_residents(courses);
	if (error) {
		seep_courses_free(courses);
		return error;
	}
	*ret_courses = courses;
	return 0;
}

void seep_courses_free(struct seep_courses *courses)
{
	if (!courses)
		return;
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++)
		free(courses->totals[kind]);
	free(courses->resident);
	free(courses->resident_points);
	free(courses->of_site);
	free(courses);
}

const struct seep_html_courses *seep_courses_html(const struct seep_courses *courses)
{
	return &courses->html;
}
