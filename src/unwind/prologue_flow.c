// SPDX-License-Identifier: GPL-2.0-only
/*
 * An abstract interpretation with a worklist: prologues->queue has the instructions whose state has
 * changed. seep_prologue_follow takes one, computes the state behind it and goes on to all that may
 * come next: to a place that is new in this run (visit), or to one that has a state already (meet),
 * which then keeps what both agree on. A state only ever loses knowledge, so the queue runs dry.
 *
 * A contradiction, two depths of the stack in one place, means that one of the two ways is never
 * taken. The usual cause is a call that does not return, so the region behind a call is the one to
 * be taken back. Without one the function is refused.
 *
 * This is the inner loop of the analysis, some 30 ns for each step. It is bounded by
 * FUNCTION_MAX_INSTRUCTIONS and by prologues->budget; a walk up the tree of regions costs steps
 * too.
 */
#include "unwind/prologue_flow.h"

#include <errno.h>

#include "unwind/prologue_targets.h"

/* Instructions of one function. */
#define FUNCTION_MAX_INSTRUCTIONS 32768

int seep_prologue_find_place(struct seep_prologues *prologues, uint32_t offset, uint32_t *ret_index)
{
	struct seep_prologue_place new_place = {.offset = offset};

	if (!prologues->place_at[offset]) {
		/* Each offset costs once, over all attempts and passes. */
		if (!prologues->budget->instructions)
			return -E2BIG;
		prologues->budget->instructions--;
		seep_instruction_decode(prologues->decoder, prologues->code + offset,
					prologues->length - offset, prologues->address + offset,
					&new_place.instruction);
		if (SEEP_APPEND(&prologues->places, new_place))
			return -ENOMEM;
		prologues->place_at[offset] = (uint32_t)prologues->places.count;
	}
	*ret_index = prologues->place_at[offset] - 1;
	return 0;
}

/* Every call makes a region within that of the call before it, so this may be a long way. */
static bool is_within(const struct seep_prologues *prologues, uint32_t region, uint32_t ancestor)
{
	while (region > ancestor) { /* parents have lower numbers */
		region = prologues->regions.items[region].parent;
		prologues->budget->steps -= prologues->budget->steps > 0;
	}
	return region == ancestor;
}

/*
 * @region leads to where it should, and with it all around it up to the one that has @there as
 * well.
 */
static void confirm(struct seep_prologues *prologues, uint32_t region, uint32_t there)
{
	while (!prologues->regions.items[region].confirmed &&
	       !is_within(prologues, there, region)) {
		prologues->regions.items[region].confirmed = true;
		region = prologues->regions.items[region].parent;
	}
}

/* The region is not reached as was thought; without it, all has to be followed again. */
static void take_back(struct seep_prologues *prologues, uint32_t region)
{
	uint32_t around;

	if (!region) {
		prologues->refuse = true;
		return;
	}
	/* The next attempt does not go on behind this call, and trusts the calls around it less. */
	seep_prologue_place(prologues, prologues->regions.items[region].call)->stops = true;
	for (around = prologues->regions.items[region].parent; around;
	     around = prologues->regions.items[around].parent)
		seep_prologue_place(prologues, prologues->regions.items[around].call)->doubtful =
			true;
	prologues->restart = true;
}

int seep_prologue_visit(struct seep_prologues *prologues, uint32_t index,
			const struct seep_frame_state *state, uint32_t region)
{
	struct seep_prologue_place *at = seep_prologue_place(prologues, index);

	if (prologues->visited.count == FUNCTION_MAX_INSTRUCTIONS)
		return -E2BIG;
	at->run = prologues->run;
	at->region = region;
	at->state = (uint32_t)prologues->states.count;
	at->queued = true;
	if (SEEP_APPEND(&prologues->states, *state))
		return -ENOMEM;
	if (SEEP_APPEND(&prologues->visited, index))
		return -ENOMEM;
	return SEEP_APPEND(&prologues->queue, index);
}

/* The way from @region leads to a place that was reached with another depth of the stack. */
static void contradict(struct seep_prologues *prologues, const struct seep_prologue_place *at,
		       uint32_t region)
{
	const struct seep_prologue_region *there = &prologues->regions.items[at->region];

	/* Where a jump leads to is surer than what lies behind a call. */
	if (at->region && seep_prologue_place(prologues, there->start) == at &&
	    !is_within(prologues, region, at->region))
		take_back(prologues, at->region);
	else
		take_back(prologues, region ? region : at->region);
}

