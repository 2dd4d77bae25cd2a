/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate: decides for which sites a command fails. These are its findings: sites that leak, and
 * those that grow if that is asked for, without what the suppressions name and without what a
 * baseline knows already. One thread; a gate is used for any number of snapshots.
 */
#ifndef SEEP_VERDICT_GATE_H
#define SEEP_VERDICT_GATE_H

#include <stddef.h>

#include "model/compare.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "verdict/baseline.h"
#include "verdict/verdict.h"

/* The sites for which something is to fail, and those that are passed over. */
struct seep_findings {
	size_t num;
	const struct seep_site *const *sites; /* the worst first */
	size_t num_suppressed;
	const struct seep_site *const *suppressed;
	const char *baseline; /* its name, raw; NULL: there is none. Of it: */
	const struct seep_baseline_status *statuses; /* of each of the sites */
	size_t num_known;			     /* that are not worse than there */
	const struct seep_site *const *known;
	const struct seep_baseline_status *known_statuses;
};

struct seep_gate;

/*
 * Leaks are findings, and with @least SEEP_CLASS_GROWTH growth too. 0 or -ENOMEM. The gate belongs
 * to the caller.
 */
int seep_gate_new(enum seep_class least, struct seep_gate **ret_gate);
void seep_gate_free(struct seep_gate *gate);

/*
 * For programs that release everything: each site that has blocks left when its process has ended
 * is a finding, whatever its class (outstanding.h).
 */
void seep_gate_set_at_exit(struct seep_gate *gate, bool at_exit);

/*
 * Takes suppressions (suppressions.h). At most once. 0; -EINVAL and the number of the line that is
 * not understood in *ret_line; -ENOMEM.
 */
int seep_gate_suppress(struct seep_gate *gate, const char *text, size_t *ret_line);

/*
 * Takes a snapshot with its judgements as the baseline, which is called @name. @side is not needed
 * afterwards. At most once. 0 or -ENOMEM.
 */
int seep_gate_compare(struct seep_gate *gate, const char *name, const struct seep_side *side);

/*
 * Looks for findings in @snapshot, which has been judged. *ret_findings is valid until the next
 * call, as long as the snapshot is. 0 or -ENOMEM.
 */
int seep_gate_find(struct seep_gate *gate, const struct seep_snapshot *snapshot,
		   struct seep_symbolizer *symbolizer, const struct seep_findings **ret_findings);

#endif
