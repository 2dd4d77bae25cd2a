/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known of a function's frame before one of its instructions: which registers hold an
 * address at a known distance from the CFA (the value of rsp before the call), and where the
 * caller's rbp and rbx are. An abstract interpretation: what an instruction does to the state, and
 * what remains of two states where paths meet. Which rule follows is in unwind/frame_rule.h. Pure.
 *
 * It trusts what the System V ABI for x86-64 promises: a function that is called gives rsp, rbx,
 * rbp and r12 to r15 back as it found them, and nobody writes into the frames of others.
 */
#ifndef SEEP_UNWIND_FRAME_STATE_H
#define SEEP_UNWIND_FRAME_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "unwind/instruction.h"

/*
 * Values of registers and places of saved registers: a distance from the CFA (rsp is -8 when a
 * function begins), or one of these.
 */
#define SEEP_VALUE_UNKNOWN INT32_MIN
#define SEEP_VALUE_ENTRY   (INT32_MIN + 1) /* what the register had when the function began */
#define SEEP_VALUE_ZERO	   (INT32_MIN + 2)
#define SEEP_VALUE_CODE	   (1 << 30) /* and above: SEEP_VALUE_CODE + the offset of an instruction */
#define SEEP_VALUE_MAX	   (1 << 28) /* greatest distance */

/*
 * A thread that clone or clone3 has created goes on behind the system call, on a stack of its own.
 */
enum seep_frame_clone {
	SEEP_CLONE_NONE,
	SEEP_CLONE_BOTH,   /* this may be the parent or the child */
	SEEP_CLONE_TESTED, /* the same, and the flags say which */
	SEEP_CLONE_CHILD,
};

struct seep_frame_state {
	int32_t registers[SEEP_REGISTERS];
	int32_t fp_saved; /* where; SEEP_VALUE_UNKNOWN: nowhere */
	int32_t bx_saved;
	int32_t rax;	  /* a constant, SEEP_VALUE_UNKNOWN if it is none */
	uint8_t compared; /* register that rsp was compared with by the last instruction */
	uint8_t clone;	  /* enum seep_frame_clone */
	uint8_t entry;	  /* the first code of a program, which nobody called */
	uint8_t reserved;
};

/* The state in which a function begins, or with @entry a program. */
void seep_frame_state_init(struct seep_frame_state *state, bool entry);

static inline bool seep_value_is_address(int32_t value)
{
	return value > -SEEP_VALUE_MAX && value < SEEP_VALUE_MAX;
}

static inline bool seep_value_is_code(int32_t value)
{
	return value >= SEEP_VALUE_CODE;
}

/*
 * Changes @state from before @instruction to behind it, where it goes on. @code is the address that
 * SEEP_VALUE_CODE stands for, @length how many bytes of code there are. False if the function takes
 * more off the stack than it has put there, which no function does.
 */
bool seep_frame_state_step(struct seep_frame_state *state,
			   const struct seep_instruction *instruction, uint64_t code,
			   size_t length);

/* @state as it is when a conditional jump was taken or was not. */
void seep_frame_state_branch(struct seep_frame_state *state,
			     const struct seep_instruction *instruction, bool taken);

/* Leaves in @state what it and @other agree on; true if that is less than before. */
bool seep_frame_state_join(struct seep_frame_state *state, const struct seep_frame_state *other);

/* Both cannot be right: the stack has two depths in one place. */
bool seep_frame_states_contradict(const struct seep_frame_state *a,
				  const struct seep_frame_state *b);

#endif