int seep_prologue_meet(struct seep_prologues *prologues, uint32_t index,
		       const struct seep_frame_state *state, uint32_t region)
{
	struct seep_prologue_place *at = seep_prologue_place(prologues, index);
	struct seep_frame_state *there = &prologues->states.items[at->state];
	bool opposed = seep_frame_states_contradict(there, state);

	/* Within region 0 there is no call to blame: the depth just becomes unknown there. */
	if (opposed && (region || at->region)) {
		contradict(prologues, at, region);
		return 0;
	}
	/* Two ways that agree speak for the region of this one. */
	if (!opposed)
		confirm(prologues, region, at->region);
	if (!seep_frame_state_join(there, state) || at->queued)
		return 0;
	at->queued = true;
	return SEEP_APPEND(&prologues->queue, index);
}

/* Is the stack as it was when the function began, so that a return would leave it? */
static bool at_return_address(const struct seep_frame_state *state)
{
	return state->registers[SEEP_RSP] == -8;
}

/*
 * Into another function, which is a call in place of a return. With another stack the symbol may
 * stand in the middle of this one, or the other one does not return: then it is followed, and what
 * both say must be the same.
 */
static bool leaves(struct seep_prologues *prologues, uint32_t offset,
		   const struct seep_frame_state *state, uint32_t region)
{
	uint32_t other = prologues->function_at[offset];

	if (!other || other - 1 == prologues->function)
		return false;
	if (at_return_address(state)) {
		confirm(prologues, region, 0);
		prologues->returns_well = true;
		if (prologues->functions.items[other - 1].kind != SEEP_FUNCTION_NO_RETURN)
			prologues->returns = true;
		return true;
	}
	prologues->returns = true;
	if (!seep_value_is_address(state->registers[SEEP_RSP]))
		return true;
	/* Only region 0 goes on there: what lies behind a call may not be reached at all. */
	return region != 0;
}

/* On to @target, an address. 0, -E2BIG or -ENOMEM. */
static int go_on(struct seep_prologues *prologues, uint64_t target,
		 const struct seep_frame_state *state, uint32_t region)
{
	uint32_t offset, index;
	int error;

	/* Code of another piece is not followed here; it may return to the caller. */
	if (!seep_prologue_is_inside(prologues, target)) {
		if (at_return_address(state)) {
			confirm(prologues, region, 0);
			prologues->returns_well = true;
		}
		prologues->returns = true;
		return 0;
	}
	offset = (uint32_t)(target - prologues->address);
	if (leaves(prologues, offset, state, region))
		return 0;
	error = seep_prologue_find_place(prologues, offset, &index);
	if (error)
		return error;
	return seep_prologue_place(prologues, index)->run == prologues->run ?
		       seep_prologue_meet(prologues, index, state, region) :
		       seep_prologue_visit(prologues, index, state, region);
}

/*
 * An address of code that is stored may be a label or a function; one that is chosen between two
 * with cmov is a function. Called for each instruction, so it is here and not in
 * prologue_targets.c.
 */
static int add_used(struct seep_prologues *prologues, const struct seep_instruction *instruction,
		    const struct seep_frame_state *state)
{
	int error;

	if (instruction->operation == SEEP_OP_STORE && instruction->reg != SEEP_NO_REGISTER)
		return seep_prologue_add_value(prologues, state->registers[instruction->reg],
					       SEEP_FUNCTION_STORED);
	if (instruction->operation != SEEP_OP_CHOOSE)
		return 0;
	error = seep_prologue_add_value(prologues, state->registers[instruction->reg],
					SEEP_FUNCTION_USUAL);
	return error ? error :
		       seep_prologue_add_value(prologues, state->registers[instruction->base],
					       SEEP_FUNCTION_USUAL);
}

uint64_t seep_prologue_known_end(const struct seep_prologues *prologues)
{
	const struct seep_prologue_function *function =
		&prologues->functions.items[prologues->function];
	uint64_t end = (uint64_t)function->start + function->size;

	return function->size && end < prologues->length ? end : prologues->length;
}

/*
 * What lies behind the call waits in prologues->entries until all that jumps lead to was followed.
 * The last instruction of a function is a call only if that one does not return.
 */
static int follow_call(struct seep_prologues *prologues, uint32_t index,
		       struct seep_frame_state *state, const struct seep_frame_state *before)
{
	struct seep_prologue_place *at = seep_prologue_place(prologues, index);
	uint64_t next = prologues->address + at->offset + at->instruction.length;
	uint64_t target = seep_prologue_target(prologues, &at->instruction, before);
	struct seep_prologue_entry entry = {.call = index, .parent = at->region};
	int error;

