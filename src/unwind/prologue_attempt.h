/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One attempt to follow a function to all its ends: what jumps lead to first, then the returns of
 * its calls, last the blocks of its jump tables. An attempt that finds a call not to return asks
 * for another one (prologues->restart).
 */
#ifndef SEEP_UNWIND_PROLOGUE_ATTEMPT_H
#define SEEP_UNWIND_PROLOGUE_ATTEMPT_H

#include "unwind/prologue_private.h"

/* Follows the function number prologues->function. 0, -E2BIG or -ENOMEM. */
int seep_prologue_attempt(struct seep_prologues *prologues);

/* After the last attempt: is what was found in @region proven, and all that it is reached by? */
bool seep_prologue_is_trusted(const struct seep_prologues *prologues, uint32_t region);

#endif
