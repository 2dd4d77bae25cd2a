// SPDX-License-Identifier: GPL-2.0-only
/*
 * One instruction at a time, for prologue_flow.c, which asks once for each address. Capstone
 * decodes; this reduces what it says to the few operations that frame_state.c knows:
 * seep_instruction_decode tries what changes the flow of control or the stack pointer first, then
 * arithmetic, then stores.
 *
 * What is none of these keeps SEEP_OP_OTHER with the registers that it may change, so an
 * instruction that is not understood only loses knowledge. An operation whose operands do not fit
 * its pattern is left at that too.
 */
#include "unwind/instruction.h"

#include <capstone/capstone.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "unwind/operand.h"

/* The buffer is allocated once: each call of cs_disasm_iter decodes into the same one. */
struct seep_instructions {
	csh handle;
	cs_insn *insn;
};

int seep_instructions_open(struct seep_instructions **ret_instructions)
{
	struct seep_instructions *instructions = calloc(1, sizeof(*instructions));

	if (!instructions)
		return -ENOMEM;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &instructions->handle) != CS_ERR_OK) {
		free(instructions);
		return -ENOMEM;
	}
	if (cs_option(instructions->handle, CS_OPT_DETAIL, CS_OPT_ON) == CS_ERR_OK)
		instructions->insn = cs_malloc(instructions->handle);
	if (!instructions->insn) {
		seep_instructions_close(instructions);
		return -ENOMEM;
	}
	*ret_instructions = instructions;
	return 0;
}

void seep_instructions_close(struct seep_instructions *instructions)
{
	if (!instructions)
		return;
	if (instructions->insn)
		cs_free(instructions->insn, 1);
	cs_close(&instructions->handle);
	free(instructions);
}

/* reg = base + imm. A number that does not fit leaves the instruction at SEEP_OP_OTHER. */
static void set_copy(struct seep_instruction *result, enum seep_register reg,
		     enum seep_register base, int64_t imm)
{
	if (!seep_operand_fits(imm))
		return;
	result->operation = SEEP_OP_COPY;
	result->reg = (uint8_t)reg;
	result->base = (uint8_t)base;
	result->imm = (int32_t)imm;
}

static void decode_lea(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0],
			*from = &insn->detail->x86.operands[1];

	if (!seep_operand_is_register(to) || seep_insn_has_short_address(insn))
		return;
	/* rip is the address of the next instruction. */
	if (from->mem.base == X86_REG_RIP && from->mem.index == X86_REG_INVALID) {
		result->operation = SEEP_OP_CODE_ADDRESS;
		result->reg = (uint8_t)seep_operand_register(to->reg);
		result->target = insn->address + insn->size + (uint64_t)from->mem.disp;
	} else if (seep_operand_is_address(from)) {
		set_copy(result, seep_operand_register(to->reg),
			 seep_operand_register(from->mem.base), from->mem.disp);
	}
}

/*
 * A write to 32 bits of a register clears the upper half; one to 16 bits or to ah is not followed.
 */
static void decode_constant(const cs_x86_op *to, int64_t imm, struct seep_instruction *result)
{
	enum seep_register reg = seep_operand_register(to->reg);

	if (reg == SEEP_NO_REGISTER || !seep_operand_fits(imm) || to->size == 2 ||
	    to->reg == X86_REG_AH)
		return;
	result->operation = to->size == 1 ? SEEP_OP_LOW_BYTE : SEEP_OP_CONSTANT;
	result->reg = (uint8_t)reg;
	result->imm = (int32_t)imm;
}

/* Any instruction with memory as its first operand that may write there. */
static void decode_store(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0],
			*from = &insn->detail->x86.operands[1];

	if (!seep_operand_is_address(to) || seep_insn_has_short_address(insn))
		return;
	result->operation = SEEP_OP_STORE;
	result->base = (uint8_t)seep_operand_register(to->mem.base);
	result->imm = (int32_t)to->mem.disp;
	result->bytes = to->size;
	result->reg = SEEP_NO_REGISTER;
	/* Only a mov of a whole register can save rbp or rbx; any other store just overwrites. */
	if (insn->id == X86_INS_MOV && seep_operand_is_register(from))
		result->reg = (uint8_t)seep_operand_register(from->reg);
}

/*
 * Of a constant, from register to register, or from memory; a mov to memory is left to
 * decode_store.
 */
