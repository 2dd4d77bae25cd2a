// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate: takes a judged snapshot apart into findings, what is suppressed, and what the baseline
 * knows. Built once for a run (seep_gate_new, then suppressions and baseline if there are any),
 * asked with seep_gate_find once for each snapshot. It looks at every site, and walks the stacks of
 * those that grow only; the five lists have room for all sites of the snapshot.
 */
#include "verdict/gate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/walk.h"
#include "verdict/judgement.h"
#include "verdict/outstanding.h"
#include "verdict/suppressions.h"

struct seep_gate {
	enum seep_class least;
	bool at_exit;
	struct seep_suppressions *suppressions; /* NULL: none */
	struct seep_baseline *baseline;		/* NULL: none */
	char *baseline_name;
	struct seep_findings findings; /* of the last search, and what it points to: */
	const struct seep_site **sites;
	struct seep_baseline_status *statuses;
	const struct seep_site **known;
	struct seep_baseline_status *known_statuses;
	const struct seep_site **suppressed;
};

/* Frees the lists of the last search; suppressions and baseline stay. */
static void forget(struct seep_gate *gate)
{
	free(gate->sites);
	free(gate->statuses);
	free(gate->known);
	free(gate->known_statuses);
	free(gate->suppressed);
	gate->sites = NULL;
	gate->statuses = NULL;
	gate->known = NULL;
	gate->known_statuses = NULL;
	gate->suppressed = NULL;
	gate->findings = (struct seep_findings){0};
}

int seep_gate_new(enum seep_class least, struct seep_gate **ret_gate)
{
	struct seep_gate *gate = calloc(1, sizeof(*gate));

	if (!gate)
		return -ENOMEM;
	gate->least = least;
	*ret_gate = gate;
	return 0;
}

void seep_gate_free(struct seep_gate *gate)
{
	if (!gate)
		return;
	forget(gate);
	seep_baseline_free(gate->baseline);
	seep_suppressions_free(gate->suppressions);
	free(gate->baseline_name);
	free(gate);
}

void seep_gate_set_at_exit(struct seep_gate *gate, bool at_exit)
{
	gate->at_exit = at_exit;
}

int seep_gate_suppress(struct seep_gate *gate, const char *text, size_t *ret_line)
{
	return seep_suppressions_parse(text, &gate->suppressions, ret_line);
}

int seep_gate_compare(struct seep_gate *gate, const char *name, const struct seep_side *side)
{
	gate->baseline_name = strdup(name);
	return gate->baseline_name ? seep_baseline_new(side, &gate->baseline) : -ENOMEM;
}

/* A leak is worse than growth. What is left of a process is known at the end of the trace. */
static bool is_finding(const struct seep_gate *gate, const struct seep_snapshot *snapshot,
		       const struct seep_site *site, struct seep_symbolizer *symbolizer)
{
	enum seep_class class =
		site->judgement ? seep_judgement_class(site->judgement) : SEEP_CLASS_UNKNOWN;

	if (gate->at_exit && snapshot->final && site->judgement &&
	    seep_site_is_outstanding(site, symbolizer))
		return true;
	return class == SEEP_CLASS_LEAK ||
	       (class == SEEP_CLASS_GROWTH && gate->least == SEEP_CLASS_GROWTH);
}

/*
 * Every function of the stack counts, inlined ones included, with its source file and its module.
 * Names are resolved for it, so it is asked for findings only.
 */
static bool is_suppressed(const struct seep_gate *gate, const struct seep_site *site,
			  struct seep_symbolizer *symbolizer)
{
	struct seep_walk walk;

	if (!gate->suppressions)
		return false;
	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (seep_walk_next(&walk)) {
		if (seep_suppressions_match(gate->suppressions, walk.line->function) ||
		    seep_suppressions_match(gate->suppressions, walk.line->source) ||
		    seep_suppressions_match(gate->suppressions, walk.location->module))
			return true;
	}
	return false;
}

