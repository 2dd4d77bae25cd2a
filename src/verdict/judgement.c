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
	struct seep_sentences evidence;
};

struct seep_judgements {
	size_t num_sites;
	struct of_site *sites;
	size_t num_processes;
	struct of_process *processes;
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

static int judge_site(struct of_site *of, const struct seep_verdict *verdict)
{
	int error = seep_evidence_of_site(verdict, &of->evidence);

	if (error)
		return error;
	of->judgement = (struct seep_judgement){
		.class = seep_class_key(verdict->class),
		.pattern = seep_pattern_key(verdict->pattern),
		.severity = verdict->severity == SEEP_SEVERITY_NONE ?
				    NULL :
				    seep_severity_key(verdict->severity),
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
	return 0;
}

static int judge_process(struct of_process *of, const struct seep_process_verdict *verdict)
{
	int error = seep_evidence_of_process(verdict, &of->evidence);

	if (error)
		return error;
	of->judgement = (struct seep_process_judgement){
		.health = seep_health_key(verdict->health),
		.coverage = verdict->coverage,
		.rate = verdict->resident.slope,
		.eta_s = verdict->eta_s,
		.limit = limit_key(verdict->limit),
		.observed_s = verdict->observed_s,
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
		error = judge_site(&judgements->sites[i], verdict);
		if (error)
			return error;
		sites[i].judgement = &judgements->sites[i].judgement;
	}
	return 0;
}

static int fill_processes(struct seep_judgements *judgements, const struct seep_judge *judge,
			  struct seep_process *processes, size_t num_processes)
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
		error = judge_process(&judgements->processes[i], verdict);
		if (error)
			return error;
		processes[i].judgement = &judgements->processes[i].judgement;
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

int seep_judgements_fill(struct seep_judgements *judgements, const struct seep_judge *judge,
			 struct seep_site *sites, size_t num_sites, struct seep_process *processes,
			 size_t num_processes)
{
	int error;

	clear(judgements);
	error = fill_sites(judgements, judge, sites, num_sites);
	if (error)
		return error;
	fill_correlated(judgements, judge, sites, num_sites);
	return fill_processes(judgements, judge, processes, num_processes);
}
