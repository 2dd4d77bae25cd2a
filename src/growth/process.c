// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge calls seep_process_sample and then seep_process_conclude for each process and snapshot.
 * A process is judged by what is resident and what the sites explain; what the rest is, is said by
 * cause.c, and sentences come later, in evidence.c. seep_process_coverage is for reports, which
 * have no series.
 */
#include "growth/process.h"

#include <math.h>
#include <string.h>

#include "growth/rise.h"
#include "measure/filling.h"
#include "measure/shape.h"

#define PAGE_BYTES 4096.0

/* Fewer mappings than this are not worth a word: those of a library or two. */
#define GROWTH_MAPPINGS 16

/*
 * Something that was full before the trace began releases a block from before for each new one. At
 * least this share of what a site has was released so, by size if all but this share of the sizes
 * are known, and the process grows by less than this share of what the site seems to grow by.
 */
#define TURNOVER_SHARE 0.5
/* And as many blocks: the sizes of what a cache holds differ, but not by more than this. */
#define BLOCKS_SHARE  0.25
#define UNSIZED_SHARE 0.1
#define GROWING_SHARE 0.25

/* Sites explain the growth if theirs is at least this share of it. */
#define EXPLAINED_SHARE 0.5

struct name {
	const char *key;
	const char *text;
};

static const struct name process_stat_names[] = {
#define PROCESS_STAT_NAME(name, key, text) [SEEP_PROCESS_STAT_##name] = {key, text},
	SEEP_PROCESS_STATS(PROCESS_STAT_NAME)
#undef PROCESS_STAT_NAME
};

static const struct name healths[] = {
#define HEALTH_NAME(name, key, text) [SEEP_HEALTH_##name] = {key, text},
	SEEP_HEALTHS(HEALTH_NAME)
#undef HEALTH_NAME
};

const char *seep_process_stat_key(enum seep_process_stat measure)
{
	return process_stat_names[measure].key;
}

const char *seep_process_stat_text(enum seep_process_stat measure)
{
	return process_stat_names[measure].text;
}

const char *seep_health_key(enum seep_health health)
{
	return healths[health].key;
}

const char *seep_health_text(enum seep_health health)
{
	return healths[health].text;
}

bool seep_health_grows(const char *key)
{
	return strcmp(key, seep_health_key(SEEP_HEALTH_EXPLAINED)) == 0 ||
	       strcmp(key, seep_health_key(SEEP_HEALTH_UNEXPLAINED)) == 0 ||
	       strcmp(key, seep_health_key(SEEP_HEALTH_OUTSIDE)) == 0;
}

/* NAN spreads through what is calculated from it, and fails every comparison. */
static double number(uint64_t value)
{
	return value == SEEP_UNKNOWN ? NAN : (double)value;
}

/*
 * Anonymous memory where it is known: pages of files become resident without any allocation. @stats
 * is NULL where nothing but the snapshot is known; NAN if that has no number either.
 */
static double resident_of(const struct seep_process *process,
			  const struct seep_process_stats *stats)
{
	if (stats && stats->anon_bytes != SEEP_UNKNOWN)
		return (double)stats->anon_bytes;
	return number(stats ? stats->rss_bytes : process->rss_bytes);
}

bool seep_process_sample(const struct seep_process *process, const struct seep_process_stats *stats,
			 uint64_t mapped_bytes, double time_s, struct seep_sample *ret_sample)
{
	double resident = resident_of(process, stats);
	double fds = stats ? number(stats->num_fds) : NAN;
	double mappings = stats ? number(stats->num_mappings) : NAN;

	if (isnan(resident))
		return false;
	*ret_sample = (struct seep_sample){
		.time_s = time_s,
		.values =
			{
				[SEEP_PROCESS_STAT_RESIDENT] = resident,
				[SEEP_PROCESS_STAT_EXPLAINED] =
					(double)(process->totals[SEEP_KIND_MEMORY].live_bytes +
						 mapped_bytes),
				/*
				 * Unknown is 0 all the time, and what does not change correlates
				 * with nothing.
				 */
				[SEEP_PROCESS_STAT_FDS] = isnan(fds) ? 0 : fds,
				[SEEP_PROCESS_STAT_MAPPINGS] = isnan(mappings) ? 0 : mappings,
			},
	};
	return true;
}

