// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts turned into words. seep_judgements_fill replaces the judgements of the call before by
 * those of the latest snapshot: sites first, then processes, then what grows together, which
 * compares the worst sites only (SEEP_CORRELATED_COMPARED). The words are keys of the X-macros, so
 * nothing but the sentences is allocated for a site.
 */
#include "verdict/judgement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "verdict/advice.h"
#include "verdict/evidence.h"

#define MAX_ADVICE 4

/* The judgement of a site, and what it points to: evidence is allocated, advice is constant. */
struct of_site {
	struct seep_judgement judgement;
	struct seep_sentences evidence;
	const char *advice[MAX_ADVICE];
};

struct of_process {
	struct seep_process_judgement judgement;
	struct seep_cause cause;
	struct seep_sentences evidence;
};

struct seep_judgements {
	size_t num_sites;
	struct of_site *sites;
	size_t num_processes;
	struct of_process *processes;
	size_t num_heaps;
	struct seep_heap_judgement *heaps;
	struct seep_correlations correlated[SEEP_CORRELATED_COMPARED];
};

/*
 * A judgement has words because it may come from a capture. A word that this version does not know
 * counts as unknown.
 */
enum seep_class seep_judgement_class(const struct seep_judgement *judgement)
{
	for (int i = 0; i < SEEP_CLASS_COUNT; i++) {
		if (strcmp(seep_class_key((enum seep_class)i), judgement->class) == 0)
			return (enum seep_class)i;
	}
	return SEEP_CLASS_UNKNOWN;
}

enum seep_severity seep_judgement_severity(const struct seep_judgement *judgement)
{
	for (int i = 0; judgement->severity && i < SEEP_SEVERITY_COUNT; i++) {
		if (strcmp(seep_severity_key((enum seep_severity)i), judgement->severity) == 0)
			return (enum seep_severity)i;
	}
	return SEEP_SEVERITY_NONE;
}

enum seep_sureness seep_judgement_sureness(const struct seep_judgement *judgement)
{
	return seep_sureness_of(seep_judgement_class(judgement), judgement->confidence);
}

int seep_judgements_new(struct seep_judgements **ret_judgements)
{
	struct seep_judgements *judgements = calloc(1, sizeof(*judgements));

	if (!judgements)
		return -ENOMEM;
	*ret_judgements = judgements;
	return 0;
}

/*
 * Sites and processes of a snapshot still point to the judgements that go here; who fills anew
 * passes another snapshot.
 */
static void clear(struct seep_judgements *judgements)
{
	for (size_t i = 0; i < judgements->num_sites; i++)
		seep_sentences_done(&judgements->sites[i].evidence);
	for (size_t i = 0; i < judgements->num_processes; i++)
		seep_sentences_done(&judgements->processes[i].evidence);
	free(judgements->sites);
	free(judgements->processes);
	free(judgements->heaps);
	judgements->heaps = NULL;
	judgements->num_heaps = 0;
	judgements->sites = NULL;
	judgements->num_sites = 0;
	judgements->processes = NULL;
	judgements->num_processes = 0;
}

void seep_judgements_free(struct seep_judgements *judgements)
{
	if (judgements)
		clear(judgements);
	free(judgements);
}

/* NULL for none: of the limits, or of what has no severity. */
static const char *limit_key(enum seep_limit limit)
{
	return limit == SEEP_LIMIT_COUNT ? NULL : seep_limit_key(limit);
}

static const char *severity_key(enum seep_severity severity)
{
	return severity == SEEP_SEVERITY_NONE ? NULL : seep_severity_key(severity);
}

/* Where it grows: that it is a pool comes after how fast it grows. 0 or -ENOMEM. */
static int add_pool(struct seep_sentences *evidence, const struct seep_pool *pool)
{
	size_t count = evidence->count < SEEP_SENTENCES_MAX ? evidence->count : evidence->count - 1;
	size_t at = count ? 1 : 0;
	char *text = strdup(pool->evidence);

	if (!text)
		return -ENOMEM;
	if (count < evidence->count)
		free(evidence->texts[count]);
	memmove(&evidence->texts[at + 1], &evidence->texts[at],
		(count - at) * sizeof(evidence->texts[0]));
	evidence->texts[at] = text;
	evidence->count = count + 1;
	return 0;
}

