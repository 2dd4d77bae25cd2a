/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Has the snapshots of a trace judged: reads what the model wants to know of the processes besides,
 * feeds it, and puts the judgements into the snapshot.
 */
#ifndef SEEP_TRACE_ASSESSOR_H
#define SEEP_TRACE_ASSESSOR_H

#include <stdbool.h>

#include "kernel/kernel.h"
#include "model/snapshot.h"
#include "stack/stacks.h"
#include "symbol/symbolizer.h"

struct seep_assessor;

/*
 * @kernel, @symbolizer, which names what roles depend on, and @stacks must outlive it. @alone:
 * children of the targets are not traced, so they are watched. 0 or -ENOMEM.
 */
int seep_assessor_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		      struct seep_stacks *stacks, bool alone, struct seep_assessor **ret_assessor);
void seep_assessor_free(struct seep_assessor *assessor);

/*
 * Takes @snapshot into account, the next one, finds the roles of its sites, and judges its @sites
 * and @processes, which are those of the snapshot to be written to. Sites that are too many to be
 * judged become a loss of it: those of now, for one may find room when another goes. The judgements
 * are valid until the next call. 0 or -ENOMEM.
 */
int seep_assessor_take(struct seep_assessor *assessor, struct seep_snapshot *snapshot,
		       struct seep_site *sites, struct seep_process *processes);

#endif