void seep_process_sample_parts(const struct seep_process_stats *stats, double time_s,
			       struct seep_sample *ret_sample)
{
	const uint64_t values[SEEP_PROCESS_PART_COUNT] = {
		[SEEP_PROCESS_PART_SHARED] = stats->shared_bytes,
		[SEEP_PROCESS_PART_FILE] = stats->file_bytes,
		[SEEP_PROCESS_PART_SYSTEM_SHARED] = stats->system_shared_bytes,
		[SEEP_PROCESS_PART_DESCENDANTS] = stats->descendants_bytes,
	};

	*ret_sample = (struct seep_sample){.time_s = time_s};
	for (int i = 0; i < SEEP_PROCESS_PART_COUNT; i++)
		ret_sample->values[i] = values[i] == SEEP_UNKNOWN ? 0 : (double)values[i];
}

bool seep_turnover_of(const struct seep_process *process,
		      const struct seep_process_verdict *verdict,
		      struct seep_turnover *ret_turnover)
{
	/* Of what is traced in windows such releases are not counted. */
	if (!process->attached_late || process->sampled ||
	    process->unmatched_frees == SEEP_UNKNOWN ||
	    verdict->resident.num_samples < SEEP_RISE_MIN_SAMPLES)
		return false;
	*ret_turnover = (struct seep_turnover){
		.known = true,
		.in_bytes = process->unmatched_free_bytes != SEEP_UNKNOWN &&
			    process->unmatched_frees_unsized <=
				    UNSIZED_SHARE * (double)process->unmatched_frees,
		.blocks = (double)process->unmatched_frees,
		.resident_rate = verdict->resident.slope.value,
	};
	ret_turnover->released = (double)(ret_turnover->in_bytes ? process->unmatched_free_bytes :
								   process->unmatched_frees);
	return true;
}

bool seep_turnover_explains(struct seep_turnover *turnover, const struct seep_site *site,
			    double rate)
{
	double live = (double)(turnover->in_bytes ? site->live_bytes : site->live_objects);

	if (!turnover->known || site->kind != SEEP_KIND_MEMORY ||
	    turnover->released < TURNOVER_SHARE * live ||
	    turnover->blocks < BLOCKS_SHARE * (double)site->live_objects ||
	    turnover->resident_rate >= GROWING_SHARE * rate)
		return false;
	turnover->released -= fmin(live, turnover->released);
	turnover->blocks -= fmin((double)site->live_objects, turnover->blocks);
	return true;
}

double seep_process_coverage(const struct seep_process *processes, size_t count)
{
	double explained = 0, since = 0;

	for (size_t i = 0; i < count; i++) {
		const struct seep_process *process = &processes[i];

		if (process->exited || process->anon_bytes == SEEP_UNKNOWN ||
		    process->pre_attach_bytes == SEEP_UNKNOWN)
			continue;
		explained += (double)process->totals[SEEP_KIND_MEMORY].live_bytes;
		since += (double)process->anon_bytes - (double)process->pre_attach_bytes;
	}
	return since > 0 ? explained / since : NAN;
}

/* The same as seep_process_coverage, for the process of a verdict. */
static double coverage_of(const struct seep_process_verdict *verdict)
{
	double since = verdict->resident_bytes - verdict->before_bytes;

	return since > 0 ? verdict->explained_bytes / since : NAN;
}

/*
 * Of what is resident the part that grows. Anonymous memory is the first that is asked. Shared
 * memory only counts if there is more of it in all: a process that touches what another one has
 * filled (the buffers of a database) uses up nothing.
 */
static bool find_part(struct seep_process_verdict *verdict, const struct seep_shape *shape)
{
	bool shared = verdict->grows[SEEP_PROCESS_PART_SHARED] &&
		      verdict->grows[SEEP_PROCESS_PART_SYSTEM_SHARED];

	if (seep_rise_goes_on(&verdict->resident, shape, verdict->observed_s, true,
			      SEEP_RISE_BYTES))
		return true;
	if (shared) {
		verdict->part = SEEP_RESIDENT_SHARED;
		verdict->resident = verdict->parts[SEEP_PROCESS_PART_SHARED];
	} else if (verdict->grows[SEEP_PROCESS_PART_FILE]) {
		verdict->part = SEEP_RESIDENT_FILE;
		verdict->resident = verdict->parts[SEEP_PROCESS_PART_FILE];
	}
	return verdict->part != SEEP_RESIDENT_ANON;
}

/*
 * Asked in this order: is enough known, does the process grow by an amount that matters, do the
 * sites grow as well?
 */