static int judge_site(struct of_site *of, const struct seep_verdict *verdict,
		      const struct seep_pool *pool)
{
	bool of_pool = seep_pool_is_known(pool) && seep_class_grows(verdict->class);
	int error = seep_evidence_of_site(verdict, &of->evidence);

	if (!error && of_pool)
		error = add_pool(&of->evidence, pool);
	if (error)
		return error;
	of->judgement = (struct seep_judgement){
		.class = seep_class_key(verdict->class),
		.pattern = seep_pattern_key(verdict->pattern),
		.severity = severity_key(verdict->severity),
		.confidence = verdict->confidence,
		.rate = verdict->rate,
		.leaked = verdict->leaked,
		.eta_s = verdict->eta_s,
		.limit = limit_key(verdict->limit),
		.period_s = verdict->period_s,
		.since_s = verdict->since_s,
		.num_evidence = of->evidence.count,
		.evidence = (const char *const *)of->evidence.texts,
		.num_advice = seep_advice_for_site(verdict, of->advice, MAX_ADVICE),
		.advice = of->advice,
	};
	/* What to do about an object is no advice about what is handed out of it. */
	if (of_pool) {
		of->advice[0] = pool->advice;
		of->judgement.num_advice = 1;
	}
	return 0;
}

/* @cause: NULL for none. What grows outside is what the process is judged by, and its rate. */
static int judge_process(struct of_process *of, const struct seep_process_verdict *verdict,
			 const struct seep_cause *cause)
{
	bool known = cause && cause->kind != SEEP_CAUSE_NONE;
	bool outside = known && seep_cause_is_outside(cause->kind);
	int error = seep_evidence_of_process(verdict, known ? cause : NULL, &of->evidence);

	if (error)
		return error;
	if (known)
		of->cause = *cause;
	of->judgement = (struct seep_process_judgement){
		.health = seep_health_key(outside ? SEEP_HEALTH_OUTSIDE : verdict->health),
		.coverage = verdict->coverage,
		.rate = outside ? cause->rate : verdict->resident.slope,
		.cause = known ? &of->cause : NULL,
		.num_untraced = cause ? cause->num_untraced : 0,
		.eta_s = outside ? SEEP_INTERVAL_UNKNOWN : verdict->eta_s,
		.limit = outside ? NULL : limit_key(verdict->limit),
		.observed_s = verdict->observed_s,
		.mappings_rate = seep_process_mappings_grow(verdict) ? verdict->mappings.slope :
								       SEEP_INTERVAL_UNKNOWN,
		.mappings_eta_s = verdict->mappings_eta_s,
		.num_evidence = of->evidence.count,
		.evidence = (const char *const *)of->evidence.texts,
	};
	return 0;
}

static int fill_sites(struct seep_judgements *judgements, const struct seep_judge *judge,
		      struct seep_site *sites, size_t num_sites)
{
	judgements->sites = calloc(num_sites + 1, sizeof(*judgements->sites));
	if (!judgements->sites)
		return -ENOMEM;
	/* Before they are filled, so that clear frees what there is after a failure. */
	judgements->num_sites = num_sites;
	for (size_t i = 0; i < num_sites; i++) {
		const struct seep_verdict *verdict = seep_judge_site(judge, &sites[i]);
		int error;

		sites[i].judgement = NULL;
		if (!verdict)
			continue;
		error = judge_site(&judgements->sites[i], verdict, sites[i].pool);
		if (error)
			return error;
		sites[i].judgement = &judgements->sites[i].judgement;
	}
	return 0;
}

static int fill_processes(struct seep_judgements *judgements, const struct seep_judge *judge,
			  const struct seep_cause *causes, struct seep_process *processes,
			  size_t num_processes)
{
	judgements->processes = calloc(num_processes + 1, sizeof(*judgements->processes));
	if (!judgements->processes)
		return -ENOMEM;
	/* As above, for clear. */
	judgements->num_processes = num_processes;
	for (size_t i = 0; i < num_processes; i++) {
		const struct seep_process_verdict *verdict =
			seep_judge_process(judge, &processes[i]);
		int error;

		processes[i].judgement = NULL;
		if (!verdict)
			continue;
		error = judge_process(&judgements->processes[i], verdict,
				      causes ? &causes[i] : NULL);
		if (error)
			return error;
		processes[i].judgement = &judgements->processes[i].judgement;
	}
	return 0;
}

/* @sites are ordered by what they have, so the first ones of the heap are the largest. */
static void judge_heap(const struct seep_heap *heap, const struct seep_process *process,
		       const struct seep_site *sites, size_t num_sites,
		       struct seep_heap_judgement *ret_judgement)
{
	const struct seep_verdict *verdict = &heap->verdict;

	*ret_judgement = (struct seep_heap_judgement){
		.runtime = seep_runtime_key(heap->runtime),
		.name = seep_runtime_text(heap->runtime),
		.class = seep_class_key(verdict->class),
		.severity = severity_key(verdict->severity),
		.confidence = verdict->confidence,
		.rate = verdict->rate,
		.eta_s = verdict->eta_s,
		.limit = limit_key(verdict->limit),
		.since_s = verdict->since_s,
		.num_arenas = heap->num_arenas,
		.mapped_bytes = heap->mapped_bytes,
		.used_bytes = (uint64_t)heap->used_bytes,
	};
	for (size_t i = 0; i < num_sites && ret_judgement->num_sites < SEEP_HEAP_SITES; i++) {
		if (sites[i].process == process && seep_heaps_have(&sites[i]) &&
		    sites[i].runtime == heap->runtime)
			ret_judgement->sites[ret_judgement->num_sites++] = &sites[i];
	}
}

