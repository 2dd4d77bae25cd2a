/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What grows beside the findings: sites that would be findings if they had been watched for longer,
 * and sites that grow without objects that stay. detect waits for them, up to a bound, and the
 * answer lists them.
 */
#ifndef SEEP_VERDICT_PENDING_H
#define SEEP_VERDICT_PENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "model/snapshot.h"
#include "verdict/gate.h"

/*
 * How long a judged site that grows as fast as it does has to be watched, in seconds; it has been
 * for @watched_s.
 */
double seep_site_needed_s(const struct seep_site *site, double watched_s);

/* Is the site warming up, and only because it has not been watched for long enough? */
bool seep_site_is_young(const struct seep_site *site, double watched_s);

/*
 * Which of the sites of a judged snapshot grow, are no findings, and are as fast as a tenth of the
 * fastest finding of their measure. The fastest first, by bytes, then by objects. *ret_sites is the
 * caller's, and freed by it. 0 or -ENOMEM.
 */
int seep_pending_find(const struct seep_snapshot *snapshot, const struct seep_findings *findings,
		      const struct seep_site ***ret_sites, size_t *ret_num);

/* Has the growth of a process a part, of a quarter at least, that its findings do not explain? */
bool seep_pending_growth(const struct seep_process *process, const struct seep_findings *findings);

/*
 * Is the site one of the findings, or was it passed over (suppressed, known)? Then it is not to
 * come back by another door.
 */
bool seep_pending_is_told(const struct seep_site *site, const struct seep_findings *findings);

#endif
