// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asked by instruction.c, several times for each instruction. Capstone names every part of a
 * register by a number of its own, and what it says of operands is not always complete: where that
 * matters, the answer errs on the side of knowing less.
 */
#include "unwind/operand.h"

enum seep_register seep_operand_register(unsigned int reg)
{
/* Capstone has a number for each part of a register: 64, 32, 16 and 8 bits. */
#define PARTS(name, wide, half, quarter, low)                                                      \
	case X86_REG_##wide:                                                                       \
	case X86_REG_##half:                                                                       \
	case X86_REG_##quarter:                                                                    \
	case X86_REG_##low:                                                                        \
		return SEEP_##name
	switch (reg) {
		PARTS(RAX, RAX, EAX, AX, AL);
		PARTS(RCX, RCX, ECX, CX, CL);
		PARTS(RDX, RDX, EDX, DX, DL);
		PARTS(RBX, RBX, EBX, BX, BL);
		PARTS(RSP, RSP, ESP, SP, SPL);
		PARTS(RBP, RBP, EBP, BP, BPL);
		PARTS(RSI, RSI, ESI, SI, SIL);
		PARTS(RDI, RDI, EDI, DI, DIL);
		PARTS(R8, R8, R8D, R8W, R8B);
		PARTS(R9, R9, R9D, R9W, R9B);
		PARTS(R10, R10, R10D, R10W, R10B);
		PARTS(R11, R11, R11D, R11W, R11B);
		PARTS(R12, R12, R12D, R12W, R12B);
		PARTS(R13, R13, R13D, R13W, R13B);
		PARTS(R14, R14, R14D, R14W, R14B);
		PARTS(R15, R15, R15D, R15W, R15B);
	/* The second byte, which only the four oldest registers have. */
	case X86_REG_AH:
		return SEEP_RAX;
	case X86_REG_CH:
		return SEEP_RCX;
	case X86_REG_DH:
		return SEEP_RDX;
	case X86_REG_BH:
		return SEEP_RBX;
	default:
		return SEEP_NO_REGISTER;
	}
#undef PARTS
}

static uint16_t register_bit(enum seep_register reg)
{
	return reg == SEEP_NO_REGISTER ? 0 : (uint16_t)(1u << reg);
}

/* Instructions whose first operand is a source, where others have their destination. */
bool seep_insn_only_reads(unsigned int id)
{
	switch (id) {
	case X86_INS_CMP:
	case X86_INS_TEST:
	case X86_INS_BT:
	case X86_INS_PUSH:
	case X86_INS_CALL:
	case X86_INS_JMP:
	case X86_INS_NOP:
		return true;
	default:
		return false;
	}
}

/*
 * All that the instruction may change. Capstone's account of operands is not complete, so the first
 * one counts as written unless the instruction is known to read it, and of those that exchange all.
 */
uint16_t seep_insn_written(const cs_insn *insn)
{
	const cs_detail *detail = insn->detail;
	const cs_x86 *x86 = &detail->x86;
	bool all = insn->id == X86_INS_XCHG || insn->id == X86_INS_XADD ||
		   insn->id == X86_INS_MULX || insn->id == X86_INS_CMPXCHG;
	uint16_t written = 0;

	for (uint8_t i = 0; i < detail->regs_write_count; i++)
		written |= register_bit(seep_operand_register(detail->regs_write[i]));
	if (seep_insn_only_reads(insn->id))
		return written;
	for (uint8_t i = 0; i < x86->op_count; i++)
		if (x86->operands[i].type == X86_OP_REG &&
		    (!i || all || x86->operands[i].access & CS_AC_WRITE))
			written |= register_bit(seep_operand_register(x86->operands[i].reg));
	return written;
}

/* Of all 64 bits: a part of a register cannot hold an address. */
bool seep_operand_is_register(const cs_x86_op *operand)
{
	return operand->type == X86_OP_REG && operand->size == SEEP_WORD_BYTES &&
	       seep_operand_register(operand->reg) != SEEP_NO_REGISTER;
}

/*
 * A base register and a number, no index and no segment: the only form whose address can be
 * followed.
 */
bool seep_operand_is_address(const cs_x86_op *operand)
{
	return operand->type == X86_OP_MEM && operand->mem.segment == X86_REG_INVALID &&
	       operand->mem.index == X86_REG_INVALID && seep_operand_fits(operand->mem.disp) &&
	       seep_operand_register(operand->mem.base) != SEEP_NO_REGISTER;
}
