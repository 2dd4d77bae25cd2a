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

/* Of a single process its course is that of all; the courses of several cannot be added point by point. */
static int read_totals(struct seep_courses *courses)
{
	const struct seep_snapshot *snapshot = &courses->loaded->snapshot;
	int error = 0;

	if (snapshot->num_processes != 1)
		return 0;
	for (int kind = 0; kind < SEEP_KIND_COUNT && !error; kind++) {
		SEEP_AUTO_FREE struct seep_point *points = NULL;
		size_t count;

		if (!snapshot->totals[kind].traced)
			continue;
		error = seep_reader_process_course(courses->reader, courses->loaded,
						   &snapshot->processes[0], (enum seep_kind)kind,
						   &points, &count);
		if (!error)
			error = convert(courses, points, count, &courses->totals[kind],
					&courses->html.totals[kind]);
	}
	return error;
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
	free(courses->of_site);
	free(courses);
}

const struct seep_html_courses *seep_courses_html(const struct seep_courses *courses)
{
	return &courses->html;
}
