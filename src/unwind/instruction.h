/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one instruction of x86-64 does to the stack pointer, to registers that hold an address of
 * the frame, and to the flow of control: as much of its meaning as rules of unwinding are made from
 * (unwind/prologue.h). Decoded by Capstone; the code is untrusted, and what cannot be decoded ends
 * the flow. Costs about 0.5 us for each instruction, most of it Capstone's, which prints it.
 */
#ifndef SEEP_UNWIND_INSTRUCTION_H
#define SEEP_UNWIND_INSTRUCTION_H

#include <stddef.h>
#include <stdint.h>

/* Registers by their number in the encoding. */
enum seep_register {
	SEEP_RAX,
	SEEP_RCX,
	SEEP_RDX,
	SEEP_RBX,
	SEEP_RSP,
	SEEP_RBP,
	SEEP_RSI,
	SEEP_RDI,
	SEEP_R8,
	SEEP_R9,
	SEEP_R10,
	SEEP_R11,
	SEEP_R12,
	SEEP_R13,
	SEEP_R14,
	SEEP_R15,
	SEEP_REGISTERS,
	SEEP_NO_REGISTER = SEEP_REGISTERS,
};

enum seep_operation {
	SEEP_OP_OTHER, /* only changes the registers in "written" */
	SEEP_OP_NOP,
	SEEP_OP_PUSH,	       /* of reg, or of something else; imm: its bytes */
	SEEP_OP_POP,	       /* likewise */
	SEEP_OP_COPY,	       /* reg = base + imm */
	SEEP_OP_CHOOSE,	       /* reg = base, or reg as it is */
	SEEP_OP_CONSTANT,      /* reg = imm */
	SEEP_OP_LOW_BYTE,      /* the low byte of reg = imm */
	SEEP_OP_CODE_ADDRESS,  /* reg = target */
	SEEP_OP_LOAD,	       /* reg = 8 bytes at base + imm */
	SEEP_OP_STORE,	       /* "bytes" at base + imm = reg, or something else */
	SEEP_OP_LEAVE,	       /* rsp = rbp, pop rbp */
	SEEP_OP_COMPARE_SP,    /* rsp with reg */
	SEEP_OP_TEST_RAX,      /* eax or rax with itself */
	SEEP_OP_CALL,	       /* of target */
	SEEP_OP_CALL_REGISTER, /* of what reg holds */
	SEEP_OP_CALL_UNKNOWN,
	SEEP_OP_SYSCALL,
	SEEP_OP_JUMP,	       /* to target */
	SEEP_OP_JUMP_REGISTER, /* to what reg holds */
	SEEP_OP_JUMP_UNKNOWN,
	SEEP_OP_BRANCH,		/* to target, or on */
	SEEP_OP_BRANCH_EQUAL,	/* taken when the last comparison found equality */
	SEEP_OP_BRANCH_UNEQUAL, /* taken when it did not */
	SEEP_OP_RETURN,
	SEEP_OP_STOP, /* does not go on: ud2, hlt, int3, or cannot be decoded */
};

struct seep_instruction {
	uint8_t length;	   /* bytes, 0 when it cannot be decoded */
	uint8_t operation; /* enum seep_operation */
	uint8_t reg;	   /* enum seep_register */
	uint8_t base;
	uint8_t bytes;	  /* of a store */
	uint16_t written; /* bit mask of registers that change, those of the operation included */
	int32_t imm;
	uint64_t target; /* address */
};

struct seep_instructions;

/* 0 or -ENOMEM. */
int seep_instructions_open(struct seep_instructions **ret_instructions);
void seep_instructions_close(struct seep_instructions *instructions);

/* The instruction that begins at @code, of which @length bytes are there, at @address. */
void seep_instruction_decode(struct seep_instructions *instructions, const uint8_t *code,
			     size_t length, uint64_t address,
			     struct seep_instruction *ret_instruction);

static inline void seep_instructions_cleanup(struct seep_instructions **instructions)
{
	seep_instructions_close(*instructions);
}

#endif
