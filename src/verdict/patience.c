// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/patience.h"

#include <stdlib.h>

#include "base/units.h"
#include "verdict/judgement.h"
#include "verdict/pending.h"

/*
 * For how long a leak has been one: three looks of a second, never apart by exactly that; one that
 * is only likely for a tenth of the time that it took, so that what has just become full shows it.
 */
#define LIKELY_SHARE   10
#define CERTAIN_FOR_NS (1900 * SEEP_NS_PER_MS)

/* For what grows beside it: as long again as the first took, and this at least. */
#define WAIT_LEAST_NS (15 * SEEP_NS_PER_S)

/* Does something else grow that may be a leak as well, or a process that no finding explains? */
static bool may_follow(const struct seep_snapshot *snapshot, const struct seep_findings *findings)
{
	const struct seep_site **pending;
	size_t num;

	for (size_t i = 0; i < snapshot->num_processes; i++) {
		if (seep_pending_growth(&snapshot->processes[i], findings))
			return true;
	}
	if (seep_pending_find(snapshot, findings, &pending, &num))
		return false;
	free(pending);
	return num > 0;
}

bool seep_patience_ends(struct seep_patience *patience, const struct seep_snapshot *snapshot,
			const struct seep_findings *findings)
{
	uint64_t now_ns = snapshot->elapsed_ns, certain_for_ns, least_ns = CERTAIN_FOR_NS, wait_ns;
	enum seep_sureness sureness =
		findings->num ? seep_judgement_sureness(findings->sites[0]->judgement) :
				SEEP_SURENESS_NONE;

	/* It must last: one look that says otherwise starts the time anew. */
	if (sureness < SEEP_SURENESS_LIKELY) {
		patience->certain_ns = 0;
		return false;
	}
	if (!patience->certain_ns)
		patience->certain_ns = now_ns;
	certain_for_ns = now_ns - patience->certain_ns;
	wait_ns = patience->certain_ns > WAIT_LEAST_NS ? patience->certain_ns : WAIT_LEAST_NS;
	if (sureness == SEEP_SURENESS_LIKELY && patience->certain_ns / LIKELY_SHARE > least_ns)
		least_ns = patience->certain_ns / LIKELY_SHARE;
	if (certain_for_ns < least_ns)
		return false;
	return certain_for_ns >= wait_ns || !may_follow(snapshot, findings);
}
