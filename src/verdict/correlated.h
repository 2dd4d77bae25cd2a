/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What grows together with a growing site: other growing sites of its process, and measures of the
 * process as a whole. It tells what the leaks have in common: a request, a connection.
 */
#ifndef SEEP_VERDICT_CORRELATED_H
#define SEEP_VERDICT_CORRELATED_H

#include <stddef.h>

#include "model/snapshot.h"
#include "verdict/judge.h"

/*
 * Sites that are compared, each with each: the worst of those that grow. All together take some
 * milliseconds.
 */
#define SEEP_CORRELATED_COMPARED 32

/* Of a site: the closest. */
#define SEEP_CORRELATED_MAX 4

/* What grows faster when a site does. */
struct seep_correlated {
	const struct seep_site *site; /* of the same process; NULL: a measure of it */
	const char *measure;	      /* that one: a key of SEEP_PROCESS_STATS; NULL: a site */
	double correlation;	      /* from SEEP_CORRELATED to 1 */
};

/* Those of a site. */
struct seep_correlations {
	const struct seep_site *site;
	size_t count;
	struct seep_correlated with[SEEP_CORRELATED_MAX]; /* the closest first */
};

/*
 * Finds them for the worst of @sites, which are of the snapshot that @judge was fed last. Returns
 * how many elements of @ret_of it has filled.
 */
size_t seep_correlated_find(const struct seep_judge *judge, const struct seep_site *sites,
			    size_t num_sites,
			    struct seep_correlations ret_of[SEEP_CORRELATED_COMPARED]);

/* What people call a measure of a process; the key itself if it is none of SEEP_PROCESS_STATS. */
const char *seep_correlated_measure_text(const char *key);

#endif
