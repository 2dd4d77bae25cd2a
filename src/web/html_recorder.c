// SPDX-License-Identifier: GPL-2.0-only
/*
 * A track is what a site, a process or a kind had over time. A point that repeats the one before is
 * left out, as a value holds until the next point. When a track is full, its time is divided into
 * spans, half as many as it may have points, and the last point of each span stays, as in captures;
 * so it is never full for long, and its last point is always the latest.
 *
 * Tracks are sorted by key. At each snapshot the keys of now are merged with those of before, which
 * also forgets what is gone.
 */
#include "web/html_recorder.h"

#include <errno.h>
#include <stdlib.h>

#include "report/intern.h"

struct key {
	uint32_t process; /* its id */
	uint32_t kind;
	uint64_t id; /* of the site */
};

struct track {
	struct key key;
	struct seep_html_point latest; /* of the snapshot that is being added */
	struct seep_html_point *points;
	size_t num;
	size_t capacity;
	uint64_t span_ns; /* 0: it has not been full yet */
};

struct tracks {
	struct track *all;
	size_t num;
};

struct seep_html_recorder {
	struct track totals[SEEP_KIND_COUNT];
	struct tracks sites;
	struct tracks processes;
	struct seep_html_series *resident; /* of each process of the latest snapshot */
	struct seep_html_history history;
};

static int compare_keys(const struct key *a, const struct key *b)
{
	if (a->process != b->process)
		return a->process < b->process ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return (a->id > b->id) - (a->id < b->id);
}

static int compare_tracks(const void *left, const void *right)
{
	return compare_keys(&((const struct track *)left)->key,
			    &((const struct track *)right)->key);
}

/* Of each span the last point stays. */
static void thin(struct track *track, size_t max)
{
	uint64_t first_ns = track->points[0].elapsed_ns;
	uint64_t last_ns = track->points[track->num - 1].elapsed_ns;
	size_t kept = 0;

	track->span_ns = (last_ns - first_ns) / (max / 2) + 1;
	for (size_t i = 0; i < track->num; i++) {
		if (i + 1 == track->num || track->points[i].elapsed_ns / track->span_ns !=
						   track->points[i + 1].elapsed_ns / track->span_ns)
			track->points[kept++] = track->points[i];
	}
	track->num = kept;
}

static bool is_repeated(const struct seep_html_point *last, const struct seep_html_point *point)
{
	return last->live_objects == point->live_objects && last->live_bytes == point->live_bytes;
}

/* 0 or -ENOMEM. */
static int add_point(struct track *track, const struct seep_html_point *point, size_t max)
{
	struct seep_html_point *last = track->num ? &track->points[track->num - 1] : NULL;
	int error;

	if (last && is_repeated(last, point))
		return 0;
	if (last && track->span_ns &&
	    last->elapsed_ns / track->span_ns == point->elapsed_ns / track->span_ns) {
		*last = *point;
		return 0;
	}
	if (last && track->num == max)
		thin(track, max);
	error = seep_array_reserve(&track->points, &track->capacity, track->num,
				   sizeof(*track->points));
	if (!error)
		track->points[track->num++] = *point;
	return error;
}

static void done(struct tracks *tracks)
{
	for (size_t i = 0; i < tracks->num; i++)
		free(tracks->all[i].points);
	free(tracks->all);
	*tracks = (struct tracks){0};
}

/* What @after has of @before goes over to it; the rest is freed, and @before is empty then. */
static void take_over(struct tracks *before, struct tracks *after)
{
	size_t old = 0;

	for (size_t i = 0; i < after->num; i++) {
		struct track *track = &after->all[i];

		while (old < before->num && compare_keys(&before->all[old].key, &track->key) < 0)
			old++;
		if (old == before->num || compare_keys(&before->all[old].key, &track->key) != 0)
			continue;
		track->points = before->all[old].points;
		track->num = before->all[old].num;
		track->capacity = before->all[old].capacity;
		track->span_ns = before->all[old].span_ns;
		before->all[old++].points = NULL;
	}
	done(before);
}

/* @latest are the tracks of now, with their latest points and nothing else. 0 or -ENOMEM. */
static int update(struct tracks *tracks, struct tracks latest)
{
	int error = 0;

	qsort(latest.all, latest.num, sizeof(*latest.all), compare_tracks);
	take_over(tracks, &latest);
	*tracks = latest;
	for (size_t i = 0; !error && i < tracks->num; i++)
		error = add_point(&tracks->all[i], &tracks->all[i].latest,
				  SEEP_HTML_RECORDED_POINTS);
	return error;
}

