/* SPDX-License-Identifier: GPL-2.0-only */
#include "verdict/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/*
 * A leak is taken back when what speaks against it has done so for this many times its minimum observation:
 * a leak that pauses is still one, and a verdict that comes and goes is of no use.
 */
#define HOLD_DOWN 2

/* Judging n samples takes as long as n * n / EVEN_WORK times judging so few that it is nothing. */
#define EVEN_WORK 256

/* A pattern that samples so few per period can show; below, it is what it was. */
#define SAMPLES_PER_PERIOD 4
#define SURE_OF_PATTERN	   4 /* if it was found so many times in a row */

struct key {
	uint64_t id;
	uint32_t process;
	uint32_t kind;
};

struct record {
	struct key key;
	uint64_t seen; /* seq of the snapshot */
	struct seep_series series;
	struct seep_verdict verdict;
	unsigned int same_pattern; /* times in a row */
	double against_since_s; /* since then it would not be called a leak any more; NAN: it would */
	UT_hash_handle hh;
};

struct process {
	uint32_t id;
	uint64_t seen;
	uint64_t operations;   /* of all its sites so far */
	bool idle;	       /* none since the snapshot before */
	uint64_t mapped_bytes; /* see seep_process_sample */
	struct seep_series series;
	struct seep_process_verdict verdict;
	UT_hash_handle hh;
};

struct seep_judge {
	struct record *records;
	struct process *processes;
	double before_s; /* when the snapshot before was taken */
	size_t left_out;
};

int seep_judge_new(struct seep_judge **ret_judge)
{
	struct seep_judge *judge = calloc(1, sizeof(*judge));

	if (!judge)
		return -ENOMEM;
	*ret_judge = judge;
	return 0;
}

/* Drops what was not seen in this snapshot; 0: everything. */
static void forget(struct seep_judge *judge, uint64_t seq)
{
	struct record *record;
	struct record *next_record;
	struct process *process;
	struct process *next_process;

	HASH_ITER(hh, judge->records, record, next_record) {
		if (record->seen == seq)
			continue;
		HASH_DEL(judge->records, record);
		free(record);
	}
	HASH_ITER(hh, judge->processes, process, next_process) {
		if (process->seen == seq)
			continue;
		HASH_DEL(judge->processes, process);
		free(process);
	}
}

void seep_judge_free(struct seep_judge *judge)
{
	if (!judge)
		return;
	forget(judge, 0);
	free(judge);
}

static uint64_t operations_of(const struct seep_process *process)
{
	uint64_t sum = 0;

	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++)
		sum += process->totals[kind].counts.allocs + process->totals[kind].counts.frees;
	return sum;
}

static struct process *find_process(const struct seep_judge *judge,
				    const struct seep_process *process)
{
	struct process *found;

	HASH_FIND(hh, judge->processes, &process->id, sizeof(process->id), found);
	return found;
}

static int add_process(struct seep_judge *judge, uint32_t id, struct process **ret_process)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		return -ENOMEM;
	process->id = id;
	seep_series_init(&process->series);
	HASH_ADD(hh, judge->processes, id, sizeof(process->id), process);
	if (!process->hh.tbl) {
		free(process);
		return -ENOMEM;
	}
	*ret_process = process;
	return 0;
}

/* Makes it known, before anything of this snapshot is judged. */
static int meet_process(struct seep_judge *judge, const struct seep_process *watched, uint64_t seq)
{
	struct process *process = find_process(judge, watched);
	uint64_t operations = operations_of(watched);
	int error;

	if (!process) {
		error = add_process(judge, watched->id, &process);
		if (error)
			return error;
	} else {
		process->idle = process->operations == operations;
	}
	process->operations = operations;
	process->mapped_bytes = 0;
	process->seen = seq;
	return 0;
}

static void count_mapped(const struct seep_judge *judge, const struct seep_site *site)
{
	struct process *process;

	if (site->kind != SEEP_KIND_MAPPING || seep_origin_of(site->stack) == SEEP_ORIGIN_ALLOCATOR)
		return;
	process = find_process(judge, site->process);
	process->mapped_bytes += seep_counts_live_bytes(&site->counts);
}

