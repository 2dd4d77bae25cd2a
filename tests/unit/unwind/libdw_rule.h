/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a rule of ours says what libdw says of the same address, and if not, why. A reason is
 * only given when libdw's own answer bears it out.
 */
#ifndef TESTS_UNIT_UNWIND_LIBDW_RULE_H
#define TESTS_UNIT_UNWIND_LIBDW_RULE_H

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seep/unwind.h"

enum {
	RBX = 3,
	RBP = 6,
	RSP = 7,
	RETURN_ADDRESS = 16
};

enum reason {
	EQUAL,
	CFA_REGISTER,	   /* BAD: the CFA is computed from a register that rules do not have */
	CFA_EXPRESSION,	   /* BAD: by an expression that they do not have */
	CFA_NOTHING,	   /* BAD: libdw has no CFA either */
	RA_ELSEWHERE,	   /* BAD: the return address is not at a distance from the CFA */
	RBP_ELSEWHERE,	   /* UNDEFINED: nor is rbp, or from rbp */
	RBX_ELSEWHERE,	   /* unchanged: nor is rbx */
	RBX_LIBDW_DEFAULT, /* in libdw's table of the ABI, rax (0) is where rbx should be */
	SIGNAL_BY_CODE,	   /* the code of a signal trampoline with CFI that does not know it */
	OVERLAP,	   /* two FDEs for the address: the first wins here, the second there */
	LIBDW_FAILED,	   /* libdw finds the CFI broken, and the code is a gap here */
	LIBDW_GAVE_UP,	   /* libdw refuses an instruction that unwinders take, as libgcrypt has */
	FULL_PAGE,	   /* a row of one byte that the table has left out */
	NO_ROOM,	   /* a row that the page had no room for: BAD */
	TOO_LONG,	   /* a file with more code than the index of a table holds */
	NO_CODE,	   /* a separate debug file: the CFI is of code that it does not have */
	NO_SECTIONS, /* a file without section headers, of which libdw's FDEs cannot be listed */
	STUB,	     /* no CFI in libdw; found by its code bytes or as the entry */
	UNEXPLAINED,
	REASONS,
};

static const char *const reason_names[REASONS] = {
	[CFA_REGISTER] = "CFA from another register (bad)",
	[CFA_EXPRESSION] = "CFA by another expression (bad)",
	[CFA_NOTHING] = "no CFA (bad)",
	[RA_ELSEWHERE] = "return address not next to the CFA (bad)",
	[RBP_ELSEWHERE] = "rbp where no rule can say (undefined)",
	[RBX_ELSEWHERE] = "rbx where no rule can say (left unchanged)",
	[RBX_LIBDW_DEFAULT] = "rbx not mentioned, undefined for libdw (left unchanged)",
	[SIGNAL_BY_CODE] = "signal trampoline known by its code",
	[OVERLAP] = "more than one FDE for the address",
	[LIBDW_FAILED] = "broken for libdw, a gap here",
	[LIBDW_GAVE_UP] = "FDE with an instruction that libdw refuses",
	[FULL_PAGE] = "row of one byte left out of a full page",
	[NO_ROOM] = "row that a full page had no room for (bad)",
	[TOO_LONG] = "file with more code than a table holds (none)",
	[NO_CODE] = "file without the code that its CFI is for",
	[NO_SECTIONS] = "file without section headers, not compared",
	[STUB] = "no CFI, known by its code or as the entry",
	[UNEXPLAINED] = "UNEXPLAINED",
};

/* Where libdw says that a register is saved: by operations, of which none mean undefined. */
struct place {
	bool same;
	Dwarf_Op *ops;
	size_t count;
};

/* What it says of one address. */
struct expected {
	Dwarf_Op *cfa;
	size_t cfa_count;
	struct place ra, rbp, rbx;
	Dwarf_Op memory[3][3];
	bool signal;
};

static inline bool is_op(const Dwarf_Op *op, uint8_t atom, int64_t number)
{
	return op->atom == atom && (int64_t)op->number == number;
}

