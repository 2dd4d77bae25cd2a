// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called from prologue_flow.c for each call, jump through a register and use of an address of code.
 * A function that is new here is followed after the present one (prologue.c).
 */
#include "unwind/prologue_targets.h"

#include <errno.h>

int seep_prologue_add_target(struct seep_prologues *prologues, uint64_t target,
			     enum seep_function_kind kind)
{
	struct seep_function function = {.kind = kind};
	int error;

	if (!seep_prologue_is_inside(prologues, target)) {
		/* Other pieces then begin with fewer functions and get fewer rules. */
		if (prologues->outside.count == SEEP_PROLOGUE_MAX_OUTSIDE)
			return 0;
		return SEEP_APPEND(&prologues->outside, target);
	}
	function.start = (uint32_t)(target - prologues->address);
	error = seep_prologues_add(prologues, &function);
	/* seep_prologues_add has counted it. */
	return error == -E2BIG ? 0 : error;
}

int seep_prologue_add_value(struct seep_prologues *prologues, int32_t value,
			    enum seep_function_kind kind)
{
	if (!seep_value_is_code(value))
		return 0;
	return seep_prologue_add_target(
		prologues, prologues->address + (uint64_t)(value - SEEP_VALUE_CODE), kind);
}

int seep_prologue_add_arguments(struct seep_prologues *prologues,
				const struct seep_frame_state *state)
{
	static const uint8_t arguments[] = {SEEP_RDI, SEEP_RSI, SEEP_RDX,
					    SEEP_RCX, SEEP_R8,	SEEP_R9};
	int error = 0;

	for (size_t i = 0; i < sizeof(arguments) && !error; i++)
		error = seep_prologue_add_value(prologues, state->registers[arguments[i]],
						SEEP_FUNCTION_USUAL);
	return error;
}

uint64_t seep_prologue_target(const struct seep_prologues *prologues,
			      const struct seep_instruction *instruction,
			      const struct seep_frame_state *state)
{
	int32_t value;

	/* Direct, then through a register whose value is known; any other is 0. */
	if (instruction->operation == SEEP_OP_CALL || instruction->operation == SEEP_OP_JUMP)
		return instruction->target;
	if (instruction->operation != SEEP_OP_CALL_REGISTER &&
	    instruction->operation != SEEP_OP_JUMP_REGISTER)
		return 0;
	value = state->registers[instruction->reg];
	return seep_value_is_code(value) ?
		       prologues->address + (uint64_t)(value - SEEP_VALUE_CODE) :
		       0;
}

bool seep_prologue_never_returns(const struct seep_prologues *prologues, uint64_t target)
{
	uint32_t function;

	if (!seep_prologue_is_inside(prologues, target))
		return false;
	function = prologues->function_at[target - prologues->address];
	return function && prologues->functions.items[function - 1].kind == SEEP_FUNCTION_NO_RETURN;
}
