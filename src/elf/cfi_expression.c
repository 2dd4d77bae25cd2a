// SPDX-License-Identifier: GPL-2.0-only
#include "elf/cfi_expression.h"

#include <dwarf.h>

/*
 * The PLT of x86-64 has one FDE for stubs of 16 bytes, in each of which a push takes effect at byte
 * 11 (10 in some of lld's), so the linkers describe it by
 *
 *	breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus
 *
 * (binutils, bfd/elfxx-x86: elf_x86_64_eh_frame_lazy_plt).
 */
static bool is_plt(const uint8_t *code, size_t length, struct seep_cfi_expression *expression)
{
	static const uint8_t expected[] = {
		DW_OP_breg7, 8,	       DW_OP_breg16, 0,		DW_OP_lit15, DW_OP_and,
		DW_OP_lit11, DW_OP_ge, DW_OP_lit3,   DW_OP_shl, DW_OP_plus,
	};
	enum {
		THRESHOLD = 6
	};

	/* Equal but for the threshold, which lld sets to another value. */
	if (length != sizeof(expected) || memcmp(code, expected, THRESHOLD) != 0 ||
	    memcmp(code + THRESHOLD + 1, expected + THRESHOLD + 1, length - THRESHOLD - 1) != 0)
		return false;
	/*
	 * The threshold has to be a small number, which DW_OP_lit0 to DW_OP_lit15 say by their
	 * opcode.
	 */
	if (code[THRESHOLD] < DW_OP_lit0 || code[THRESHOLD] > DW_OP_lit15)
		return false;
	expression->kind = SEEP_RULE_PLT;
	expression->offset = code[THRESHOLD] - DW_OP_lit0;
	return true;
}

/* *(rsp + a) + b or *(rbp + a) + b: bregN a; deref; [plus_uconst b] */
static bool is_deref(struct seep_cursor code, struct seep_cfi_expression *expression)
{
	uint8_t base = seep_cursor_u8(&code);
	int64_t offset = seep_cursor_sleb(&code);
	uint64_t add = 0;

	/* bregN has its register in the opcode; 6 is rbp and 7 is rsp (psABI, figure 3.36). */
	if (base != DW_OP_breg7 && base != DW_OP_breg6)
		return false;
	if (seep_cursor_u8(&code) != DW_OP_deref || code.failed)
		return false;
	/* libcrypto adds to what it reads; signal frames do not. */
	if (seep_cursor_left(&code)) {
		if (seep_cursor_u8(&code) != DW_OP_plus_uconst)
			return false;
		add = seep_cursor_uleb(&code);
	}
	/* With anything behind it, it is another expression. */
	if (code.failed || seep_cursor_left(&code) || add > INT32_MAX)
		return false;
	expression->kind = base == DW_OP_breg7 ? SEEP_RULE_DEREF_SP : SEEP_RULE_DEREF_FP;
	expression->offset = offset;
	expression->add = (int32_t)add;
	return true;
}

void seep_cfi_cfa_expression(struct seep_cursor code, struct seep_cfi_expression *ret_expression)
{
	/* What neither shape fits stays BAD: the frame is not unwound, instead of wrongly. */
	struct seep_cfi_expression expression = {.kind = SEEP_RULE_BAD};

	if (!is_plt(code.at, seep_cursor_left(&code), &expression))
		is_deref(code, &expression);
	*ret_expression = expression;
}

/* Saved at a distance from a register, bregN a: frames that realign the stack, signal frames. */
void seep_cfi_saved_expression(struct seep_cursor code, struct seep_cfi_saved *ret_saved)
{
	struct seep_cfi_saved saved = {.kind = SEEP_CFI_OTHER};
	uint8_t base = seep_cursor_u8(&code);
	int64_t offset = seep_cursor_sleb(&code);

	/* A single bregN: the place is at a fixed distance from that register. */
	if (base >= DW_OP_breg0 && base <= DW_OP_breg31 && !code.failed && !seep_cursor_left(&code))
		saved = (struct seep_cfi_saved){
			.kind = SEEP_CFI_AT_REGISTER,
			.base = base - DW_OP_breg0,
			.offset = offset,
		};
	*ret_saved = saved;
}