static void judge_process(const struct seep_judge *judge, const struct seep_process *watched,
			  const struct seep_process_stats *stats, double now_s)
{
	struct process *process = find_process(judge, watched);
	struct seep_sample sample;

	if (seep_process_sample(watched, stats, process->mapped_bytes, now_s, &sample))
		seep_series_add(&process->series, &sample);
	seep_process_conclude(watched, stats, &process->series, &process->verdict);
}

static int feed_processes(struct seep_judge *judge, const struct seep_snapshot *snapshot,
			  const struct seep_process_stats *stats, double now_s)
{
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		int error = meet_process(judge, &snapshot->processes[i], snapshot->seq);

		if (error)
			return error;
	}
	for (size_t i = 0; i < snapshot->num_sites; i++)
		count_mapped(judge, &snapshot->sites[i]);
	for (size_t i = 0; i < snapshot->num_processes; i++)
		judge_process(judge, &snapshot->processes[i], stats ? &stats[i] : NULL, now_s);
	return 0;
}

static struct key key_of(const struct seep_site *site)
{
	return (struct key){site->id, site->process->id, site->kind};
}

static struct record *find(const struct seep_judge *judge, const struct seep_site *site)
{
	struct key key = key_of(site);
	struct record *record;

	HASH_FIND(hh, judge->records, &key, sizeof(key), record);
	return record;
}

static int add(struct seep_judge *judge, const struct seep_site *site, double now_s,
	       struct record **ret_record)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return -ENOMEM;
	record->key = key_of(site);
	record->against_since_s = NAN;
	record->verdict.since_s = now_s;
	seep_series_init(&record->series);
	/* It had nothing in the snapshot before, or it would have been there. */
	seep_series_add(&record->series, &(struct seep_sample){.time_s = judge->before_s});
	HASH_ADD(hh, judge->records, key, sizeof(record->key), record);
	if (!record->hh.tbl) {
		free(record);
		return -ENOMEM;
	}
	*ret_record = record;
	return 0;
}

/*
 * More samples take more time and bring less news each: judging less often then keeps the time for a
 * snapshot about even. Sites are spread over the snapshots between.
 */
static bool is_due(const struct record *record, const struct seep_snapshot *snapshot)
{
	size_t count = record->series.num_samples;
	uint64_t period = 1 + count * count / EVEN_WORK;

	if (period < record->series.stride)
		period = record->series.stride;
	return snapshot->final || (record->key.id + snapshot->seq) % period == 0;
}

/* The pattern was found in finer samples than there are now, and they do not show it any more. */
static bool is_too_fine(const struct record *record)
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
 * Of stairs that are taken for a slope: from where to where it was watched may have one step more or less
 * than the rate says.
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

static void keep_pattern(const struct record *record, struct seep_verdict *verdict)
{
	if (verdict->class != record->verdict.class || record->same_pattern < SURE_OF_PATTERN ||
	    !is_too_fine(record))
		return;
	verdict->pattern = record->verdict.pattern;
	verdict->period_s = record->verdict.period_s;
	if (verdict->pattern == SEEP_PATTERN_STEPPED)
		keep_steps(&record->verdict, verdict);
}

/* Is it too early to take a leak back? */
static bool is_held_down(struct record *record, const struct seep_verdict *verdict, double now_s)
{
	const struct seep_verdict *old = &record->verdict;

	if (old->class != SEEP_CLASS_LEAK || verdict->class == SEEP_CLASS_LEAK) {
		record->against_since_s = NAN;
		return false;
	}
	if (!seep_verdict_refutes(verdict, old->rate.value)) {
		record->against_since_s = NAN;
		return true;
	}
	if (isnan(record->against_since_s))
		record->against_since_s = now_s;
	return now_s - record->against_since_s <
	       HOLD_DOWN * seep_min_observation_s(old->measured.in_bytes, old->rate.value);
}

/*
 * The longer a cache has been full, the less is to be seen of how it filled. What goes up and down was
 * none: its first rise only looked like it.
 */
static void keep_class(const struct record *record, struct seep_verdict *verdict)
{
	if (record->verdict.class == SEEP_CLASS_CACHE && verdict->class == SEEP_CLASS_STEADY &&
	    verdict->pattern != SEEP_PATTERN_OSCILLATING)
		verdict->class = SEEP_CLASS_CACHE;
}

