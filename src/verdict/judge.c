// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge: a table of the sites of a trace. For each snapshot, seep_judge_feed first feeds the
 * processes (watched.c), because a site is judged by whether its process does anything; then it
 * adds a sample to each site and judges those that are due (record.c); then it forgets what the
 * snapshot does not have any more. Sites are bounded by SEEP_JUDGE_MAX_SITES, samples of each by
 * SEEP_SERIES_SAMPLES, and the time of a snapshot by judging long series less often.
 */
#include "verdict/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "verdict/record.h"
#include "verdict/watched.h"

/* Instead of exit(): an element that could not be added has no table afterwards. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* What identifies a site from snapshot to snapshot. Hashed as bytes, so it must have no padding. */
struct key {
	uint64_t id;
	uint32_t process;
	uint32_t kind;
};

/* A site with its key in the table. */
struct site {
	struct key key;
	uint64_t seen; /* seq of the snapshot */
	struct seep_site_record record;
	struct seep_verdict *of_pool; /* instead of the record's; NULL: it grows no pool */
	UT_hash_handle hh;
};

struct seep_judge {
	struct site *sites;
	struct seep_watched_processes *processes;
	double before_s; /* when the snapshot before was taken */
	/* Sites of the latest snapshot that have no record because the table is full. */
	size_t left_out;
};

int seep_judge_new(struct seep_judge **ret_judge)
{
	struct seep_judge *judge = calloc(1, sizeof(*judge));

	if (!judge || seep_watched_new(&judge->processes)) {
		free(judge);
		return -ENOMEM;
	}
	*ret_judge = judge;
	return 0;
}

/* Drops what was not seen in this snapshot; 0: everything. */
static void forget(struct seep_judge *judge, uint64_t seq)
{
	struct site *site, *next_site;

	HASH_ITER(hh, judge->sites, site, next_site) {
		if (site->seen == seq)
			continue;
		HASH_DEL(judge->sites, site);
		free(site->of_pool);
		free(site);
	}
}

void seep_judge_free(struct seep_judge *judge)
{
	if (!judge)
		return;
	forget(judge, 0);
	seep_watched_free(judge->processes);
	free(judge);
}

static struct key key_of(const struct seep_site *site)
{
	return (struct key){site->id, site->process->id, site->kind};
}

static struct site *find_site(const struct seep_judge *judge, const struct seep_site *site)
{
	struct key key = key_of(site);
	struct site *found;

	HASH_FIND(hh, judge->sites, &key, sizeof(key), found);
	return found;
}

static const struct seep_site_record *find_record(const struct seep_judge *judge,
						  const struct seep_site *site)
{
	const struct site *found = find_site(judge, site);

	return found ? &found->record : NULL;
}

/* 0 or -ENOMEM. The time of the snapshot before is where the series of the site begins. */
static int add_site(struct seep_judge *judge, const struct seep_site *site, double now_s,
		    struct site **ret_site)
{
	struct site *added = calloc(1, sizeof(*added));

	if (!added)
		return -ENOMEM;
	added->key = key_of(site);
	/*
	 * It had nothing in the snapshot before, or it would have been there; unless nobody could
	 * look then.
	 */
	seep_site_record_init(&added->record, site->existed ? NAN : judge->before_s, now_s);
	HASH_ADD(hh, judge->sites, key, sizeof(added->key), added);
	if (!added->hh.tbl) {
		free(added);
		return -ENOMEM;
	}
	*ret_site = added;
	return 0;
}

/*
 * Of a process that is stopped or asleep nothing is learnt of what grows when it runs; that it does
 * not grow meanwhile says nothing.
 */
static bool waits(const struct seep_watched *process, const struct seep_site_record *record)
{
	return process && process->idle &&
	       (seep_class_grows(record->verdict.class) ||
		record->verdict.class == SEEP_CLASS_WARMING_UP);
}

/*
 * An arena grows with the blocks in it, the stacks of threads with the threads: these are judged;
 * and of the heap of a runtime the sum of its arenas.
 */
static bool is_part_of_others(const struct seep_site *site)
{
	int origin = seep_origin_of(site->stack);

	return origin == SEEP_ORIGIN_ALLOCATOR || origin == SEEP_ORIGIN_THREAD ||
	       seep_heaps_have(site);
}

/*
 * A pool is judged as one; of its rate the site has its share. What was measured stays the site's.
 * 0 or -ENOMEM.
 */
static int follow_pool(const struct seep_judge *judge, const struct seep_site *site,
		       struct site *known)
{
	const struct seep_heap *pool =
		seep_pool_is_known(site->pool) ? seep_watched_pool(judge->processes, site) : NULL;
	double share;

