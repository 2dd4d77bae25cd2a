// SPDX-License-Identifier: GPL-2.0-only
#include "web/html_alarms.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "verdict/judgement.h"

/* What is not known is less than any rate. */
static double rate_of(const struct seep_site *site)
{
	double rate = site->judgement->rate.value;

	return isnan(rate) ? -INFINITY : rate;
}

/*
 * Leaks before growth, then by severity, kind and rate. Bytes and objects per second cannot be
 * compared, which is why the kind comes before the rate.
 */
static int compare_alarms(const void *left, const void *right)
{
	const struct seep_site *a = *(const struct seep_site *const *)left;
	const struct seep_site *b = *(const struct seep_site *const *)right;
	/* The worse class or severity has the higher number, so it sorts first. */
	int class_change =
		(int)seep_judgement_class(b->judgement) - (int)seep_judgement_class(a->judgement);
	int severity_change = (int)seep_judgement_severity(b->judgement) -
			      (int)seep_judgement_severity(a->judgement);

	if (class_change)
		return class_change;
	if (severity_change)
		return severity_change;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (rate_of(a) < rate_of(b) || rate_of(a) > rate_of(b))
		return rate_of(a) < rate_of(b) ? 1 : -1;
	return a < b ? -1 : a > b; /* as in the snapshot */
}

/* Every judged site is counted; only those that grow are kept. */
static void count_site(struct seep_html_alarms *alarms, const struct seep_site *site)
{
	enum seep_class class = seep_judgement_class(site->judgement);

	alarms->num_judged++;
	alarms->by_class[class]++;
	if (class == SEEP_CLASS_LEAK)
		alarms->by_severity[seep_judgement_severity(site->judgement)]++;
	if (seep_class_grows(class))
		alarms->sites[alarms->num_sites++] = site;
}

/* One more than the sites, as calloc may return NULL for 0. */
int seep_html_alarms_find(const struct seep_snapshot *snapshot, struct seep_html_alarms *ret_alarms)
{
	struct seep_html_alarms alarms = {
		.sites = calloc(snapshot->num_sites + 1, sizeof(struct seep_site *)),
	};

	if (!alarms.sites)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		if (snapshot->sites[i].judgement)
			count_site(&alarms, &snapshot->sites[i]);
	}
	qsort(alarms.sites, alarms.num_sites, sizeof(struct seep_site *), compare_alarms);
	*ret_alarms = alarms;
	return 0;
}

void seep_html_alarms_done(struct seep_html_alarms *alarms)
{
	free(alarms->sites);
	alarms->sites = NULL;
	alarms->num_sites = 0;
}