static enum seep_health health_of(struct seep_process_verdict *verdict,
				  const struct seep_shape *shape)
{
	if (verdict->resident.num_samples < SEEP_RISE_MIN_SAMPLES ||
	    verdict->observed_s < SEEP_OBSERVED_LEAST_S)
		return SEEP_HEALTH_UNKNOWN;
	if (!find_part(verdict, shape))
		return SEEP_HEALTH_STEADY;
	return verdict->explained.slope.value >= EXPLAINED_SHARE * verdict->resident.slope.value ?
		       SEEP_HEALTH_EXPLAINED :
		       SEEP_HEALTH_UNEXPLAINED;
}

/* The trend of one value of the series of a process, and its shape unless @ret_shape is NULL. */
static void fit(const struct seep_series *series, unsigned int value, struct seep_trend *ret_trend,
		struct seep_shape *ret_shape)
{
	double times[SEEP_SERIES_SAMPLES];
	double values[SEEP_SERIES_SAMPLES];
	size_t count = seep_series_get(series, value, times, values);

	seep_trend_fit(times, values, count, ret_trend);
	if (ret_shape)
		seep_shape_fit(times, values, count, &ret_trend->noise, PAGE_BYTES, ret_shape);
}

bool seep_process_mappings_grow(const struct seep_process_verdict *verdict)
{
	const struct seep_trend *trend = &verdict->mappings;
	double grown = trend->slope.value * verdict->observed_s;

	return trend->num_samples >= SEEP_RISE_MIN_SAMPLES &&
	       verdict->observed_s >= SEEP_OBSERVED_LEAST_S && seep_trend_rises(trend) &&
	       grown >= GROWTH_MAPPINGS;
}

static void conclude_parts(const struct seep_series *parts, struct seep_process_verdict *verdict)
{
	for (unsigned int i = 0; i < SEEP_PROCESS_PART_COUNT; i++) {
		struct seep_shape shape;

		fit(parts, i, &verdict->parts[i], &shape);
		verdict->grows[i] = seep_rise_goes_on(
			&verdict->parts[i], &shape, seep_series_span_s(parts), true,
			i == SEEP_PROCESS_PART_FILE ? SEEP_RISE_FILE_BYTES : SEEP_RISE_BYTES);
	}
}

/* Mappings, and when there are too many of them. */
static void conclude_mappings(const struct seep_process_stats *stats,
			      const struct seep_series *series,
			      struct seep_process_verdict *verdict)
{
	fit(series, SEEP_PROCESS_STAT_MAPPINGS, &verdict->mappings, NULL);
	if (!stats)
		return;
	verdict->num_mappings = number(stats->num_mappings);
	verdict->max_mappings = number(stats->usage[SEEP_LIMIT_MAP_COUNT].max);
	if (seep_process_mappings_grow(verdict))
		verdict->mappings_eta_s =
			seep_exhaust_of(&stats->usage[SEEP_LIMIT_MAP_COUNT],
					&(struct seep_growth){.rate = verdict->mappings.slope});
}

void seep_process_conclude(const struct seep_process *process,
			   const struct seep_process_stats *stats, const struct seep_series *series,
			   const struct seep_series *parts,
			   struct seep_process_verdict *ret_verdict)
{
	struct seep_process_verdict *verdict = ret_verdict;
	struct seep_growth growth = {0};
	struct seep_shape resident;

	*verdict = (struct seep_process_verdict){
		.observed_s = seep_series_span_s(series),
		.resident_bytes = resident_of(process, stats),
		.explained_bytes = (double)process->totals[SEEP_KIND_MEMORY].live_bytes,
		.before_bytes = number(process->pre_attach_bytes),
		.limit = SEEP_LIMIT_COUNT,
		.eta_s = SEEP_INTERVAL_UNKNOWN,
		.num_mappings = NAN,
		.max_mappings = NAN,
		.mappings_eta_s = SEEP_INTERVAL_UNKNOWN,
	};
	fit(series, SEEP_PROCESS_STAT_RESIDENT, &verdict->resident, &resident);
	fit(series, SEEP_PROCESS_STAT_EXPLAINED, &verdict->explained, NULL);
	conclude_mappings(stats, series, verdict);
	conclude_parts(parts, verdict);
	verdict->coverage = coverage_of(verdict);
	verdict->health = health_of(verdict, &resident);
	/* Acceleration stays 0: nothing but a line is fitted to resident memory. */
	growth.rate = verdict->resident.slope;
	if (stats && verdict->resident.num_samples >= SEEP_RISE_MIN_SAMPLES)
		verdict->limit = seep_exhaust_first(stats->usage, SEEP_KIND_MEMORY, &growth,
						    &verdict->eta_s);
}
