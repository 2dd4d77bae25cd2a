// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lifetime, passes and results. The caller adds the functions that it knows, calls
 * seep_prologues_run once, and reads the rule of each instruction. A run follows one function after
 * the other, and the list grows by those that they call. A function is attempted again for as long
 * as an attempt finds a call that does not return; then what is proven of it is written to its
 * instructions (claim).
 *
 * Which functions never return is only known when all were followed, and what was found behind a
 * call of such a function was wrong. So all is done again with that knowledge, PASSES times at
 * most; no instruction is decoded twice.
 *
 * Bounded by the budget, which all pieces of a file share, and by the caps of prologue.h and
 * prologue_flow.c. A function that reaches one has no rules; the others keep theirs.
 */
#include "unwind/prologue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/frame_rule.h"
#include "unwind/prologue_attempt.h"
#include "unwind/prologue_private.h"

/* Attempts to follow one function: each but the last has found a call that does not return. */
#define FUNCTION_MAX_ATTEMPTS 64

/* Over all functions of a piece of code. */
#define PASSES 6

int seep_prologues_new(const uint8_t *code, size_t length, uint64_t address,
		       struct seep_prologue_budget *budget, struct seep_prologues **ret_prologues)
{
	struct seep_prologues *prologues;

	if (length > SEEP_PROLOGUE_MAX_BYTES)
		return -E2BIG;
	prologues = calloc(1, sizeof(*prologues));
	if (!prologues)
		return -ENOMEM;
	prologues->code = code;
	prologues->length = length;
	prologues->address = address;
	prologues->budget = budget;
	/*
	 * One more than there are bytes: a call may end the code, and its return address is looked
	 * up.
	 */
	prologues->place_at = calloc(length + 1, sizeof(*prologues->place_at));
	prologues->function_at = calloc(length + 1, sizeof(*prologues->function_at));
	if (!prologues->place_at || !prologues->function_at ||
	    seep_instructions_open(&prologues->decoder)) {
		seep_prologues_free(prologues);
		return -ENOMEM;
	}
	*ret_prologues = prologues;
	return 0;
}

void seep_prologues_free(struct seep_prologues *prologues)
{
	if (!prologues)
		return;
	seep_instructions_close(prologues->decoder);
	free(prologues->place_at);
	free(prologues->function_at);
	free(prologues->places.items);
	free(prologues->functions.items);
	free(prologues->outside.items);
	free(prologues->states.items);
	free(prologues->visited.items);
	free(prologues->queue.items);
	free(prologues->regions.items);
	free(prologues->entries.items);
	free(prologues);
}

int seep_prologues_add(struct seep_prologues *prologues, const struct seep_function *function)
{
	struct seep_prologue_function added = {
		.start = function->start,
		.size = function->size,
		.kind = (uint8_t)function->kind,
	};

	/* The first one at an offset counts: callers add what they know best first. */
	if (function->start >= prologues->length || prologues->function_at[function->start])
		return 0;
	if (prologues->functions.count == SEEP_PROLOGUE_MAX_FUNCTIONS) {
		prologues->capped++;
		return -E2BIG;
	}
	if (SEEP_APPEND(&prologues->functions, added))
		return -ENOMEM;
	/* The index plus 1, so that 0 means that no function begins there. */
	prologues->function_at[function->start] = (uint32_t)prologues->functions.count;
	return 0;
}

/*
 * Writes the rule of the instruction @at, for the function that is followed. Code that two
 * functions share has a rule only if both find the same.
 */
static void claim(struct seep_prologues *prologues, struct seep_prologue_place *at)
{
	const struct seep_frame_state *state = &prologues->states.items[at->state];
	struct seep_rule rule;

	seep_frame_state_rule(state, &rule);
	/* What a function claimed that has been refused since does not count. */
	if (at->claim == SEEP_CLAIM_NONE || prologues->functions.items[at->owner].refused) {
		at->claim = SEEP_CLAIM_ONE;
		at->owner = prologues->function;
		at->rule = rule;
		at->values = (struct seep_prologue_values){
			state->registers[SEEP_RSP],
			state->registers[SEEP_RBP],
			state->registers[SEEP_RBX],
		};
	} else if (memcmp(&at->rule, &rule, sizeof(rule)) != 0) {
		at->claim = SEEP_CLAIM_MANY;
	}
}

