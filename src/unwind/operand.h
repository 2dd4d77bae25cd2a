/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operands of one instruction as Capstone gives them (CS_OPT_DETAIL is on): which registers and
 * addresses of the frame they stand for, and what the instruction may change.
 */
#ifndef SEEP_UNWIND_OPERAND_H
#define SEEP_UNWIND_OPERAND_H

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stdint.h>

#include "unwind/instruction.h"

#define SEEP_WORD_BYTES 8

/* The 64-bit register that @reg, an x86_reg, is (a part of); SEEP_NO_REGISTER for others. */
enum seep_register seep_operand_register(unsigned int reg);

/* A whole general register. */
bool seep_operand_is_register(const cs_x86_op *operand);

/* [register + number], without a segment's base: an address that may be known. */
bool seep_operand_is_address(const cs_x86_op *operand);

/* True if the instruction @id, an x86_insn, only reads its first operand. */
bool seep_insn_only_reads(unsigned int id);

/* Bit mask of all registers that the instruction may change. */
uint16_t seep_insn_written(const cs_insn *insn);

/* A number so small that distances which are sums of a few do not overflow. */
static inline bool seep_operand_fits(int64_t value)
{
	return value > INT32_MIN / 4 && value < INT32_MAX / 4;
}

/* An address of 32 bits (prefix 67) is cut off; a frame's does not survive that. */
static inline bool seep_insn_has_short_address(const cs_insn *insn)
{
	return insn->detail->x86.addr_size != SEEP_WORD_BYTES;
}

#endif
