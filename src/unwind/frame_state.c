// SPDX-License-Identifier: GPL-2.0-only
/*
 * prologue_flow.c takes one state through the function: step for each instruction, branch for the
 * two sides of a conditional jump, join where ways meet; frame_rule.c makes a rule of what remains.
 * A state is about 90 bytes and is copied, never shared.
 *
 * What an instruction does that is not known makes registers unknown. Memory is known in two places
 * only, where rbp and rbx of the caller are saved; a store that may hit such a place ends that
 * knowledge, unless it goes through a register of which nothing is known: nobody writes into frames
 * through pointers that never pointed there (frame_state.h says what is trusted).
 */
#include "unwind/frame_state.h"

#include <string.h>
#include <sys/syscall.h>

#define WORD_BYTES     8
#define RED_ZONE_BYTES 128 /* below rsp, a function's own until it calls another one */

/* What a called function may change (System V ABI for x86-64, figure 3.4). */
#define CALLER_SAVED                                                                               \
	(1u << SEEP_RAX | 1u << SEEP_RCX | 1u << SEEP_RDX | 1u << SEEP_RSI | 1u << SEEP_RDI |      \
	 1u << SEEP_R8 | 1u << SEEP_R9 | 1u << SEEP_R10 | 1u << SEEP_R11)

void seep_frame_state_init(struct seep_frame_state *state, bool entry)
{
	memset(state, 0, sizeof(*state));
	for (unsigned int i = 0; i < SEEP_REGISTERS; i++)
		state->registers[i] = SEEP_VALUE_UNKNOWN;
	/*
	 * The call has just pushed the return address, so rsp is 8 below the CFA. Nobody calls the
	 * entry of a program, so there is no caller whose rbp and rbx could be found.
	 */
	if (!entry) {
		state->registers[SEEP_RSP] = -WORD_BYTES;
		state->registers[SEEP_RBP] = SEEP_VALUE_ENTRY;
		state->registers[SEEP_RBX] = SEEP_VALUE_ENTRY;
	}
	state->fp_saved = SEEP_VALUE_UNKNOWN;
	state->bx_saved = SEEP_VALUE_UNKNOWN;
	state->rax = SEEP_VALUE_UNKNOWN;
	state->compared = SEEP_NO_REGISTER;
	state->entry = entry;
}

/* @written: bit mask of registers. */
static void forget(struct seep_frame_state *state, unsigned int written)
{
	for (unsigned int i = 0; i < SEEP_REGISTERS; i++)
		if (written & 1u << i)
			state->registers[i] = SEEP_VALUE_UNKNOWN;
	if (written & 1u << SEEP_RAX)
		state->rax = SEEP_VALUE_UNKNOWN;
}

/*
 * @value + @imm. Only distances from the CFA can be added to; any other value is lost unless @imm
 * is 0.
 */
static int32_t add(int32_t value, int32_t imm)
{
	if (!seep_value_is_address(value))
		return imm ? SEEP_VALUE_UNKNOWN : value;
	/* Neither is large enough for the sum to overflow. */
	return seep_value_is_address(value + imm) ? value + imm : SEEP_VALUE_UNKNOWN;
}

/* What lies below @limit may be overwritten at any time. */
static void drop_saved_below(struct seep_frame_state *state, int32_t limit)
{
	if (state->fp_saved < limit)
		state->fp_saved = SEEP_VALUE_UNKNOWN;
	if (state->bx_saved < limit)
		state->bx_saved = SEEP_VALUE_UNKNOWN;
}

/*
 * What lies below the new stack pointer is given up. False if the return address would be: no
 * function takes more off the stack than it has put there.
 */
static bool set_sp(struct seep_frame_state *state, int32_t value)
{
	int32_t before = state->registers[SEEP_RSP];

	state->registers[SEEP_RSP] = seep_value_is_address(value) ? value : SEEP_VALUE_UNKNOWN;
	if (!seep_value_is_address(value))
		return true;
	if (!seep_value_is_address(before) || value > before)
		drop_saved_below(state, value);
	return value <= -WORD_BYTES;
}

