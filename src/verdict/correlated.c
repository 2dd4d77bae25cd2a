// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sites that grow are compared in pairs, so their number is bounded first: find_suspects keeps the
 * worst SEEP_CORRELATED_COMPARED in order. Each is then compared with measures of its process and
 * with those before it. Both lists are kept sorted by insertion, and nothing is allocated.
 */
#include "verdict/correlated.h"

#include <string.h>

/* A growing site, with the verdict that gives its place among the suspects. */
struct suspect {
	const struct seep_site *site;
	const struct seep_verdict *verdict;
};

/* Within one severity by the plain rate, whether it counts bytes or objects. */
static bool is_worse(const struct seep_verdict *a, const struct seep_verdict *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	return a->rate.value > b->rate.value;
}

/* Into those found so far, the worst first; what is one too many is left out. */
static size_t insert_suspect(struct suspect *suspects, size_t count, const struct suspect *suspect)
{
	size_t at = count;

	while (at > 0 && is_worse(suspect->verdict, suspects[at - 1].verdict))
		at--;
	if (at == SEEP_CORRELATED_COMPARED)
		return count;
	/* When all places are taken, the last suspect drops out. */
	count -= count == SEEP_CORRELATED_COMPARED;
	memmove(&suspects[at + 1], &suspects[at], (count - at) * sizeof(*suspects));
	suspects[at] = *suspect;
	return count + 1;
}

/* The worst of the sites that grow; returns how many. */
static size_t find_suspects(const struct seep_judge *judge, const struct seep_site *sites,
			    size_t num_sites, struct suspect *suspects)
{
	size_t count = 0;

	for (size_t i = 0; i < num_sites; i++) {
		struct suspect suspect = {&sites[i], seep_judge_site(judge, &sites[i])};

		if (suspect.verdict && seep_class_grows(suspect.verdict->class))
			count = insert_suspect(suspects, count, &suspect);
	}
	return count;
}

/* If it is close enough; NAN is not. */
static void insert_correlated(struct seep_correlations *of,
			      const struct seep_correlated *correlated)
{
	size_t at = of->count;

	if (!(correlated->correlation >= SEEP_CORRELATED))
		return;
	while (at > 0 && of->with[at - 1].correlation < correlated->correlation)
		at--;
	if (at == SEEP_CORRELATED_MAX)
		return;
	of->count -= of->count == SEEP_CORRELATED_MAX; /* the last one has to go */
	memmove(&of->with[at + 1], &of->with[at], (of->count - at) * sizeof(of->with[0]));
	of->with[at] = *correlated;
	of->count++;
}

/* A measure that has the site in it says nothing. */
static bool measures(enum seep_kind kind, enum seep_process_stat measure)
{
	if (measure == SEEP_PROCESS_STAT_EXPLAINED)
		return false;
	if (measure == SEEP_PROCESS_STAT_MAPPINGS)
		return kind != SEEP_KIND_MAPPING;
	return measure == SEEP_PROCESS_STAT_FDS ? kind != SEEP_KIND_FD : true;
}

/* Adds the measures of its process that grow with the site. */
static void compare_measures(const struct seep_judge *judge, struct seep_correlations *of)
{
	for (enum seep_process_stat measure = 0; measure < SEEP_PROCESS_STAT_COUNT; measure++) {
		struct seep_correlated correlated = {.measure = seep_process_stat_key(measure)};

		if (!measures(of->site->kind, measure))
			continue;
		correlated.correlation = seep_judge_correlation(judge, of->site, measure);
		insert_correlated(of, &correlated);
	}
}

size_t seep_correlated_find(const struct seep_judge *judge, const struct seep_site *sites,
			    size_t num_sites,
			    struct seep_correlations ret_of[SEEP_CORRELATED_COMPARED])
{
	struct suspect suspects[SEEP_CORRELATED_COMPARED];
	size_t count = find_suspects(judge, sites, num_sites, suspects);

	for (size_t i = 0; i < count; i++) {
		ret_of[i] = (struct seep_correlations){.site = suspects[i].site};
		compare_measures(judge, &ret_of[i]);
		/*
		 * Each pair once, noted at both. Sites of different processes have NAN, which is
		 * not noted.
		 */
		for (size_t j = 0; j < i; j++) {
			double correlation =
				seep_judge_site_correlation(judge, ret_of[i].site, ret_of[j].site);

			insert_correlated(&ret_of[i],
					  &(struct seep_correlated){.site = ret_of[j].site,
								    .correlation = correlation});
			insert_correlated(&ret_of[j],
					  &(struct seep_correlated){.site = ret_of[i].site,
								    .correlation = correlation});
		}
	}
	return count;
}

const char *seep_correlated_measure_text(const char *key)
{
	for (enum seep_process_stat measure = 0; measure < SEEP_PROCESS_STAT_COUNT; measure++) {
		if (strcmp(key, seep_process_stat_key(measure)) == 0)
			return seep_process_stat_text(measure);
	}
	return key;
}