	if (target == next) { /* not a call but a way to learn the own address */
		prologues->refuse = true;
		return 0;
	}
	error = target ? seep_prologue_add_target(prologues, target, SEEP_FUNCTION_USUAL) : 0;
	if (!error)
		error = seep_prologue_add_arguments(prologues, before);
	if (error || at->stops || seep_prologue_never_returns(prologues, target) ||
	    next - prologues->address == seep_prologue_known_end(prologues))
		return error;
	entry.target = (uint32_t)(next - prologues->address);
	entry.state = (uint32_t)prologues->states.count;
	if (SEEP_APPEND(&prologues->states, *state))
		return -ENOMEM;
	return SEEP_APPEND(&prologues->entries, entry);
}

/* A call in place of a return, if the stack is as at the function's begin; else a jump table. */
static void note_indirect_jump(struct seep_prologues *prologues, uint32_t region,
			       const struct seep_frame_state *state)
{
	struct seep_frame_state *table = &prologues->table;

	prologues->returns = true;
	if (at_return_address(state)) {
		confirm(prologues, region, 0);
		prologues->returns_well = true;
		return;
	}
	if (!prologues->table_known) {
		*table = *state;
		prologues->table_known = true;
		return;
	}
	if (seep_frame_states_contradict(table, state))
		prologues->table_many = true;
	seep_frame_state_join(table, state);
}

static int follow_jump(struct seep_prologues *prologues, const struct seep_instruction *instruction,
		       const struct seep_frame_state *state, uint32_t region)
{
	uint64_t target = seep_prologue_target(prologues, instruction, state);

	if (target)
		return go_on(prologues, target, state, region);
	note_indirect_jump(prologues, region, state);
	return 0;
}

static int follow_branch(struct seep_prologues *prologues,
			 const struct seep_instruction *instruction, uint64_t next,
			 const struct seep_frame_state *state, uint32_t region)
{
	struct seep_frame_state taken = *state, passed = *state;
	int error;

	seep_frame_state_branch(&taken, instruction, true);
	seep_frame_state_branch(&passed, instruction, false);
	error = go_on(prologues, instruction->target, &taken, region);
	return error ? error : go_on(prologues, next, &passed, region);
}

/*
 * A return with another depth of the stack than at the begin shows that the way to it is never
 * taken. One that takes arguments off the stack (ret imm16) or is the child's of a clone proves
 * nothing.
 */
static void follow_return(struct seep_prologues *prologues,
			  const struct seep_instruction *instruction,
			  const struct seep_frame_state *state, uint32_t region)
{
	prologues->returns = true;
	if (at_return_address(state) && !instruction->imm && state->clone != SEEP_CLONE_CHILD) {
		confirm(prologues, region, 0);
		prologues->returns_well = true;
	} else if (seep_value_is_address(state->registers[SEEP_RSP])) {
		take_back(prologues, region);
	}
}

/* From one instruction to all that may follow it. 0, -E2BIG or -ENOMEM. */
static int follow(struct seep_prologues *prologues, uint32_t index)
{
	const struct seep_prologue_place *at = seep_prologue_place(prologues, index);
	/* Copies: what follows may add places and states, and both lists move when they grow. */
	struct seep_instruction instruction = at->instruction;
	struct seep_frame_state before = prologues->states.items[at->state], state = before;
	uint64_t next = prologues->address + at->offset + instruction.length;
	uint32_t region = at->region;
	int error;

	switch (instruction.operation) {
	case SEEP_OP_STOP:
		return 0;
	case SEEP_OP_RETURN:
		follow_return(prologues, &instruction, &state, region);
		return 0;
	case SEEP_OP_JUMP:
	case SEEP_OP_JUMP_REGISTER:
	case SEEP_OP_JUMP_UNKNOWN:
		return follow_jump(prologues, &instruction, &state, region);
	case SEEP_OP_BRANCH:
	case SEEP_OP_BRANCH_EQUAL:
	case SEEP_OP_BRANCH_UNEQUAL:
		return follow_branch(prologues, &instruction, next, &state, region);
	default:
		break;
	}
	/* It would take the return address off the stack, so this way is never taken. */
	if (!seep_frame_state_step(&state, &instruction, prologues->address, prologues->length)) {
		take_back(prologues, region);
		return 0;
	}
	if (instruction.operation >= SEEP_OP_CALL && instruction.operation <= SEEP_OP_CALL_UNKNOWN)
		return follow_call(prologues, index, &state, &before);
	error = add_used(prologues, &instruction, &before);
	return error ? error : go_on(prologues, next, &state, region);
}

int seep_prologue_follow(struct seep_prologues *prologues)
{
	while (prologues->queue.count && !prologues->restart && !prologues->refuse) {
		uint32_t index = prologues->queue.items[--prologues->queue.count];
		int error;

		if (!prologues->budget->steps)
			return -E2BIG;
		prologues->budget->steps--;
		seep_prologue_place(prologues, index)->queued = false;
		error = follow(prologues, index);
		if (error)
			return error;
	}
	return 0;
}