/* Do the register that is saved at @saved and the @bytes that are written at @at share a byte? */
static bool overlaps(int32_t saved, int32_t at, int32_t bytes)
{
	return saved != SEEP_VALUE_UNKNOWN && at < saved + WORD_BYTES && saved < at + bytes;
}

/* The value of @reg (or something else) is written to @at. */
static void store(struct seep_frame_state *state, int32_t at, int32_t bytes, enum seep_register reg)
{
	bool fp = reg == SEEP_RBP && state->registers[reg] == SEEP_VALUE_ENTRY;
	bool bx = reg == SEEP_RBX && state->registers[reg] == SEEP_VALUE_ENTRY;

	if (!seep_value_is_address(at))
		return;
	if (overlaps(state->fp_saved, at, bytes) && !(fp && at == state->fp_saved))
		state->fp_saved = SEEP_VALUE_UNKNOWN;
	if (overlaps(state->bx_saved, at, bytes) && !(bx && at == state->bx_saved))
		state->bx_saved = SEEP_VALUE_UNKNOWN;
	if (at > -2 * WORD_BYTES) /* over the return address or in the caller's frame */
		return;
	/* A rule names one place, and the first copy is kept: a later one may be a temporary. */
	if (fp && state->fp_saved == SEEP_VALUE_UNKNOWN)
		state->fp_saved = at;
	if (bx && state->bx_saved == SEEP_VALUE_UNKNOWN)
		state->bx_saved = at;
}

static void store_to_memory(struct seep_frame_state *state,
			    const struct seep_instruction *instruction)
{
	int32_t at = add(state->registers[instruction->base], instruction->imm);
	int32_t sp = state->registers[SEEP_RSP];
	enum seep_register reg = instruction->reg;

	/*
	 * A signal handler may overwrite what lies below the red zone, so nothing counts as saved
	 * there.
	 */
	if (seep_value_is_address(sp) && at < sp - RED_ZONE_BYTES)
		reg = SEEP_NO_REGISTER;
	store(state, at, instruction->bytes ? instruction->bytes : WORD_BYTES, reg);
}

/* The caller's rbp or rbx, if it is read back from where it was saved. */
static int32_t load(const struct seep_frame_state *state, int32_t at, enum seep_register reg)
{
	if (!seep_value_is_address(at))
		return SEEP_VALUE_UNKNOWN;
	if ((reg == SEEP_RBP && at == state->fp_saved) ||
	    (reg == SEEP_RBX && at == state->bx_saved))
		return SEEP_VALUE_ENTRY;
	return SEEP_VALUE_UNKNOWN;
}

/* 16-bit pushes move the stack by two bytes and save nothing that counts. */
static bool push(struct seep_frame_state *state, enum seep_register reg, int32_t bytes)
{
	int32_t sp = add(state->registers[SEEP_RSP], -bytes);

	store(state, sp, bytes, bytes == WORD_BYTES ? reg : SEEP_NO_REGISTER);
	return set_sp(state, sp);
}

static bool pop(struct seep_frame_state *state, enum seep_register reg, int32_t bytes)
{
	int32_t sp = state->registers[SEEP_RSP];

	if (reg != SEEP_NO_REGISTER) {
		/* Before set_sp, which gives up what lies below the new rsp. */
		int32_t value = load(state, sp, reg);

		forget(state, 1u << reg);
		state->registers[reg] = value;
		if (reg == SEEP_RSP)
			return true;
	}
	return set_sp(state, add(sp, bytes));
}

/* mov %rbp, %rsp; pop %rbp */
static bool leave(struct seep_frame_state *state)
{
	return set_sp(state, state->registers[SEEP_RBP]) && pop(state, SEEP_RBP, WORD_BYTES);
}

/*
 * Other registers just take the value; a new rsp also gives up what lies below it. False as set_sp.
 */