static inline bool is_plt(const struct expected *e)
{
	static const uint8_t atoms[] = {DW_OP_breg7, DW_OP_breg16, DW_OP_lit15, DW_OP_and, 0,
					DW_OP_ge,    DW_OP_lit3,   DW_OP_shl,	DW_OP_plus};

	if (e->cfa_count != sizeof(atoms) || e->cfa[0].number != 8 || e->cfa[1].number != 0)
		return false;
	for (size_t i = 0; i < sizeof(atoms); i++)
		if (atoms[i] && e->cfa[i].atom != atoms[i])
			return false;
	return e->cfa[4].atom >= DW_OP_lit0 && e->cfa[4].atom <= DW_OP_lit15;
}

static inline bool is_deref(const struct expected *e)
{
	const Dwarf_Op *ops = e->cfa;

	return (e->cfa_count == 2 || (e->cfa_count == 3 && ops[2].atom == DW_OP_plus_uconst)) &&
	       (ops[0].atom == DW_OP_breg7 || ops[0].atom == DW_OP_breg6) &&
	       ops[1].atom == DW_OP_deref;
}

static inline bool is_register(const struct expected *e)
{
	return e->cfa_count == 1 && e->cfa[0].atom == DW_OP_bregx;
}

static inline bool cfa_equals(const struct expected *e, const struct seep_rule *rule)
{
	static const uint8_t registers[SEEP_RULE_KIND_COUNT] = {
		[SEEP_RULE_SP] = RSP, [SEEP_RULE_FP] = RBP, [SEEP_RULE_BX] = RBX};

	switch (rule->kind) {
	case SEEP_RULE_SP:
	case SEEP_RULE_FP:
	case SEEP_RULE_BX:
		return is_register(e) && e->cfa[0].number == registers[rule->kind] &&
		       (int64_t)e->cfa[0].number2 == rule->offset;
	case SEEP_RULE_PLT:
		return is_plt(e) && e->cfa[4].atom - DW_OP_lit0 == rule->offset;
	case SEEP_RULE_DEREF_SP:
	case SEEP_RULE_DEREF_FP:
		return is_deref(e) &&
		       is_op(&e->cfa[0],
			     rule->kind == SEEP_RULE_DEREF_SP ? DW_OP_breg7 : DW_OP_breg6,
			     rule->offset) &&
		       (int64_t)(e->cfa_count == 3 ? e->cfa[2].number : 0) == rule->add;
	default:
		return false;
	}
}

/* Why there is no rule for the CFA; UNEXPLAINED if there should be one. */
static inline enum reason why_no_cfa(const struct expected *e)
{
	if (!e->cfa_count)
		return CFA_NOTHING;
	if (is_register(e)) {
		uint64_t number = e->cfa[0].number;
		int64_t offset = (int64_t)e->cfa[0].number2;

		return (number == RSP || number == RBP || number == RBX) &&
				       offset == (int32_t)offset ?
			       UNEXPLAINED :
			       CFA_REGISTER;
	}
	return is_plt(e) || is_deref(e) ? UNEXPLAINED : CFA_EXPRESSION;
}

static inline bool is_undefined(const struct place *place)
{
	return place->ops && !place->count;
}

static inline bool is_unchanged(const struct place *place, uint64_t number)
{
	return place->same ||
	       (place->count == 1 && place->ops[0].atom == DW_OP_regx &&
		place->ops[0].number == number) ||
	       (place->count == 1 && place->ops[0].atom == DW_OP_reg0 + number);
}

