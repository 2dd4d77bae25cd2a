// SPDX-License-Identifier: GPL-2.0-only
#include "unwind/frame_rule.h"

#define WORD_BYTES 8

/* By rsp if it is known, as compilers do without frame pointers, else by rbp, else by rbx. */
static bool cfa_rule(const struct seep_frame_state *state, struct seep_rule *rule)
{
	static const struct {
		uint8_t reg, kind;
	} bases[] = {
		{SEEP_RSP, SEEP_RULE_SP},
		{SEEP_RBP, SEEP_RULE_FP},
		{SEEP_RBX, SEEP_RULE_BX},
	};

	for (unsigned int i = 0; i < 3; i++) {
		int32_t value = state->registers[bases[i].reg];

		if (!seep_value_is_address(value))
			continue;
		rule->kind = bases[i].kind;
		rule->offset = -value;
		return true;
	}
	return false;
}

/* A place too far from the CFA for a rule leaves the caller's rbp undefined. */
static void fp_rule(const struct seep_frame_state *state, struct seep_rule *rule)
{
	rule->fp = SEEP_FP_UNDEFINED;
	if (state->fp_saved != SEEP_VALUE_UNKNOWN) {
		if (state->fp_saved < INT16_MIN)
			return;
		rule->fp = SEEP_FP_AT_CFA;
		rule->fp_offset = (int16_t)state->fp_saved;
	} else if (state->registers[SEEP_RBP] == SEEP_VALUE_ENTRY) {
		rule->fp = SEEP_FP_SAME;
	}
}

void seep_frame_state_rule(const struct seep_frame_state *state, struct seep_rule *ret_rule)
{
	struct seep_rule rule = {.kind = SEEP_RULE_BAD};

	if (state->entry) {
		rule.kind = SEEP_RULE_END;
	} else if (state->clone == SEEP_CLONE_CHILD) {
		/* The ABI marks the outermost frame so. */
		if (state->registers[SEEP_RBP] == SEEP_VALUE_ZERO)
			rule.kind = SEEP_RULE_END;
	} else if (state->clone == SEEP_CLONE_NONE && cfa_rule(state, &rule)) {
		fp_rule(state, &rule);
		/*
		 * A place that does not fit leaves bx_offset at 0: rbx is then taken to be
		 * unchanged.
		 */
		if (state->bx_saved != SEEP_VALUE_UNKNOWN && state->bx_saved >= INT16_MIN)
			rule.bx_offset = (int16_t)state->bx_saved;
		rule.ra_offset = -WORD_BYTES;
	}
	*ret_rule = rule;
}