static bool set_register(struct seep_frame_state *state, enum seep_register reg, int32_t value)
{
	if (reg == SEEP_RSP)
		return set_sp(state, value);
	forget(state, 1u << reg);
	state->registers[reg] = value;
	return true;
}

/* An address of the piece of code as a value; others are of no use. */
static int32_t code_value(uint64_t target, uint64_t code, size_t length)
{
	if (target < code || target - code >= length || target - code >= SEEP_VALUE_CODE)
		return SEEP_VALUE_UNKNOWN;
	return SEEP_VALUE_CODE + (int32_t)(target - code);
}

static bool copy(struct seep_frame_state *state, const struct seep_instruction *instruction)
{
	int32_t value = add(state->registers[instruction->base], instruction->imm);

	/* That another register holds the caller's rbp or rbx is of no use. */
	if (value == SEEP_VALUE_ENTRY && instruction->reg != instruction->base)
		value = SEEP_VALUE_UNKNOWN;
	return set_register(state, instruction->reg, value);
}

static void set_constant(struct seep_frame_state *state, const struct seep_instruction *instruction)
{
	int32_t before = state->rax;

	forget(state, 1u << instruction->reg);
	if (instruction->operation == SEEP_OP_CONSTANT) {
		if (!instruction->imm)
			state->registers[instruction->reg] = SEEP_VALUE_ZERO;
		if (instruction->reg == SEEP_RAX)
			state->rax = instruction->imm;
		/* musl makes the number of a system call so: xor %eax, %eax; mov $56, %al. */
	} else if (instruction->reg == SEEP_RAX && before != SEEP_VALUE_UNKNOWN) {
		state->rax = (int32_t)(((uint32_t)before & ~0xffu) |
				       ((uint32_t)instruction->imm & 0xff));
	}
}

/* The kernel changes rax, rcx and r11 (syscall(2)); behind clone there may be two of us. */
static void system_call(struct seep_frame_state *state)
{
	if (state->rax == SYS_clone || state->rax == SYS_clone3)
		state->clone = SEEP_CLONE_BOTH;
	forget(state, 1u << SEEP_RAX | 1u << SEEP_RCX | 1u << SEEP_R11);
}

/* What the callee may change; and the red zone is the callee's now. */
static void after_call(struct seep_frame_state *state)
{
	int32_t sp = state->registers[SEEP_RSP];

	forget(state, CALLER_SAVED);
	if (seep_value_is_address(sp))
		drop_saved_below(state, sp);
}

/* Flags hold what the last comparison said only up to the next instruction. */
static void forget_flags(struct seep_frame_state *state)
{
	state->compared = SEEP_NO_REGISTER;
	if (state->clone == SEEP_CLONE_TESTED)
		state->clone = SEEP_CLONE_BOTH;
}

bool seep_frame_state_step(struct seep_frame_state *state,
			   const struct seep_instruction *instruction, uint64_t code, size_t length)
{
	forget_flags(state);
	switch (instruction->operation) {
	case SEEP_OP_PUSH:
		return push(state, instruction->reg, instruction->imm);
	case SEEP_OP_POP:
		return pop(state, instruction->reg, instruction->imm);
	case SEEP_OP_COPY:
		return copy(state, instruction);
	/* Something is known of the result only if both sides hold the same. */
	case SEEP_OP_CHOOSE:
		return state->registers[instruction->reg] == state->registers[instruction->base] ||
		       set_register(state, instruction->reg, SEEP_VALUE_UNKNOWN);
	case SEEP_OP_CONSTANT:
	case SEEP_OP_LOW_BYTE:
		set_constant(state, instruction);
		return true;
	case SEEP_OP_CODE_ADDRESS:
		return set_register(state, instruction->reg,
				    code_value(instruction->target, code, length));
	case SEEP_OP_LOAD:
		return set_register(state, instruction->reg,
				    load(state,
					 add(state->registers[instruction->base], instruction->imm),
					 instruction->reg));
	case SEEP_OP_STORE:
		forget(state, instruction->written);
		store_to_memory(state, instruction);
		return true;
	case SEEP_OP_LEAVE:
		return leave(state);
	case SEEP_OP_COMPARE_SP:
		state->compared = instruction->reg;
		return true;
	case SEEP_OP_TEST_RAX:
		if (state->clone == SEEP_CLONE_BOTH)
			state->clone = SEEP_CLONE_TESTED;
		return true;
	/* The callee takes its return address off again, so rsp is as it was before the call. */
	case SEEP_OP_CALL:
	case SEEP_OP_CALL_REGISTER:
	case SEEP_OP_CALL_UNKNOWN:
		after_call(state);
		return true;
	case SEEP_OP_SYSCALL:
		system_call(state);
		return true;
	default:
		forget(state, instruction->written);
		return true;
	}
}