static void decode_mov(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0],
			*from = &insn->detail->x86.operands[1];

	if (to->type != X86_OP_REG)
		return;
	if (from->type == X86_OP_IMM) {
		decode_constant(to, from->imm, result);
	} else if (seep_operand_is_register(to) && seep_operand_is_register(from)) {
		set_copy(result, seep_operand_register(to->reg), seep_operand_register(from->reg),
			 0);
	} else if (seep_operand_is_register(to) && seep_operand_is_address(from) &&
		   !seep_insn_has_short_address(insn)) {
		result->operation = SEEP_OP_LOAD;
		result->reg = (uint8_t)seep_operand_register(to->reg);
		result->base = (uint8_t)seep_operand_register(from->mem.base);
		result->imm = (int32_t)from->mem.disp;
	}
}

/* add, sub: of a number, as that is all that keeps an address known. */
static void decode_add(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0],
			*from = &insn->detail->x86.operands[1];

	if (seep_operand_is_register(to) && from->type == X86_OP_IMM &&
	    seep_operand_fits(from->imm))
		set_copy(result, seep_operand_register(to->reg), seep_operand_register(to->reg),
			 insn->id == X86_INS_SUB ? -from->imm : from->imm);
}

/* xor of a register with itself, which is how compilers write 0. */
static void decode_xor(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0],
			*from = &insn->detail->x86.operands[1];

	if (to->type == X86_OP_REG && from->type == X86_OP_REG && to->reg == from->reg &&
	    to->size >= 4)
		decode_constant(to, 0, result);
}

/*
 * Two comparisons matter: eax with itself behind the system call clone, which tells parent and
 * child apart, and rsp with the end of a loop that touches the stack page by page.
 */
static void decode_compare(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *left = &insn->detail->x86.operands[0];
	const cs_x86_op *right = &insn->detail->x86.operands[1];

	if (insn->id == X86_INS_TEST && left->type == X86_OP_REG && right->type == X86_OP_REG &&
	    left->reg == right->reg && left->size >= 4 &&
	    seep_operand_register(left->reg) == SEEP_RAX) {
		result->operation = SEEP_OP_TEST_RAX;
	} else if (insn->id == X86_INS_CMP && seep_operand_is_register(left) &&
		   seep_operand_is_register(right) &&
		   (left->reg == X86_REG_RSP || right->reg == X86_REG_RSP)) {
		result->operation = SEEP_OP_COMPARE_SP;
		result->reg = (uint8_t)seep_operand_register(left->reg == X86_REG_RSP ? right->reg :
											left->reg);
	}
}

/* push and pop, of 8 bytes or with the operand-size prefix (66) of 2. */
static void decode_stack(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *operand = &insn->detail->x86.operands[0];
	bool push = insn->id == X86_INS_PUSH;

	result->operation = push ? SEEP_OP_PUSH : SEEP_OP_POP;
	result->imm = SEEP_WORD_BYTES;
	result->reg = SEEP_NO_REGISTER;
	if (insn->detail->x86.prefix[2] == X86_PREFIX_OPSIZE)
		result->imm = 2;
	else if (seep_operand_is_register(operand))
		result->reg = (uint8_t)seep_operand_register(operand->reg);
}

/* @direct is SEEP_OP_CALL or SEEP_OP_JUMP; the other two forms follow it in the enum. */
static void decode_transfer(const cs_insn *insn, enum seep_operation direct,
			    struct seep_instruction *result)
{
	const cs_x86_op *operand = &insn->detail->x86.operands[0];

	result->operation = (uint8_t)(direct + 2);
	if (operand->type == X86_OP_IMM) {
		result->operation = (uint8_t)direct;
		result->target = (uint64_t)operand->imm;
	} else if (seep_operand_is_register(operand)) {
		result->operation = (uint8_t)(direct + 1);
		result->reg = (uint8_t)seep_operand_register(operand->reg);
	}
}

_Static_assert(SEEP_OP_CALL_REGISTER == SEEP_OP_CALL + 1, "decode_transfer");
_Static_assert(SEEP_OP_CALL_UNKNOWN == SEEP_OP_CALL + 2, "decode_transfer");
_Static_assert(SEEP_OP_JUMP_REGISTER == SEEP_OP_JUMP + 1, "decode_transfer");
_Static_assert(SEEP_OP_JUMP_UNKNOWN == SEEP_OP_JUMP + 2, "decode_transfer");

/* Conditional jumps, loop and jrcxz among them. */
static bool decode_branch(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86 *x86 = &insn->detail->x86;
	bool loop = insn->id == X86_INS_LOOP || insn->id == X86_INS_LOOPE ||
		    insn->id == X86_INS_LOOPNE || insn->id == X86_INS_XBEGIN;

	if (insn->id == X86_INS_JMP || x86->op_count != 1 || x86->operands[0].type != X86_OP_IMM)
		return false;
	/*
	 * The instructions above are recognised by name, all others by Capstone's group of
	 * jumps.
	 */
	for (uint8_t i = 0; i < insn->detail->groups_count && !loop; i++)
		loop = insn->detail->groups[i] == X86_GRP_JUMP;
	if (!loop)
		return false;
	result->operation = insn->id == X86_INS_JE  ? SEEP_OP_BRANCH_EQUAL :
			    insn->id == X86_INS_JNE ? SEEP_OP_BRANCH_UNEQUAL :
						      SEEP_OP_BRANCH;
	result->target = (uint64_t)x86->operands[0].imm;
	return true;
}

