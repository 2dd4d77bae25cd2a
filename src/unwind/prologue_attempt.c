// SPDX-License-Identifier: GPL-2.0-only
/*
 * Called by prologue.c for one function until it asks for no restart. The order decides what is
 * believed when two ways contradict each other: what jumps lead to (region 0) is certain, a return
 * of a call less so, and a block that only a jump table can lead to least.
 *
 * Each attempt begins with empty lists; only what was learned of calls (stops, doubtful) stays with
 * the places. Bounded by FUNCTION_MAX_REGIONS and by the caps of prologue_flow.c.
 */
#include "unwind/prologue_attempt.h"

#include <errno.h>

#include "unwind/prologue_flow.h"

/* Regions of one function. */
#define FUNCTION_MAX_REGIONS 16384

/*
 * Begins to follow @entry: the return of a call or, with @table, a block of a jump table. If
 * another way leads there already, it joins that one. 0, -E2BIG or -ENOMEM.
 */
static int begin_region(struct seep_prologues *prologues, const struct seep_prologue_entry *entry,
			bool table)
{
	struct seep_frame_state state = prologues->states.items[entry->state];
	struct seep_prologue_region region = {
		.parent = entry->parent, .call = entry->call, .table = table};
	uint32_t number = (uint32_t)prologues->regions.count;
	int error;

	if (number == FUNCTION_MAX_REGIONS)
		return -E2BIG;
	error = seep_prologue_find_place(prologues, entry->target, &region.start);
	if (error)
		return error;
	/* Another way has led here in this attempt. */
	if (seep_prologue_place(prologues, region.start)->run == prologues->run) {
		const struct seep_prologue_place *there =
			seep_prologue_place(prologues, region.start);

		if (seep_frame_states_contradict(&prologues->states.items[there->state], &state))
			return 0; /* so the call does not return */
		return seep_prologue_meet(prologues, region.start, &state, entry->parent);
	}
	if (prologues->function_at[entry->target])
		return 0; /* behind a call at a function's end */
	if (SEEP_APPEND(&prologues->regions, region))
		return -ENOMEM;
	return seep_prologue_visit(prologues, region.start, &state, number);
}

/* Follows the queue, then behind one call after the other; more calls join the list meanwhile. */
static int follow_calls(struct seep_prologues *prologues)
{
	int error = seep_prologue_follow(prologues);

	for (size_t i = 0;
	     i < prologues->entries.count && !error && !prologues->restart && !prologues->refuse;
	     i++) {
		struct seep_prologue_entry entry = prologues->entries.items[i];

		/* A contradiction has shown that this call does not return. */
		if (seep_prologue_place(prologues, entry.call)->stops)
			continue;
		error = begin_region(prologues, &entry, false);
		if (!error)
			error = seep_prologue_follow(prologues);
	}
	/* follow_tables comes here again with the calls of each block. */
	if (!prologues->restart)
		prologues->entries.count = 0;
	return error;
}

/* Does execution never go on at the next instruction? */
static bool ends_block(const struct seep_instruction *instruction)
{
	return instruction->operation == SEEP_OP_STOP || instruction->operation == SEEP_OP_RETURN ||
	       (instruction->operation >= SEEP_OP_JUMP &&
		instruction->operation <= SEEP_OP_JUMP_UNKNOWN);
}

/*
 * The next block from *at on that nothing led to. It begins behind the end of another one: what
 * lies behind a call that was found not to return is nobody's. 0; -ENOENT if there is none up to
 * @end; -E2BIG or -ENOMEM.
 */
static int find_block(struct seep_prologues *prologues, uint32_t end, uint32_t *at,
		      uint32_t *ret_index)
{
	bool behind_end = false;

	while (*at < end) {
		int error = seep_prologue_find_place(prologues, *at, ret_index);
		const struct seep_prologue_place *there;

		if (error)
			return error;
		there = seep_prologue_place(prologues, *ret_index);
		/* Neither padding nor code that cannot be decoded begins a block. */
		if (there->run != prologues->run && behind_end && !there->stops &&
		    there->instruction.operation != SEEP_OP_NOP &&
		    there->instruction.operation != SEEP_OP_STOP)
			return 0;
		/* Padding between an end and the next block changes nothing. */
		if (there->instruction.operation != SEEP_OP_NOP)
			behind_end = ends_block(&there->instruction);
		*at += there->instruction.length ? there->instruction.length : 1;
	}
	return -ENOENT;
}

/* Blocks that nothing else leads to begin as indirect jumps end. 0, -E2BIG or -ENOMEM. */
static int follow_tables(struct seep_prologues *prologues)
{
	uint32_t at = prologues->functions.items[prologues->function].start;
	uint32_t end = (uint32_t)seep_prologue_known_end(prologues);
	struct seep_prologue_entry entry = {.state = (uint32_t)prologues->states.count};
	int error = 0;

	/*
	 * There is no indirect jump, or its table would be entered with two depths of the stack, or
	 * it is not known how far the function's own code goes.
	 */
	if (!prologues->table_known || prologues->table_many ||
	    !prologues->functions.items[prologues->function].size)
		return 0;
	if (SEEP_APPEND(&prologues->states, prologues->table))
		return -ENOMEM;
	while (!error && !prologues->restart && !prologues->refuse) {
		error = find_block(prologues, end, &at, &entry.call);
		if (error)
			return error == -ENOENT ? 0 : error;
		entry.target = at;
		error = begin_region(prologues, &entry, true);
		if (!error)
			error = follow_calls(prologues);
		if (seep_prologue_place(prologues, entry.call)->run != prologues->run)
			break; /* another function begins here */
	}
	return error;
}

int seep_prologue_attempt(struct seep_prologues *prologues)
{
	const struct seep_prologue_function *function =
		&prologues->functions.items[prologues->function];
	struct seep_prologue_region all = {.confirmed = true};
	struct seep_frame_state state;
	uint32_t index;
	int error;

	/* Places keep the number of the attempt that came to them, so they need no clearing. */
	prologues->run++;
	prologues->restart = prologues->refuse = false;
	prologues->returns = prologues->returns_well = false;
	prologues->table_known = prologues->table_many = false;
	prologues->states.count = prologues->visited.count = prologues->queue.count = 0;
	prologues->regions.count = prologues->entries.count = 0;
	seep_frame_state_init(&state, function->kind == SEEP_FUNCTION_ENTRY);
	/* Region 0, which begins with the function and is certain. */
	error = SEEP_APPEND(&prologues->regions, all);
	if (!error)
		error = seep_prologue_find_place(prologues, function->start, &index);
	if (!error)
		error = seep_prologue_visit(prologues, index, &state, 0);
	if (!error)
		error = follow_calls(prologues);
	return error || prologues->restart || prologues->refuse ? error : follow_tables(prologues);
}

/*
 * A region counts as reached if it was confirmed. The return of an ordinary call is believed
 * without that; behind a call that had another one taken back, or in a jump table's block, it is
 * not.
 */
bool seep_prologue_is_trusted(const struct seep_prologues *prologues, uint32_t region)
{
	/* A region is no more certain than the one that its call stands in. */
	for (; region; region = prologues->regions.items[region].parent) {
		const struct seep_prologue_region *r = &prologues->regions.items[region];

		if (!r->confirmed && (r->table || prologues->places.items[r->call].doubtful))
			return false;
	}
	return true;
}