/* The child has registers of the parent but another stack, which nothing is known of. */
static void become_child(struct seep_frame_state *state)
{
	/* The code is the same for both, so addresses of code stay known. */
	for (unsigned int i = 0; i < SEEP_REGISTERS; i++)
		if (!seep_value_is_code(state->registers[i]))
			state->registers[i] = SEEP_VALUE_UNKNOWN;
	state->fp_saved = SEEP_VALUE_UNKNOWN;
	state->bx_saved = SEEP_VALUE_UNKNOWN;
	state->clone = SEEP_CLONE_CHILD;
}

void seep_frame_state_branch(struct seep_frame_state *state,
			     const struct seep_instruction *instruction, bool taken)
{
	uint8_t compared = state->compared, operation = instruction->operation;
	bool tested = state->clone == SEEP_CLONE_TESTED, equal;

	forget_flags(state);
	if (operation != SEEP_OP_BRANCH_EQUAL && operation != SEEP_OP_BRANCH_UNEQUAL)
		return;
	/* Is this the side on which the operands of the comparison were equal? */
	equal = (operation == SEEP_OP_BRANCH_EQUAL) == taken;
	/* clone returns 0 to the child (clone(2)). */
	if (tested && equal)
		become_child(state);
	else if (tested)
		state->clone = SEEP_CLONE_NONE;
	/* Loops that touch the stack page by page end so. */
	if (equal && compared != SEEP_NO_REGISTER &&
	    seep_value_is_address(state->registers[compared]))
		set_sp(state, state->registers[compared]);
}

/*
 * Keeps what both say. Knowledge is only ever lost here, which is why the analysis ends. True if
 * *value has changed.
 */
static bool join(int32_t *value, int32_t other)
{
	if (*value == other || *value == SEEP_VALUE_UNKNOWN)
		return false;
	*value = SEEP_VALUE_UNKNOWN;
	return true;
}

bool seep_frame_state_join(struct seep_frame_state *state, const struct seep_frame_state *other)
{
	bool changed = false;

	for (unsigned int i = 0; i < SEEP_REGISTERS; i++)
		changed |= join(&state->registers[i], other->registers[i]);
	changed |= join(&state->fp_saved, other->fp_saved);
	changed |= join(&state->bx_saved, other->bx_saved);
	changed |= join(&state->rax, other->rax);
	if (state->compared != other->compared && state->compared != SEEP_NO_REGISTER) {
		state->compared = SEEP_NO_REGISTER;
		changed = true;
	}
	/* SEEP_CLONE_BOTH is what "unknown" is to the other fields. */
	if (state->clone != other->clone && state->clone != SEEP_CLONE_BOTH) {
		state->clone = SEEP_CLONE_BOTH;
		changed = true;
	}
	return changed;
}

bool seep_frame_states_contradict(const struct seep_frame_state *a,
				  const struct seep_frame_state *b)
{
	int32_t sp_a = a->registers[SEEP_RSP], sp_b = b->registers[SEEP_RSP];

	/* An unknown depth of the stack contradicts nothing. */
	return a->clone != b->clone ||
	       (sp_a != sp_b && seep_value_is_address(sp_a) && seep_value_is_address(sp_b));
}