/* One that is not known counts as the slowest: NAN has no place in an order. */
static double rate_of(const struct seep_site *site)
{
	double rate = site->judgement->rate.value;

	return isnan(rate) ? -INFINITY : rate;
}

/*
 * The worst comes first, but what has no place in the program comes last: it is there for the sake
 * of others.
 */
static int compare_severities(const void *left, const void *right)
{
	const struct seep_site *a = *(const struct seep_site *const *)left;
	const struct seep_site *b = *(const struct seep_site *const *)right;
	enum seep_severity severity_a = seep_judgement_severity(a->judgement);
	enum seep_severity severity_b = seep_judgement_severity(b->judgement);
	bool placed_a = seep_origin_of(a->stack) < 0;
	bool placed_b = seep_origin_of(b->stack) < 0;

	if (placed_a != placed_b)
		return placed_a ? -1 : 1;
	if (severity_a != severity_b)
		return severity_a < severity_b ? 1 : -1;
	if (rate_of(a) != rate_of(b))
		return rate_of(a) < rate_of(b) ? 1 : -1;
	/*
	 * By address, which is the order of the snapshot: it makes the order the same in each run.
	 */
	return (a > b) - (a < b);
}

/* Makes room for as many as there can be. 0 or -ENOMEM. */
static int reserve(struct seep_gate *gate, size_t max)
{
	forget(gate);
	/* One more than needed: calloc of nothing may return NULL. */
	gate->sites = calloc(max + 1, sizeof(*gate->sites));
	gate->statuses = calloc(max + 1, sizeof(*gate->statuses));
	gate->known = calloc(max + 1, sizeof(*gate->known));
	gate->known_statuses = calloc(max + 1, sizeof(*gate->known_statuses));
	gate->suppressed = calloc(max + 1, sizeof(*gate->suppressed));
	return gate->sites && gate->statuses && gate->known && gate->known_statuses &&
			       gate->suppressed ?
		       0 :
		       -ENOMEM;
}

/* Takes what is known, and no worse, out of the sorted sites. */
static void compare_with_baseline(struct seep_gate *gate, struct seep_symbolizer *symbolizer)
{
	struct seep_findings *findings = &gate->findings;
	size_t count = findings->num;

	/* The list is shortened in place; the sites that stay keep their order. */
	findings->num = 0;
	for (size_t i = 0; i < count; i++) {
		const struct seep_site *site = gate->sites[i];
		struct seep_path path = seep_walk_path(symbolizer, site);
		struct seep_baseline_status status =
			seep_baseline_find(gate->baseline, site, &path);

		if (status.type == SEEP_BASELINE_KNOWN) {
			gate->known[findings->num_known] = site;
			gate->known_statuses[findings->num_known++] = status;
		} else {
			gate->sites[findings->num] = site;
			gate->statuses[findings->num++] = status;
		}
	}
}

int seep_gate_find(struct seep_gate *gate, const struct seep_snapshot *snapshot,
		   struct seep_symbolizer *symbolizer, const struct seep_findings **ret_findings)
{
	struct seep_findings *findings = &gate->findings;

	if (reserve(gate, snapshot->num_sites))
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		if (!is_finding(gate, snapshot, site, symbolizer))
			continue;
		if (is_suppressed(gate, site, symbolizer))
			gate->suppressed[findings->num_suppressed++] = site;
		else
			gate->sites[findings->num++] = site;
	}
	/*
	 * Sorted before the baseline takes its part out, so that what is known is in this order
	 * too.
	 */
	qsort(gate->sites, findings->num, sizeof(*gate->sites), compare_severities);
	qsort(gate->suppressed, findings->num_suppressed, sizeof(*gate->suppressed),
	      compare_severities);
	if (gate->baseline)
		compare_with_baseline(gate, symbolizer);
	findings->baseline = gate->baseline_name;
	findings->sites = gate->sites;
	findings->statuses = gate->statuses;
	findings->known = gate->known;
	findings->known_statuses = gate->known_statuses;
	findings->suppressed = gate->suppressed;
	*ret_findings = findings;
	return 0;
}