	if (!pool) {
		free(known->of_pool);
		known->of_pool = NULL;
		return 0;
	}
	if (!known->of_pool)
		known->of_pool = malloc(sizeof(*known->of_pool));
	if (!known->of_pool)
		return -ENOMEM;
	share = pool->mapped_bytes ?
			(double)seep_counts_live_bytes(&site->counts) / (double)pool->mapped_bytes :
			0;
	*known->of_pool = pool->verdict;
	known->of_pool->rate = seep_interval_scaled(pool->verdict.rate, share);
	known->of_pool->acceleration *= share;
	known->of_pool->measured = known->record.verdict.measured;
	return 0;
}

static int feed_site(struct seep_judge *judge, const struct seep_snapshot *snapshot,
		     const struct seep_site *site, const struct seep_process_stats *stats,
		     double now_s)
{
	const struct seep_watched *process = seep_watched_find(judge->processes, site->process);
	struct site *known = find_site(judge, site);
	int error;

	/* Such a site never gets a record, and seep_judge_site finds none. */
	if (is_part_of_others(site))
		return 0;
	if (!known && HASH_COUNT(judge->sites) >= SEEP_JUDGE_MAX_SITES) {
		judge->left_out++;
		return 0;
	}
	if (!known) {
		error = add_site(judge, site, now_s, &known);
		if (error)
			return error;
	}
	/* Seen, so that it is not forgotten, also if it waits and gets no sample. */
	known->seen = snapshot->seq;
	if (waits(process, &known->record) || (site->unchanged && known->record.series.num_samples))
		return 0;
	seep_site_record_add(&known->record, site, now_s);
	if (process)
		known->record.past = process->past;
	if (seep_site_record_is_due(&known->record, site, snapshot)) {
		known->record.judged = snapshot->seq;
		seep_site_record_judge(&known->record, site, process ? &process->collections : NULL,
				       stats ? stats->usage : NULL, now_s);
	}
	return follow_pool(judge, site, known);
}

int seep_judge_feed(struct seep_judge *judge, const struct seep_snapshot *snapshot,
		    const struct seep_process_stats *stats)
{
	double now_s = (double)snapshot->elapsed_ns / (double)SEEP_NS_PER_S;
	int error = seep_watched_feed(judge->processes, snapshot, stats, judge->before_s);

	judge->left_out = 0;
	for (size_t i = 0; i < snapshot->num_sites && !error; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		size_t process = (size_t)(site->process - snapshot->processes);

		error = feed_site(judge, snapshot, site, stats ? &stats[process] : NULL, now_s);
	}
	/*
	 * After a failure too: sites that were not reached lose their record with those that have
	 * gone.
	 */
	forget(judge, snapshot->seq);
	judge->before_s = now_s;
	return error;
}

const struct seep_verdict *seep_judge_site(const struct seep_judge *judge,
					   const struct seep_site *site)
{
	const struct site *found = find_site(judge, site);

	if (!found)
		return NULL;
	return found->of_pool ? found->of_pool : &found->record.verdict;
}

const struct seep_process_verdict *seep_judge_process(const struct seep_judge *judge,
						      const struct seep_process *process)
{
	const struct seep_watched *found = seep_watched_find(judge->processes, process);

	return found ? &found->verdict : NULL;
}

const struct seep_heap *seep_judge_heap(const struct seep_judge *judge,
					const struct seep_process *process,
					enum seep_runtime runtime)
{
	return seep_watched_heap(judge->processes, process, runtime);
}

size_t seep_judge_num_left_out(const struct seep_judge *judge)
{
	return judge->left_out;
}

/* The value of its series by which a site grows. */
static unsigned int series_value(const struct seep_site_record *record)
{
	return record->verdict.measured.in_bytes ? SEEP_SERIES_BYTES : SEEP_SERIES_OBJECTS;
}

double seep_judge_site_correlation(const struct seep_judge *judge, const struct seep_site *a,
				   const struct seep_site *b)
{
	const struct seep_site_record *record = find_record(judge, a);
	const struct seep_site_record *other = find_record(judge, b);

	return record && other && a->process == b->process ?
		       seep_series_correlation(&record->series, series_value(record),
					       &other->series, series_value(other)) :
		       NAN;
}

double seep_judge_correlation(const struct seep_judge *judge, const struct seep_site *site,
			      enum seep_process_stat measure)
{
	const struct seep_site_record *record = find_record(judge, site);
	const struct seep_watched *process = seep_watched_find(judge->processes, site->process);

	return record && process ? seep_series_correlation(&record->series, series_value(record),
							   &process->series, measure) :
				   NAN;
}
