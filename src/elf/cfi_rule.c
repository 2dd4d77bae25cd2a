// SPDX-License-Identifier: GPL-2.0-only
#include "elf/cfi_rule.h"

/*
 * struct rt_sigframe, behind the return address that the trampoline has taken off: rsp points to
 * the ucontext, in which the registers begin at 40 (struct sigcontext in
 * arch/x86/include/uapi/asm).
 */
enum {
	SIGNAL_FRAME_RSP = 160,
	SIGNAL_FRAME_RIP = 168,
};

static bool fits_s16(int64_t value)
{
	return value >= INT16_MIN && value <= INT16_MAX;
}

/*
 * glibc's __restore_rt describes its frame so: the CFA is the saved rsp, the return address the
 * saved rip.
 */
static bool is_kernel_signal_frame(const struct seep_cfi_state *state)
{
	const struct seep_cfi_expression *cfa = &state->cfa.expression;
	const struct seep_cfi_saved *ra = &state->saved[SEEP_CFI_SLOT_RA];

	return state->cfa.form == SEEP_CFI_CFA_EXPRESSION && cfa->kind == SEEP_RULE_DEREF_SP &&
	       cfa->offset == SIGNAL_FRAME_RSP && !cfa->add && ra->kind == SEEP_CFI_AT_REGISTER &&
	       ra->base == SEEP_CFI_RSP && ra->offset == SIGNAL_FRAME_RIP;
}

/*
 * Other registers hold the CFA in some 0.2 % of rows: in the middle of prologues and in assembly.
 */
static uint8_t kind_of_base(uint64_t base)
{
	switch (base) {
	case SEEP_CFI_RSP:
		return SEEP_RULE_SP;
	case SEEP_CFI_RBP:
		return SEEP_RULE_FP;
	case SEEP_CFI_RBX:
		return SEEP_RULE_BX;
	default:
		return SEEP_RULE_BAD;
	}
}

/* Leaves SEEP_RULE_BAD in @rule where the CFA has no rule. */
static void cfa_rule(const struct seep_cfi_cfa *cfa, struct seep_rule *rule)
{
	int64_t offset = cfa->offset;

	rule->kind = SEEP_RULE_BAD;
	if (cfa->form == SEEP_CFI_CFA_NONE)
		return;
	if (cfa->form == SEEP_CFI_CFA_EXPRESSION) {
		offset = cfa->expression.offset;
		rule->add = cfa->expression.add;
	}
	if (offset < INT32_MIN || offset > INT32_MAX)
		return;
	rule->offset = (int32_t)offset;
	rule->kind = cfa->form == SEEP_CFI_CFA_EXPRESSION ? cfa->expression.kind :
							    kind_of_base(cfa->base);
}

/* Where the register is saved as seen from the CFA; false if it is not. */
static bool offset_from_cfa(const struct seep_cfi_state *state, const struct seep_cfi_saved *saved,
			    int64_t *ret_offset)
{
	int64_t offset = saved->offset;

	switch (saved->kind) {
	case SEEP_CFI_AT_CFA:
		break;
	case SEEP_CFI_AT_REGISTER:
		/*
		 * From the register that the CFA counts from as well, so the distance between the
		 * two is known.
		 */
		if (state->cfa.form != SEEP_CFI_CFA_REGISTER || state->cfa.base != saved->base ||
		    __builtin_sub_overflow(offset, state->cfa.offset, &offset))
			return false;
		break;
	default:
		return false;
	}
	if (!fits_s16(offset))
		return false;
	*ret_offset = offset;
	return true;
}

static void fp_rule(const struct seep_cfi_state *state, struct seep_rule *rule)
{
	const struct seep_cfi_saved *saved = &state->saved[SEEP_CFI_SLOT_FP];
	int64_t offset;

	rule->fp = SEEP_FP_UNDEFINED;
	if (saved->kind == SEEP_CFI_UNSET || saved->kind == SEEP_CFI_SAME) {
		rule->fp = SEEP_FP_SAME; /* the ABI has it saved by whom is called */
	} else if (offset_from_cfa(state, saved, &offset)) {
		rule->fp = SEEP_FP_AT_CFA;
		rule->fp_offset = (int16_t)offset;
	} else if (saved->kind == SEEP_CFI_AT_REGISTER && saved->base == SEEP_CFI_RBP &&
		   fits_s16(saved->offset)) {
		rule->fp = SEEP_FP_AT_FP;
		rule->fp_offset = (int16_t)saved->offset;
	}
}

void seep_cfi_rule(const struct seep_cfi_state *state, bool signal_frame,
		   struct seep_rule *ret_rule)
{
	const struct seep_cfi_saved *ra = &state->saved[SEEP_CFI_SLOT_RA];
	struct seep_rule rule = {0};
	int64_t offset;

	if (signal_frame && is_kernel_signal_frame(state)) {
		rule.kind = SEEP_RULE_SIGNAL;
	} else if (ra->kind == SEEP_CFI_UNDEFINED) {
		/* The outermost frame: _start, clone and the like have no return address. */
		rule.kind = SEEP_RULE_END;
	} else if (offset_from_cfa(state, ra, &offset)) {
		rule.ra_offset = (int16_t)offset;
		cfa_rule(&state->cfa, &rule);
		fp_rule(state, &rule);
		/*
		 * Only the frame of _dl_runtime_resolve needs rbx, and the code that it calls saves
		 * rbx next to the CFA or not at all. Elsewhere a place that a rule cannot say
		 * leaves rbx wrong, but the frame can be unwound.
		 */
		if (offset_from_cfa(state, &state->saved[SEEP_CFI_SLOT_BX], &offset))
			rule.bx_offset = (int16_t)offset;
	}
	/* Without what else was set, so that all bad rules are one in the dictionary. */
	if (rule.kind == SEEP_RULE_BAD)
		rule = (struct seep_rule){.kind = SEEP_RULE_BAD};
	*ret_rule = rule;
}