static void judge_site(struct record *record, const struct seep_site *site,
		       const struct seep_process_stats *stats, double now_s)
{
	struct seep_verdict verdict = {0};

	seep_measurements_take(site, &record->series, &verdict.measured);
	seep_verdict_conclude(&verdict, stats ? stats->usage : NULL);
	if (is_held_down(record, &verdict, now_s))
		return;
	keep_pattern(record, &verdict);
	keep_class(record, &verdict);
	record->same_pattern =
		verdict.pattern == record->verdict.pattern ? record->same_pattern + 1 : 0;
	verdict.since_s = verdict.class == record->verdict.class ? record->verdict.since_s : now_s;
	record->verdict = verdict;
}

/*
 * Of a process that is stopped or asleep nothing is learnt of what grows when it runs; that it does not grow
 * meanwhile says nothing.
 */
static bool waits(const struct seep_judge *judge, const struct record *record,
		  const struct seep_site *site)
{
	const struct process *process = find_process(judge, site->process);

	return process && process->idle &&
	       (seep_class_grows(record->verdict.class) ||
		record->verdict.class == SEEP_CLASS_WARMING_UP);
}

/* An arena grows with the blocks in it, the stacks of threads with the threads: these are judged. */
static bool is_part_of_others(const struct seep_site *site)
{
	int origin = seep_origin_of(site->stack);

	return origin == SEEP_ORIGIN_ALLOCATOR || origin == SEEP_ORIGIN_THREAD;
}

static int feed_site(struct seep_judge *judge, const struct seep_snapshot *snapshot,
		     const struct seep_site *site, const struct seep_process_stats *stats,
		     double now_s)
{
	struct record *record = find(judge, site);
	struct seep_sample sample;
	int error;

	if (is_part_of_others(site))
		return 0;
	if (!record && HASH_COUNT(judge->records) >= SEEP_JUDGE_MAX_SITES) {
		judge->left_out++;
		return 0;
	}
	if (!record) {
		error = add(judge, site, now_s, &record);
		if (error)
			return error;
	}
	record->seen = snapshot->seq;
	if (waits(judge, record, site))
		return 0;
	sample = seep_measurements_sample(site, now_s);
	seep_series_add(&record->series, &sample);
	if (is_due(record, snapshot))
		judge_site(record, site, stats, now_s);
	return 0;
}

int seep_judge_feed(struct seep_judge *judge, const struct seep_snapshot *snapshot,
		    const struct seep_process_stats *stats)
{
	double now_s = (double)snapshot->elapsed_ns / (double)SEEP_NS_PER_S;
	int error = feed_processes(judge, snapshot, stats, now_s);

	judge->left_out = 0;
	for (size_t i = 0; i < snapshot->num_sites && !error; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		size_t process = (size_t)(site->process - snapshot->processes);

		error = feed_site(judge, snapshot, site, stats ? &stats[process] : NULL, now_s);
	}
	forget(judge, snapshot->seq);
	judge->before_s = now_s;
	return error;
}

const struct seep_verdict *seep_judge_site(const struct seep_judge *judge,
					   const struct seep_site *site)
{
	const struct record *record = find(judge, site);

	return record ? &record->verdict : NULL;
}

const struct seep_process_verdict *seep_judge_process(const struct seep_judge *judge,
						      const struct seep_process *process)
{
	const struct process *found = find_process(judge, process);

	return found ? &found->verdict : NULL;
}

size_t seep_judge_num_left_out(const struct seep_judge *judge)
{
	return judge->left_out;
}

/* The value of its series by which a site grows. */
static unsigned int series_value(const struct record *record)
{
	return record->verdict.measured.in_bytes ? SEEP_SERIES_BYTES : SEEP_SERIES_OBJECTS;
}

double seep_judge_site_correlation(const struct seep_judge *judge, const struct seep_site *a,
				   const struct seep_site *b)
{
	const struct record *record = find(judge, a);
	const struct record *other = find(judge, b);

	return record && other && a->process == b->process ?
		       seep_correlate(&record->series, series_value(record), &other->series,
				      series_value(other)) :
		       NAN;
}

double seep_judge_correlation(const struct seep_judge *judge, const struct seep_site *site,
			      enum seep_process_stat measure)
{
	const struct record *record = find(judge, site);
	const struct process *process = find_process(judge, site->process);

	return record && process ? seep_correlate(&record->series, series_value(record),
						  &process->series, measure) :
				   NAN;
}
