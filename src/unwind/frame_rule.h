/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From what is known of a frame before an instruction to a rule of seep/unwind.h. Pure.
 */
#ifndef SEEP_UNWIND_FRAME_RULE_H
#define SEEP_UNWIND_FRAME_RULE_H

#include "seep/unwind.h"
#include "unwind/frame_state.h"

/* SEEP_RULE_BAD where nothing is known. */
void seep_frame_state_rule(const struct seep_frame_state *state, struct seep_rule *ret_rule);

#endif
