/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What grows by the doing of a process, but not in it: processes below it that are not traced, and
 * segments of shared memory that it leaves behind.
 */
#ifndef SEEP_TRACE_OUTSIDE_H
#define SEEP_TRACE_OUTSIDE_H

#include "growth/cause.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "target/descendants.h"

struct seep_outside {
	struct seep_symbolizer *symbolizer;
	const struct seep_descendants *descendants; /* NULL: they are traced */
};

/*
 * False, and *ret_cause is left alone, unless @process of the judged @snapshot is steady, and what
 * is outside is certain to grow.
 */
bool seep_outside_find(const struct seep_outside *outside, const struct seep_snapshot *snapshot,
		       const struct seep_process *process,
		       const struct seep_process_verdict *verdict, struct seep_cause *ret_cause);

#endif