/* The fastest first. */
static int compare_heaps(const void *left, const void *right)
{
	const struct seep_heap_judgement *a = left, *b = right;

	return (a->rate.value < b->rate.value) - (a->rate.value > b->rate.value);
}

/* All heaps are in one array, those of a process one after the other. */
static int fill_heaps(struct seep_judgements *judgements, const struct seep_judge *judge,
		      const struct seep_site *sites, size_t num_sites,
		      const struct seep_process *processes, size_t num_processes)
{
	judgements->heaps =
		calloc(num_processes * SEEP_RUNTIME_COUNT + 1, sizeof(*judgements->heaps));
	if (!judgements->heaps)
		return -ENOMEM;
	for (size_t i = 0; i < num_processes; i++) {
		struct seep_process_judgement *of = &judgements->processes[i].judgement;
		struct seep_heap_judgement *heaps = judgements->heaps + judgements->num_heaps;

		of->num_heaps = 0;
		for (int j = 0; j < SEEP_RUNTIME_COUNT; j++) {
			const struct seep_heap *heap =
				seep_judge_heap(judge, &processes[i], (enum seep_runtime)j);

			if (heap)
				judge_heap(heap, &processes[i], sites, num_sites,
					   &heaps[of->num_heaps++]);
		}
		qsort(heaps, of->num_heaps, sizeof(*heaps), compare_heaps);
		of->heaps = heaps;
		judgements->num_heaps += of->num_heaps;
	}
	return 0;
}

/* Each of the worst sites has a judgement: only sites with a verdict are compared. */
static void fill_correlated(struct seep_judgements *judgements, const struct seep_judge *judge,
			    const struct seep_site *sites, size_t num_sites)
{
	size_t count = seep_correlated_find(judge, sites, num_sites, judgements->correlated);

	for (size_t i = 0; i < count; i++) {
		const struct seep_correlations *correlated = &judgements->correlated[i];
		struct of_site *of = &judgements->sites[correlated->site - sites];

		of->judgement.num_correlated = correlated->count;
		of->judgement.correlated = correlated->with;
	}
}

static const char *const turnover_evidence[] = {
	"as much was released of what was there before the trace, and the process does not grow",
};

/* Would it be told as growth, now or when it has been watched for longer? */
static bool may_grow(const struct seep_judgement *judgement)
{
	enum seep_class class = seep_judgement_class(judgement);

	return seep_class_grows(class) || class == SEEP_CLASS_WARMING_UP;
}

/*
 * What was full before the trace is no leak. Sites are sorted, so that the largest of a process is
 * set against its releases first, and a leak beside it stays one. 0 or -ENOMEM.
 */
static int settle_turnover(struct seep_judgements *judgements, const struct seep_judge *judge,
			   const struct seep_site *sites, size_t num_sites,
			   const struct seep_process *processes, size_t num_processes)
{
	SEEP_AUTO_FREE struct seep_turnover *turnovers =
		calloc(num_processes + 1, sizeof(*turnovers));

	if (!turnovers)
		return -ENOMEM;
	for (size_t i = 0; i < num_processes; i++) {
		const struct seep_process_verdict *verdict =
			seep_judge_process(judge, &processes[i]);

		if (verdict)
			(void)seep_turnover_of(&processes[i], verdict, &turnovers[i]);
	}
	for (size_t i = 0; i < num_sites; i++) {
		struct seep_judgement *judgement = &judgements->sites[i].judgement;
		struct seep_turnover *turnover = &turnovers[sites[i].process - processes];

		if (!sites[i].judgement || !may_grow(judgement) ||
		    !seep_turnover_explains(turnover, &sites[i], judgement->rate.value))
			continue;
		judgement->class = seep_class_key(SEEP_CLASS_CACHE);
		judgement->severity = NULL;
		judgement->num_advice = 0;
		judgement->num_evidence = 1;
		judgement->evidence = turnover_evidence;
	}
	return 0;
}

int seep_judgements_fill(struct seep_judgements *judgements, const struct seep_judge *judge,
			 const struct seep_cause *causes, struct seep_site *sites, size_t num_sites,
			 struct seep_process *processes, size_t num_processes)
{
	int error;

	clear(judgements);
	error = fill_sites(judgements, judge, sites, num_sites);
	if (error)
		return error;
	error = settle_turnover(judgements, judge, sites, num_sites, processes, num_processes);
	if (error)
		return error;
	fill_correlated(judgements, judge, sites, num_sites);
	error = fill_processes(judgements, judge, causes, processes, num_processes);
	if (error)
		return error;
	return fill_heaps(judgements, judge, sites, num_sites, processes, num_processes);
}
