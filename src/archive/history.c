// SPDX-License-Identifier: GPL-2.0-only
/*
 * The history of a capture for the HTML report: the totals of each kind and the resident memory of
 * each process are read at once, the series of a site when the report draws it. Points are
 * converted up to the moment of the report; the capture bounds how many there are. Called by the
 * command report for each page.
 */
#include "archive/history.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* Owns all points; html refers to them. */
struct seep_history {
	struct seep_reader *reader;
	const struct seep_loaded *loaded;
	struct seep_html_history html;
	struct seep_html_point *totals[SEEP_KIND_COUNT];
	struct seep_html_series *resident; /* of each process */
	struct seep_html_point *resident_points;
	struct seep_html_point *of_site; /* of the one that was asked for last */
};

/* Points up to the moment of the report; the caller frees them. */
static int convert(const struct seep_history *history, const struct seep_point *points,
		   size_t count, struct seep_html_point **ret_points,
		   struct seep_html_series *ret_series)
{
	struct seep_html_point *converted = calloc(count + 1, sizeof(*converted));
	size_t used = 0;

	if (!converted)
		return -ENOMEM;
	/*
	 * The capture goes on behind a moment chosen by --at; the report must not show its future.
	 */
	while (used < count && points[used].elapsed_ns <= history->loaded->snapshot.elapsed_ns) {
		converted[used] = (struct seep_html_point){
			.elapsed_ns = points[used].elapsed_ns,
			.live_objects = points[used].live_objects,
			.live_bytes = points[used].live_bytes,
		};
		used++;
	}
	*ret_points = converted;
	*ret_series = (struct seep_html_series){converted, used};
	return 0;
}

/*
 * The callback of the page. The points of the former site are freed: one series is in memory at a
 * time.
 */
static int series_of_site(void *context, const struct seep_site *site,
			  struct seep_html_series *ret_series)
{
	struct seep_history *history = context;
	SEEP_AUTO_FREE struct seep_point *points = NULL;
	size_t count;
	int error =
		seep_reader_site_series(history->reader, history->loaded, site, &points, &count);

	if (error)
		return error;
	free(history->of_site);
	history->of_site = NULL;
	return convert(history, points, count, &history->of_site, ret_series);
}

/* Of all processes together, as the capture has added them up. */
static int read_totals(struct seep_history *history)
{
	int error = 0;

	for (int kind = 0; kind < SEEP_KIND_COUNT && !error; kind++) {
		SEEP_AUTO_FREE struct seep_point *points = NULL;
		size_t count;

		if (!history->loaded->snapshot.totals[kind].traced)
			continue;
		error = seep_reader_process_series(history->reader, history->loaded, NULL,
						   (enum seep_kind)kind, &points, &count);
		if (!error)
			error = convert(history, points, count, &history->totals[kind],
					&history->html.totals[kind]);
	}
	return error;
}

/* The points of all processes, up to the moment of the report, process by process. */
static int sort_residents(struct seep_history *history, const struct seep_resident_point *points,
			  size_t count)
{
	size_t num_processes = history->loaded->snapshot.num_processes, used = 0;

	history->resident = calloc(num_processes + 1, sizeof(*history->resident));
	history->resident_points = calloc(count + 1, sizeof(*history->resident_points));
	if (!history->resident || !history->resident_points)
		return -ENOMEM;
	/*
	 * The points are in the order of time: those behind the moment of the report are at the
	 * end.
	 */
	while (count > 0 && points[count - 1].elapsed_ns > history->loaded->snapshot.elapsed_ns)
		count--;
	/*
	 * A counting sort: how many points each process has, where its part begins, then the
	 * points. It keeps their order in time.
	 */
	for (size_t i = 0; i < count; i++)
		history->resident[points[i].process].num_points++;
	for (size_t i = 0; i < num_processes; i++) {
		history->resident[i].points = history->resident_points + used;
		used += history->resident[i].num_points;
		/* Counts again while the points are put in their places. */
		history->resident[i].num_points = 0;
	}
	for (size_t i = 0; i < count; i++) {
		struct seep_html_series *series = &history->resident[points[i].process];
		/* The points of a series are const; its place in the array is not. */
		size_t at = (size_t)(series->points - history->resident_points);

		history->resident_points[at + series->num_points++] = (struct seep_html_point){
			.elapsed_ns = points[i].elapsed_ns,
			.live_bytes = points[i].rss_bytes,
		};
	}
	history->html.resident = history->resident;
	return 0;
}

static int read_residents(struct seep_history *history)
{
	SEEP_AUTO_FREE struct seep_resident_point *points = NULL;
	size_t count;
	int error = seep_reader_resident_history(history->reader, history->loaded, &points, &count);

	return error ? error : sort_residents(history, points, count);
}

int seep_history_new(struct seep_reader *reader, const struct seep_loaded *loaded,
		     struct seep_history **ret_history)
{
	struct seep_history *history = calloc(1, sizeof(*history));
	int error;

	if (!history)
		return -ENOMEM;
	history->reader = reader;
	history->loaded = loaded;
	history->html.site = series_of_site;
	history->html.context = history;
	/* Totals and residents now; sites are read when the page asks for them. */
	error = read_totals(history);
	if (!error)
		error = read_residents(history);
	if (error) {
		seep_history_free(history);
		return error;
	}
	*ret_history = history;
	return 0;
}

void seep_history_free(struct seep_history *history)
{
	if (!history)
		return;
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++)
		free(history->totals[kind]);
	free(history->resident);
	free(history->resident_points);
	free(history->of_site);
	free(history);
}

const struct seep_html_history *seep_history_html(const struct seep_history *history)
{
	return &history->html;
}
