/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What code leads to from its middle: the functions that it calls, passes on, stores or chooses
 * between, and where its calls and jumps through registers go. What is found joins the list of
 * functions of the piece, or of addresses outside of it; a full list is counted, not an error.
 */
#ifndef SEEP_UNWIND_PROLOGUE_TARGETS_H
#define SEEP_UNWIND_PROLOGUE_TARGETS_H

#include "unwind/prologue_private.h"

/* There is a function at the address @target. 0 or -ENOMEM. */
int seep_prologue_add_target(struct seep_prologues *prologues, uint64_t target,
			     enum seep_function_kind kind);

/* The same for the value of a register, if that is an address of code. 0 or -ENOMEM. */
int seep_prologue_add_value(struct seep_prologues *prologues, int32_t value,
			    enum seep_function_kind kind);

/* The same for all integer arguments of a call (System V ABI for x86-64, 3.2.3). 0 or -ENOMEM. */
int seep_prologue_add_arguments(struct seep_prologues *prologues,
				const struct seep_frame_state *state);

/* The address to which a call or jump goes; 0 if it is in a register whose value is not known. */
uint64_t seep_prologue_target(const struct seep_prologues *prologues,
			      const struct seep_instruction *instruction,
			      const struct seep_frame_state *state);

/* True if the function at the address @target is known not to return. */
bool seep_prologue_never_returns(const struct seep_prologues *prologues, uint64_t target);

#endif