static const struct track *find(const struct tracks *tracks, const struct key *key)
{
	const struct track wanted = {.key = *key};

	return tracks->num ? bsearch(&wanted, tracks->all, tracks->num, sizeof(*tracks->all),
				     compare_tracks) :
			     NULL;
}

static struct seep_html_series series_of(const struct track *track)
{
	return track ? (struct seep_html_series){track->points, track->num} :
		       (struct seep_html_series){0};
}

static struct key key_of(const struct seep_site *site)
{
	return (struct key){site->process->id, site->kind, site->id};
}

/* The callback of the page. */
static int series_of_site(void *context, const struct seep_site *site,
			  struct seep_html_series *ret_series)
{
	const struct seep_html_recorder *recorder = context;
	const struct key key = key_of(site);

	*ret_series = series_of(find(&recorder->sites, &key));
	return 0;
}

/* Those with the most live bytes come first in a snapshot. */
static int add_sites(struct seep_html_recorder *recorder, const struct seep_snapshot *snapshot)
{
	size_t count = snapshot->num_sites < SEEP_HTML_RECORDED_SITES ? snapshot->num_sites :
									SEEP_HTML_RECORDED_SITES;
	/* One more than needed: calloc of nothing may return NULL. */
	struct tracks latest = {calloc(count + 1, sizeof(*latest.all)), count};

	if (!latest.all)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		latest.all[i].key = key_of(site);
		latest.all[i].latest = (struct seep_html_point){
			snapshot->elapsed_ns, site->live_objects, site->live_bytes};
	}
	return update(&recorder->sites, latest);
}

/* What has ended has nothing resident. */
static int add_processes(struct seep_html_recorder *recorder, const struct seep_snapshot *snapshot)
{
	struct tracks latest = {calloc(snapshot->num_processes + 1, sizeof(*latest.all)), 0};

	if (!latest.all)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct seep_process *process = &snapshot->processes[i];

		if (process->rss_bytes == SEEP_UNKNOWN && !process->exited)
			continue;
		latest.all[latest.num++] = (struct track){
			.key = {.process = process->id},
			.latest = {.elapsed_ns = snapshot->elapsed_ns,
				   .live_bytes = process->exited ? 0 : process->rss_bytes},
		};
	}
	return update(&recorder->processes, latest);
}

static int add_totals(struct seep_html_recorder *recorder, const struct seep_snapshot *snapshot)
{
	int error = 0;

	for (int kind = 0; kind < SEEP_KIND_COUNT && !error; kind++) {
		const struct seep_totals *totals = &snapshot->totals[kind];
		const struct seep_html_point point = {snapshot->elapsed_ns, totals->live_objects,
						      totals->live_bytes};

		if (totals->traced)
			error = add_point(&recorder->totals[kind], &point,
					  SEEP_HTML_RECORDED_TOTALS);
		recorder->history.totals[kind] = series_of(&recorder->totals[kind]);
	}
	return error;
}

/* The series of the processes in the order of the snapshot. */
static int order_residents(struct seep_html_recorder *recorder,
			   const struct seep_snapshot *snapshot)
{
	recorder->history.resident = NULL;
	free(recorder->resident);
	recorder->resident = calloc(snapshot->num_processes + 1, sizeof(*recorder->resident));
	if (!recorder->resident)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct key key = {.process = snapshot->processes[i].id};

		recorder->resident[i] = series_of(find(&recorder->processes, &key));
	}
	recorder->history.resident = recorder->resident;
	return 0;
}

int seep_html_recorder_add(struct seep_html_recorder *recorder,
			   const struct seep_snapshot *snapshot)
{
	int error = add_totals(recorder, snapshot);

	if (!error)
		error = add_sites(recorder, snapshot);
	if (!error)
		error = add_processes(recorder, snapshot);
	return error ? error : order_residents(recorder, snapshot);
}

int seep_html_recorder_new(struct seep_html_recorder **ret_recorder)
{
	struct seep_html_recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return -ENOMEM;
	recorder->history.site = series_of_site;
	recorder->history.context = recorder;
	*ret_recorder = recorder;
	return 0;
}

void seep_html_recorder_free(struct seep_html_recorder *recorder)
{
	if (!recorder)
		return;
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++)
		free(recorder->totals[kind].points);
	done(&recorder->sites);
	done(&recorder->processes);
	free(recorder->resident);
	free(recorder);
}

const struct seep_html_history *
seep_html_recorder_history(const struct seep_html_recorder *recorder)
{
	return &recorder->history;
}