/* At a distance from the CFA, or from the register that the CFA is computed from. */
static inline bool at_cfa(const struct expected *e, const struct place *place, int64_t *ret_offset)
{
	const Dwarf_Op *ops = place->ops;

	if (place->count && place->count <= 2 && ops[0].atom == DW_OP_call_frame_cfa &&
	    (place->count == 1 || ops[1].atom == DW_OP_plus_uconst)) {
		*ret_offset = place->count == 2 ? (int64_t)ops[1].number : 0;
		return true;
	}
	if (place->count == 1 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31 &&
	    is_register(e) && e->cfa[0].number == (uint64_t)(ops[0].atom - DW_OP_breg0)) {
		*ret_offset = (int64_t)ops[0].number - (int64_t)e->cfa[0].number2;
		return true;
	}
	return false;
}

static inline bool fits(int64_t offset)
{
	return offset == (int16_t)offset;
}

static inline enum reason compare_rbp(const struct expected *e, const struct seep_rule *rule)
{
	const struct place *place = &e->rbp;
	bool from_rbp = place->count == 1 && place->ops[0].atom == DW_OP_breg6;
	int64_t offset = INT64_MAX;
	bool right;

	if (at_cfa(e, place, &offset) && fits(offset))
		right = rule->fp == SEEP_FP_AT_CFA && rule->fp_offset == offset;
	else if (from_rbp && fits((int64_t)place->ops[0].number))
		right = rule->fp == SEEP_FP_AT_FP &&
			rule->fp_offset == (int64_t)place->ops[0].number;
	else if (is_unchanged(place, RBP))
		right = rule->fp == SEEP_FP_SAME;
	else
		right = rule->fp == SEEP_FP_UNDEFINED;
	if (!right)
		return UNEXPLAINED;
	return rule->fp == SEEP_FP_UNDEFINED && !is_undefined(place) ? RBP_ELSEWHERE : EQUAL;
}

static inline enum reason compare_rbx(const struct expected *e, const struct seep_rule *rule)
{
	const struct place *place = &e->rbx;
	int64_t offset = 0;

	if (at_cfa(e, place, &offset) && fits(offset) && offset)
		return rule->bx_offset == offset ? EQUAL : UNEXPLAINED;
	if (rule->bx_offset)
		return UNEXPLAINED;
	if (is_undefined(place))
		return RBX_LIBDW_DEFAULT;
	return is_unchanged(place, RBX) ? EQUAL : RBX_ELSEWHERE;
}

/* struct rt_sigframe: the ucontext is at rsp, general registers begin at 40 in it. */
static inline bool is_signal_frame(const struct expected *e)
{
	return is_deref(e) && e->cfa_count == 2 && is_op(&e->cfa[0], DW_OP_breg7, 160) &&
	       e->ra.count == 1 && is_op(&e->ra.ops[0], DW_OP_breg7, 168) && e->rbp.count == 1 &&
	       is_op(&e->rbp.ops[0], DW_OP_breg7, 120) && e->rbx.count == 1 &&
	       is_op(&e->rbx.ops[0], DW_OP_breg7, 128);
}

static inline void compare_rule(const struct expected *e, const struct seep_rule *rule,
				enum reason ret_reasons[3])
{
	int64_t ra_offset = 0;
	bool ra_at_cfa = at_cfa(e, &e->ra, &ra_offset) && fits(ra_offset);

	ret_reasons[0] = ret_reasons[1] = ret_reasons[2] = EQUAL;
	switch (rule->kind) {
	case SEEP_RULE_BAD:
		ret_reasons[0] = ra_at_cfa ? why_no_cfa(e) : RA_ELSEWHERE;
		return;
	case SEEP_RULE_END:
		if (!is_undefined(&e->ra))
			ret_reasons[0] = UNEXPLAINED;
		return;
	case SEEP_RULE_SIGNAL:
		if (!e->signal || !is_signal_frame(e))
			ret_reasons[0] = SIGNAL_BY_CODE;
		return;
	default:
		if (e->signal || !cfa_equals(e, rule) || !ra_at_cfa || rule->ra_offset != ra_offset)
			ret_reasons[0] = UNEXPLAINED;
		ret_reasons[1] = compare_rbp(e, rule);
		ret_reasons[2] = compare_rbx(e, rule);
	}
}

#endif
