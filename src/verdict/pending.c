// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is not a finding yet, or that findings do not explain: sites that warm up or grow beside
 * them, and the growth of the process that is left. Asked at each look of detect, and for the
 * answer; the work is one pass over the sites.
 */
#include "verdict/pending.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "growth/process.h"
#include "verdict/class.h"
#include "verdict/judgement.h"

/* As fast as others: this share of the fastest finding. */
#define SIMILAR_SHARE 0.1

/* Of the growth of a process, what may remain unexplained. */
#define UNEXPLAINED_SHARE 0.25

/* Of the growth of a managed heap, what objects have at least that explain all of it. */
#define HEAP_SHARE 0.25

double seep_site_needed_s(const struct seep_site *site, double watched_s)
{
	const struct seep_judgement *judgement = site->judgement;
	double needed_s =
		seep_leak_observation_s(!seep_kind_is_counted(site->kind), judgement->rate.value);

	/* Where something speaks against the leak it takes longer: doubt falls with the square. */
	if (seep_judgement_sureness(judgement) == SEEP_SURENESS_SUSPECTED)
		needed_s = fmax(needed_s,
				watched_s * sqrt((1 - judgement->confidence) / SEEP_FILLING_DOUBT));
	return needed_s;
}

bool seep_site_is_young(const struct seep_site *site, double watched_s)
{
	const struct seep_judgement *judgement = site->judgement;

	return judgement && seep_judgement_class(judgement) == SEEP_CLASS_WARMING_UP &&
	       judgement->rate.low > 0 && seep_site_needed_s(site, watched_s) > watched_s;
}

/* The rate of the fastest finding, in bytes and in objects. */
struct fastest {
	double bytes;
	double objects;
};

static struct fastest fastest_of(const struct seep_findings *findings)
{
	struct fastest fastest = {0, 0};

	for (size_t i = 0; i < findings->num; i++) {
		const struct seep_site *site = findings->sites[i];
		double *rate = seep_kind_is_counted(site->kind) ? &fastest.objects : &fastest.bytes;

		*rate = fmax(*rate, site->judgement->rate.value);
	}
	return fastest;
}

static bool is_listed(const struct seep_site *site, const struct seep_site *const *sites,
		      size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (sites[i] == site)
			return true;
	}
	return false;
}

bool seep_pending_is_told(const struct seep_site *site, const struct seep_findings *findings)
{
	return is_listed(site, findings->sites, findings->num) ||
	       is_listed(site, findings->suppressed, findings->num_suppressed) ||
	       is_listed(site, findings->known, findings->num_known);
}

static int compare(const void *left, const void *right)
{
	const struct seep_site *a = *(const struct seep_site *const *)left;
	const struct seep_site *b = *(const struct seep_site *const *)right;
	bool counted_a = seep_kind_is_counted(a->kind), counted_b = seep_kind_is_counted(b->kind);
	double rate_a = a->judgement->rate.value, rate_b = b->judgement->rate.value;

	if (counted_a != counted_b)
		return counted_a ? 1 : -1;
	if (rate_a < rate_b || rate_a > rate_b)
		return rate_a < rate_b ? 1 : -1;
	return (a > b) - (a < b);
}

int seep_pending_find(const struct seep_snapshot *snapshot, const struct seep_findings *findings,
		      const struct seep_site ***ret_sites, size_t *ret_num)
{
	double elapsed_s = (double)snapshot->elapsed_ns / (double)SEEP_NS_PER_S;
	struct fastest fastest = fastest_of(findings);
	/* One more than needed: calloc of nothing may return NULL. */
	const struct seep_site **sites = calloc(snapshot->num_sites + 1, sizeof(*sites));
	size_t num = 0;

	if (!sites)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		double least = SIMILAR_SHARE *
			       (seep_kind_is_counted(site->kind) ? fastest.objects : fastest.bytes);

		if (!site->judgement || !(site->judgement->rate.value > least))
			continue;
		if (seep_judgement_class(site->judgement) != SEEP_CLASS_GROWTH &&
		    !seep_site_is_young(site, elapsed_s))
			continue;
		if (!seep_pending_is_told(site, findings))
			sites[num++] = site;
	}
	qsort(sites, num, sizeof(*sites), compare);
	*ret_sites = sites;
	*ret_num = num;
	return 0;
}

/* How many bytes per second sites of a process grow by. */
struct explained {
	double objects; /* of managed heaps */
	double others;
};

static void add_rates(const struct seep_site *const *sites, size_t count,
		      const struct seep_process *process, struct explained *explained)
{
	for (size_t i = 0; i < count; i++) {
		double *sum = sites[i]->kind == SEEP_KIND_OBJECT ? &explained->objects :
								   &explained->others;

		if (sites[i]->process == process && !seep_kind_is_counted(sites[i]->kind))
			*sum += fmax(0, sites[i]->judgement->rate.value);
	}
}

/*
 * A heap has room for more than what lives in it, in Go by default for as much again, and grows by
 * more than its objects do: all of it is theirs, if they have a good part.
 */
static double heap_of(const struct seep_process_judgement *judgement, double objects)
{
	double most = objects;

	for (size_t i = 0; i < judgement->num_heaps; i++) {
		double rate = judgement->heaps[i].rate.value;

		if (objects >= HEAP_SHARE * rate)
			most = fmax(most, rate);
	}
	return most;
}

bool seep_pending_growth(const struct seep_process *process, const struct seep_findings *findings)
{
	const struct seep_process_judgement *judgement = process->judgement;
	struct explained explained = {0, 0};

	if (!judgement || !seep_health_grows(judgement->health))
		return false;
	add_rates(findings->sites, findings->num, process, &explained);
	add_rates(findings->suppressed, findings->num_suppressed, process, &explained);
	add_rates(findings->known, findings->num_known, process, &explained);
	return explained.others + heap_of(judgement, explained.objects) <
	       (1 - UNEXPLAINED_SHARE) * judgement->rate.value;
}
