// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is concluded of a site, snapshot by snapshot, and what is kept of it against a single
 * snapshot that says otherwise: a leak is held down, a pattern outlives the resolution that showed
 * it, a cache stays one. Called by the judge: init, then for each snapshot add, and judge if the
 * record is due.
 */
#include "verdict/record.h"

#include <math.h>

/*
 * A leak is taken back when what speaks against it has done so for this many times its minimum
 * observation: a leak that pauses is still one, and a verdict that comes and goes is of no use. But
 * what has just been called one was not, if it is full now: for no longer than it has been called,
 * and within this share of the time observed not at all if the doubt is large again.
 */
#define HOLD_DOWN   2
#define FRESH_SHARE 0.15

/* Judging n samples takes as long as n * n / EVEN_WORK times judging so few that it is nothing. */
#define EVEN_WORK 256

/* A pattern that samples so few per period can show; below, it is what it was. */
#define SAMPLES_PER_PERIOD 4
#define SURE_OF_PATTERN	   4 /* if it was found so many times in a row */

void seep_site_record_init(struct seep_site_record *record, double before_s, double now_s)
{
	*record = (struct seep_site_record){
		.verdict = {.since_s = now_s},
		.against_since_s = NAN,
	};
	seep_series_init(&record->series);
	if (!isnan(before_s))
		seep_series_add(&record->series, &(struct seep_sample){.time_s = before_s});
}

void seep_site_record_add(struct seep_site_record *record, const struct seep_site *site,
			  double now_s)
{
	struct seep_sample sample = seep_measurements_sample(site, now_s);

	if (site->role == SEEP_SITE_ROLE_COLLECTED)
		seep_bulk_add(&record->bulk, site, record->series.latest.time_s);
	seep_series_add(&record->series, &sample);
}

bool seep_site_record_is_due(const struct seep_site_record *record, const struct seep_site *site,
			     const struct seep_snapshot *snapshot)
{
	size_t count = record->series.num_samples;
	uint64_t period = 1 + count * count / EVEN_WORK;

	/*
	 * The series gets a new sample only after so many snapshots; before that there is little
	 * news.
	 */
	if (period < record->series.stride)
		period = record->series.stride;
	/* There is not news of every site in every snapshot. */
	return snapshot->final || (site->id + snapshot->seq) % period == 0 ||
	       snapshot->seq - record->judged >= 2 * period;
}

/* The pattern was found in finer samples than there are now, and they do not show it any more. */
static bool is_too_fine(const struct seep_site_record *record)
{
	const struct seep_verdict *verdict = &record->verdict;
	double distance_s =
		seep_series_span_s(&record->series) / (double)record->series.num_samples;
	double period_s = verdict->pattern == SEEP_PATTERN_STEPPED ?
				  verdict->measured.shape.step_every_s :
				  verdict->period_s;

	return period_s > 0 && period_s < SAMPLES_PER_PERIOD * distance_s;
}

/*
 * Of stairs that are taken for a slope: from where to where it was watched may have one step more
 * or less than the rate says.
 */
static void keep_steps(const struct seep_verdict *old, struct seep_verdict *verdict)
{
	struct seep_shape *shape = &verdict->measured.shape;
	double width;

	shape->step_every_s = old->measured.shape.step_every_s;
	shape->step = old->measured.shape.step;
	width = verdict->rate.value * shape->step_every_s / verdict->measured.observed_s;
	verdict->rate = seep_interval_at_least(verdict->rate, width);
}

static void keep_pattern(const struct seep_site_record *record, struct seep_verdict *verdict)
{
	if (verdict->class != record->verdict.class || record->same_pattern < SURE_OF_PATTERN ||
	    !is_too_fine(record))
		return;
	verdict->pattern = record->verdict.pattern;
	verdict->period_s = record->verdict.period_s;
	if (verdict->pattern == SEEP_PATTERN_STEPPED)
		keep_steps(&record->verdict, verdict);
}

