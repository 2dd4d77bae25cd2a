/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flow of control within one function: from an instruction to those that may come next, and
 * what is known where ways meet. Returns of calls are only noted (prologues->entries): who follows
 * a function decides when to go on there (unwind/prologue_attempt.h).
 *
 * prologues->refuse says that the function contradicts itself, prologues->restart that it has to be
 * followed again with what was learned. Errors: -E2BIG when a cap or the budget is used up,
 * -ENOMEM.
 */
#ifndef SEEP_UNWIND_PROLOGUE_FLOW_H
#define SEEP_UNWIND_PROLOGUE_FLOW_H

#include "unwind/prologue_private.h"

/* The instruction at @offset, decoded at most once. 0, -E2BIG or -ENOMEM. */
int seep_prologue_find_place(struct seep_prologues *prologues, uint32_t offset,
			     uint32_t *ret_index);

/*
 * First way to the place @index in this run, which is of @region from here on. 0, -E2BIG, -ENOMEM.
 */
int seep_prologue_visit(struct seep_prologues *prologues, uint32_t index,
			const struct seep_frame_state *state, uint32_t region);

/* Another way to a place that was visited: what both agree on remains. 0 or -ENOMEM. */
int seep_prologue_meet(struct seep_prologues *prologues, uint32_t index,
		       const struct seep_frame_state *state, uint32_t region);

/* The offset behind the function's last byte, by its size; without one, the end of all code. */
uint64_t seep_prologue_known_end(const struct seep_prologues *prologues);

/* Follows all that is queued, up to the returns of calls. 0, -E2BIG or -ENOMEM. */
int seep_prologue_follow(struct seep_prologues *prologues);

#endif
