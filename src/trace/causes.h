/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Looks at the mappings of processes that grow without their sites, and says what grows. Reading
 * what is resident of each mapping takes time in proportion to the size of the process, and holds
 * its lock of mappings for that of one mapping after the other, so it is done for such processes
 * only, a few times in a trace, at ever longer intervals.
 */
#ifndef SEEP_TRACE_CAUSES_H
#define SEEP_TRACE_CAUSES_H

#include "growth/cause.h"
#include "kernel/kernel.h"
#include "model/snapshot.h"
#include "stack/stacks.h"
#include "symbol/symbolizer.h"

struct seep_causes;

/* All three must outlive it. 0 or -ENOMEM. */
int seep_causes_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		    struct seep_stacks *stacks, struct seep_causes **ret_causes);
void seep_causes_free(struct seep_causes *causes);

/*
 * What @process of the judged @snapshot grows by, as far as its last two looks tell; kind NONE if
 * that is not known, or its sites explain it. Called for each process of each snapshot, once.
 */
void seep_causes_find(struct seep_causes *causes, const struct seep_snapshot *snapshot,
		      const struct seep_process *process,
		      const struct seep_process_verdict *verdict, struct seep_cause *ret_cause);
/* Forgets the processes that @snapshot does not have. */
void seep_causes_end(struct seep_causes *causes, const struct seep_snapshot *snapshot);

#endif