/*
 * Has it just been called a leak, and does it look like something that is full now, because the
 * process has stopped growing?
 */
static bool is_doubted_at_once(const struct seep_verdict *old, const struct seep_verdict *verdict,
			       double now_s)
{
	const struct seep_measurements *measured = &verdict->measured;

	return now_s - old->since_s < FRESH_SHARE * measured->observed_s &&
	       seep_filling_doubt(measured, old->rate.value) > 2 * SEEP_FILLING_DOUBT;
}

/* Is it too early to take a leak back? */
static bool is_held_down(struct seep_site_record *record, const struct seep_verdict *verdict,
			 double now_s)
{
	const struct seep_verdict *old = &record->verdict;
	double hold_s;

	if (old->class != SEEP_CLASS_LEAK || verdict->class == SEEP_CLASS_LEAK ||
	    is_doubted_at_once(old, verdict, now_s)) {
		record->against_since_s = NAN;
		return false;
	}
	/* Nothing speaks against the leak any more, so the time against it starts anew later. */
	if (!seep_verdict_refutes(verdict, old->rate.value)) {
		record->against_since_s = NAN;
		return true;
	}
	if (isnan(record->against_since_s))
		record->against_since_s = now_s;
	hold_s = HOLD_DOWN * seep_min_observation_s(old->measured.in_bytes, old->rate.value);
	return now_s - record->against_since_s <
	       fmin(hold_s, record->against_since_s - old->since_s);
}

/*
 * The longer a cache has been full, the less is to be seen of how it filled. What goes up and down
 * was none: its first rise only looked like it.
 */
static void keep_class(const struct seep_site_record *record, struct seep_verdict *verdict)
{
	if (record->verdict.class == SEEP_CLASS_CACHE && verdict->class == SEEP_CLASS_STEADY &&
	    verdict->pattern != SEEP_PATTERN_OSCILLATING)
		verdict->class = SEEP_CLASS_CACHE;
}

/*
 * The objects of a heap stay as long as the runtime likes. Those that a collector releases stay
 * until then: nothing is said against them before they have outlived collections, those that the
 * runtime counts or those that show in what it releases.
 */
static void look_at_runtime(const struct seep_site_record *record, const struct seep_site *site,
			    const struct seep_collections *collections, double now_s,
			    struct seep_measurements *measured)
{
	unsigned int shown, counted;

	measured->kept_by_runtime = site->role == SEEP_SITE_ROLE_ARENA;
	if (site->role != SEEP_SITE_ROLE_COLLECTED)
		return;
	measured->runtime = site->runtime;
	shown = seep_collections_outlived(&record->bulk.collections, site, now_s);
	counted = collections ? seep_collections_outlived(collections, site, now_s) : 0;
	measured->num_collections = counted > shown ? counted : shown;
	measured->kept_by_runtime = measured->num_collections < SEEP_COLLECTIONS_ENOUGH;
}

void seep_site_record_judge(struct seep_site_record *record, const struct seep_site *site,
			    const struct seep_collections *collections,
			    const struct seep_usage usage[SEEP_LIMIT_COUNT], double now_s)
{
	struct seep_verdict verdict = {0};

	seep_measurements_take(site, &record->series, &verdict.measured);
	look_at_runtime(record, site, collections, now_s, &verdict.measured);
	verdict.measured.past = record->past;
	seep_verdict_conclude(&verdict, usage);
	/*
	 * A leak that is held down keeps its whole verdict, with the measurements that showed it.
	 */
	if (is_held_down(record, &verdict, now_s))
		return;
	/*
	 * The pattern first: it is kept within one class only, and keep_class asks for the pattern.
	 */
	keep_pattern(record, &verdict);
	keep_class(record, &verdict);
	record->same_pattern =
		verdict.pattern == record->verdict.pattern ? record->same_pattern + 1 : 0;
	verdict.since_s = verdict.class == record->verdict.class ? record->verdict.since_s : now_s;
	record->verdict = verdict;
}