/* cmov of one register to another. */
static void decode_choice(const cs_insn *insn, struct seep_instruction *result)
{
	const cs_x86_op *to = &insn->detail->x86.operands[0],
			*from = &insn->detail->x86.operands[1];

	if (!seep_operand_is_register(to) || !seep_operand_is_register(from))
		return;
	/*
	 * Addresses of code on either side are taken for functions (add_used in prologue_flow.c).
	 */
	result->operation = SEEP_OP_CHOOSE;
	result->reg = (uint8_t)seep_operand_register(to->reg);
	result->base = (uint8_t)seep_operand_register(from->reg);
}

/* What computes, copies or compares. Anything else stays SEEP_OP_OTHER. */
static void decode_arithmetic(const cs_insn *insn, struct seep_instruction *result)
{
	switch (insn->id) {
	case X86_INS_LEA:
		decode_lea(insn, result);
		return;
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		decode_mov(insn, result);
		return;
	case X86_INS_ADD:
	case X86_INS_SUB:
		decode_add(insn, result);
		return;
	case X86_INS_XOR:
		decode_xor(insn, result);
		return;
	case X86_INS_CMOVE:
	case X86_INS_CMOVNE:
		decode_choice(insn, result);
		return;
	case X86_INS_CMP:
	case X86_INS_TEST:
		decode_compare(insn, result);
		return;
	default:
		return;
	}
}

/* What moves the stack pointer or decides where execution goes on. */
static void decode_flow(const cs_insn *insn, struct seep_instruction *result)
{
	switch (insn->id) {
	case X86_INS_PUSH:
	case X86_INS_POP:
		decode_stack(insn, result);
		return;
	/* Flags: eight bytes of stack, and no register that a rule needs. */
	case X86_INS_PUSHFQ:
	case X86_INS_POPFQ:
		result->operation = insn->id == X86_INS_PUSHFQ ? SEEP_OP_PUSH : SEEP_OP_POP;
		result->imm = SEEP_WORD_BYTES;
		result->reg = SEEP_NO_REGISTER;
		return;
	case X86_INS_LEAVE:
		result->operation = SEEP_OP_LEAVE;
		return;
	case X86_INS_CALL:
		decode_transfer(insn, SEEP_OP_CALL, result);
		return;
	case X86_INS_JMP:
		decode_transfer(insn, SEEP_OP_JUMP, result);
		return;
	case X86_INS_NOP:
		result->operation = SEEP_OP_NOP;
		return;
	case X86_INS_SYSCALL:
		result->operation = SEEP_OP_SYSCALL;
		return;
	case X86_INS_RET:
		result->operation = SEEP_OP_RETURN;
		result->imm = insn->detail->x86.op_count ? 1 : 0; /* takes arguments off */
		return;
	/* Execution does not go on behind these, or is not followed any further. */
	case X86_INS_UD2:
	case X86_INS_HLT:
	case X86_INS_INT3:
	case X86_INS_RETF:
	case X86_INS_RETFQ:
	case X86_INS_IRET:
	case X86_INS_IRETD:
	case X86_INS_IRETQ:
	case X86_INS_LCALL:
	case X86_INS_LJMP:
	case X86_INS_SYSRET:
	case X86_INS_SYSEXIT:
	case X86_INS_ENTER: /* nobody writes it */
		result->operation = SEEP_OP_STOP;
		return;
	default:
		if (!decode_branch(insn, result))
			decode_arithmetic(insn, result);
	}
}

void seep_instruction_decode(struct seep_instructions *instructions, const uint8_t *code,
			     size_t length, uint64_t address,
			     struct seep_instruction *ret_instruction)
{
	cs_insn *insn = instructions->insn;
	struct seep_instruction result = {.operation = SEEP_OP_STOP};

	if (length && cs_disasm_iter(instructions->handle, &code, &length, &address, insn)) {
		result.operation = SEEP_OP_OTHER;
		result.length = (uint8_t)insn->size;
		result.written = seep_insn_written(insn);
		decode_flow(insn, &result);
		/* A store that is also an operation of its own (push) has been dealt with. */
		if (result.operation == SEEP_OP_OTHER && insn->detail->x86.op_count &&
		    insn->detail->x86.operands[0].type == X86_OP_MEM &&
		    !seep_insn_only_reads(insn->id))
			decode_store(insn, &result);
	}
	*ret_instruction = result;
}