/* Follows the function @number and claims what is proven of it. 0 or -ENOMEM. */
static int run_function(struct seep_prologues *prologues, uint32_t number)
{
	int error = 0;

	prologues->function = number;
	prologues->restart = true;
	for (unsigned int i = 0; i < FUNCTION_MAX_ATTEMPTS && prologues->restart && !error; i++)
		error = seep_prologue_attempt(prologues);
	prologues->functions.items[number].returns = prologues->returns;
	if (error == -ENOMEM)
		return error;
	/* A cap was reached (-E2BIG), or the last attempt still found a contradiction. */
	if (error || prologues->restart) {
		prologues->capped++;
		prologues->functions.items[number].refused = true;
		return 0;
	}
	/*
	 * It contradicts itself, or an address that was only stored has not proved to be a
	 * function's.
	 */
	if (prologues->refuse || (prologues->functions.items[number].kind == SEEP_FUNCTION_STORED &&
				  !prologues->returns_well)) {
		prologues->functions.items[number].refused = true;
		return 0;
	}
	/* Only what is proven becomes a rule; the other instructions stay without one. */
	for (size_t i = 0; i < prologues->visited.count; i++) {
		struct seep_prologue_place *at =
			seep_prologue_place(prologues, prologues->visited.items[i]);

		if (seep_prologue_is_trusted(prologues, at->region))
			claim(prologues, at);
	}
	return 0;
}

/* Places stay decoded; only what earlier passes said of them goes. */
static void forget_claims(struct seep_prologues *prologues)
{
	for (size_t i = 0; i < prologues->places.count; i++)
		prologues->places.items[i].claim = SEEP_CLAIM_NONE;
}

/* The list grows by functions that are called. 0 or -ENOMEM. */
static int run_all(struct seep_prologues *prologues)
{
	int error = 0;

	for (uint32_t i = 0; i < prologues->functions.count && !error; i++)
		if (!prologues->functions.items[i].refused)
			error = run_function(prologues, i);
	return error;
}

/*
 * Of those that were followed to all their ends. True if there are any that were not known before.
 */
static bool find_no_return(struct seep_prologues *prologues)
{
	bool found = false;

	for (size_t i = 0; i < prologues->functions.count; i++) {
		struct seep_prologue_function *function = &prologues->functions.items[i];

		/* A refused function was not followed to its ends, so it has shown nothing. */
		if (function->kind != SEEP_FUNCTION_USUAL || function->returns || function->refused)
			continue;
		function->kind = SEEP_FUNCTION_NO_RETURN;
		found = true;
	}
	return found;
}

/*
 * Once more with what was learned of functions that do not return; decoding, which costs, is done.
 */
int seep_prologues_run(struct seep_prologues *prologues)
{
	int error = run_all(prologues);

	for (unsigned int i = 1; i < PASSES && !error && find_no_return(prologues); i++) {
		forget_claims(prologues);
		error = run_all(prologues);
	}
	return error;
}

const uint64_t *seep_prologues_outside(const struct seep_prologues *prologues, size_t *ret_count)
{
	*ret_count = prologues->outside.count;
	return prologues->outside.items;
}

void seep_prologues_count(const struct seep_prologues *prologues,
			  struct seep_prologue_counts *ret_counts)
{
	struct seep_prologue_counts counts = {.capped = prologues->capped};

	for (size_t i = 0; i < prologues->functions.count; i++) {
		counts.functions += !prologues->functions.items[i].refused;
		counts.refused += prologues->functions.items[i].refused;
	}
	*ret_counts = counts;
}

/* The instruction that begins at the offset @at, NULL if no function has claimed it. */
static const struct seep_prologue_place *claimed_at(const struct seep_prologues *prologues,
						    size_t at)
{
	const struct seep_prologue_place *there;

	if (at >= prologues->length || !prologues->place_at[at])
		return NULL;
	there = &prologues->places.items[prologues->place_at[at] - 1];
	/* A length of 0 is code that cannot be decoded. */
	if (there->claim == SEEP_CLAIM_NONE || !there->instruction.length ||
	    prologues->functions.items[there->owner].refused)
		return NULL;
	return there;
}

const struct seep_rule *seep_prologues_at(const struct seep_prologues *prologues, size_t at,
					  size_t *ret_length)
{
	static const struct seep_rule bad = {.kind = SEEP_RULE_BAD};
	const struct seep_prologue_place *there = claimed_at(prologues, at);

	if (!there)
		return NULL;
	*ret_length = there->instruction.length;
	/* Functions that share this instruction disagree about it. */
	return there->claim == SEEP_CLAIM_MANY ? &bad : &there->rule;
}

bool seep_prologues_values(const struct seep_prologues *prologues, size_t at,
			   struct seep_prologue_values *ret_values)
{
	const struct seep_prologue_place *there = claimed_at(prologues, at);

	if (!there || there->claim == SEEP_CLAIM_MANY)
		return false;
	*ret_values = there->values;
	return true;
}
