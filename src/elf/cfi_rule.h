/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the state of CFI at one instruction to a rule of seep/unwind.h; SEEP_RULE_BAD for a state
 * that no rule can say.
 */
#ifndef SEEP_ELF_CFI_RULE_H
#define SEEP_ELF_CFI_RULE_H

#include "elf/cfi_private.h"

void seep_cfi_rule(const struct seep_cfi_state *state, bool signal_frame,
		   struct seep_rule *ret_rule);

#endif
