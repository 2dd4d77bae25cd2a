// SPDX-License-Identifier: GPL-2.0-only
#include "unwind/prologue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Of one function. */
#define FUNCTION_MAX_INSTRUCTIONS 32768
#define FUNCTION_MAX_REGIONS	  16384
#define FUNCTION_MAX_ATTEMPTS	  64

/* Over all functions of a piece of code. */
#define PASSES 6

enum claim {
	CLAIM_NONE,
	CLAIM_ONE,  /* all functions that come here say the same */
	CLAIM_MANY, /* they do not */
};

/* An instruction that was decoded. */
struct place {
	struct seep_instruction instruction;
	uint32_t offset;
	uint32_t run;	 /* the last one that came here: what follows is of it */
	uint32_t state;	 /* of this run */
	uint32_t region; /* likewise */
	bool queued;
	bool stops;	/* a call that does not return, or no begin of a block */
	bool doubtful;	/* a call behind which another one was found not to return */
	uint8_t claim;	/* enum claim */
	uint32_t owner; /* function that made the claim */
	struct seep_rule rule;
	struct seep_prologue_values values;
};

/*
 * Instructions that were first reached in the same way: region 0 from the function's begin by jumps
 * and from instruction to instruction, each other one by the return of a call or by a jump table.
 */
struct region {
	uint32_t parent;
	uint32_t call;	/* place of the call; of a table's block: of its first instruction */
	uint32_t start; /* place */
	bool table;
	bool confirmed; /* leads to a proper return or to code that another way leads to */
};

/* A way into a new region that is still to be followed. */
struct entry {
	uint32_t call;
	uint32_t target; /* offset */
	uint32_t state;
	uint32_t parent;
};

struct function {
	uint32_t start;
	uint32_t size;
	uint8_t kind;
	bool refused;
	bool returns; /* or jumps to where that is not known */
};

/* A growing array. */
#define VECTOR(type)                                                                               \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, max;                                                                 \
	}

struct seep_prologues {
	const uint8_t *code;
	size_t length;
	uint64_t address;
	struct seep_prologue_budget *budget;
	struct seep_instructions *decoder;
	uint32_t *place_at;    /* index + 1 by offset */
	uint32_t *function_at; /* likewise */
	VECTOR(struct place) places;
	VECTOR(struct function) functions;
	VECTOR(uint64_t) outside; /* addresses that are called */
	size_t capped;

	/* of the function that is being followed */
	uint32_t function;
	uint32_t run;
	bool restart, refuse;
	bool returns, returns_well;   /* as struct function; with the stack of its begin */
	bool table_known, table_many; /* a state at an indirect jump, more than one */
	struct seep_frame_state table;
	VECTOR(struct seep_frame_state) states;
	VECTOR(uint32_t) visited; /* places */
	VECTOR(uint32_t) queue;
	VECTOR(struct region) regions;
	VECTOR(struct entry) entries;
};

static int grow(void **items, size_t *max, size_t size)
{
	size_t new_max = *max ? *max * 2 : 64;
	void *grown = reallocarray(*items, new_max, size);

	if (!grown)
		return -ENOMEM;
	*items = grown;
	*max = new_max;
	return 0;
}

/* 0 or -ENOMEM. */
#define APPEND(vector, item)                                                                       \
	(((vector)->count == (vector)->max &&                                                      \
	  grow((void **)&(vector)->items, &(vector)->max, sizeof(*(vector)->items))) ?             \
		 -ENOMEM :                                                                         \
		 ((vector)->items[(vector)->count++] = (item), 0))

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
	struct function added = {
		.start = function->start,
		.size = function->size,
		.kind = (uint8_t)function->kind,
	};

	if (function->start >= prologues->length || prologues->function_at[function->start])
		return 0;
	if (prologues->functions.count == SEEP_PROLOGUE_MAX_FUNCTIONS) {
		prologues->capped++;
		return -E2BIG;
	}
	if (APPEND(&prologues->functions, added))
		return -ENOMEM;
	prologues->function_at[function->start] = (uint32_t)prologues->functions.count;
	return 0;
}

static struct place *place(struct seep_prologues *prologues, uint32_t index)
{
	return &prologues->places.items[index];
}

/* The instruction at @offset, decoded at most once. 0, -E2BIG or -ENOMEM. */
static int find_place(struct seep_prologues *prologues, uint32_t offset, uint32_t *ret_index)
{
	struct place new_place = {.offset = offset};

	if (!prologues->place_at[offset]) {
		if (!prologues->budget->instructions)
			return -E2BIG;
		prologues->budget->instructions--;
		seep_instruction_decode(prologues->decoder, prologues->code + offset,
					prologues->length - offset, prologues->address + offset,
					&new_place.instruction);
		if (APPEND(&prologues->places, new_place))
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
	place(prologues, prologues->regions.items[region].call)->stops = true;
	for (around = prologues->regions.items[region].parent; around;
	     around = prologues->regions.items[around].parent)
		place(prologues, prologues->regions.items[around].call)->doubtful = true;
	prologues->restart = true;
}

static int visit(struct seep_prologues *prologues, uint32_t index,
		 const struct seep_frame_state *state, uint32_t region)
{
	struct place *at = place(prologues, index);

	if (prologues->visited.count == FUNCTION_MAX_INSTRUCTIONS)
		return -E2BIG;
	at->run = prologues->run;
	at->region = region;
	at->state = (uint32_t)prologues->states.count;
	at->queued = true;
	if (APPEND(&prologues->states, *state))
		return -ENOMEM;
	if (APPEND(&prologues->visited, index))
		return -ENOMEM;
	return APPEND(&prologues->queue, index);
}

/* The way from @region leads to a place that was reached with another depth of the stack. */
static void contradict(struct seep_prologues *prologues, const struct place *at, uint32_t region)
{
	const struct region *there = &prologues->regions.items[at->region];

	/* Where a jump leads to is surer than what lies behind a call. */
	if (at->region && place(prologues, there->start) == at &&
	    !is_within(prologues, region, at->region))
		take_back(prologues, at->region);
	else
		take_back(prologues, region ? region : at->region);
}

static int meet(struct seep_prologues *prologues, uint32_t index,
		const struct seep_frame_state *state, uint32_t region)
{
	struct place *at = place(prologues, index);
	struct seep_frame_state *there = &prologues->states.items[at->state];
	bool opposed = seep_frame_states_contradict(there, state);

	if (opposed && (region || at->region)) {
		contradict(prologues, at, region);
		return 0;
	}
	if (!opposed)
		confirm(prologues, region, at->region);
	if (!seep_frame_state_join(there, state) || at->queued)
		return 0;
	at->queued = true;
	return APPEND(&prologues->queue, index);
}

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
	return region != 0;
}

/* On to @target, an address. 0, -E2BIG or -ENOMEM. */
static int go_on(struct seep_prologues *prologues, uint64_t target,
		 const struct seep_frame_state *state, uint32_t region)
{
	uint32_t offset, index;
	int error;

	if (target < prologues->address || target - prologues->address >= prologues->length) {
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
	error = find_place(prologues, offset, &index);
	if (error)
		return error;
	return place(prologues, index)->run == prologues->run ?
		       meet(prologues, index, state, region) :
		       visit(prologues, index, state, region);
}

static int add_function(struct seep_prologues *prologues, uint64_t target,
			enum seep_function_kind kind)
{
	struct seep_function function = {.kind = kind};
	int error;

	if (target < prologues->address || target - prologues->address >= prologues->length) {
		if (prologues->outside.count == SEEP_PROLOGUE_MAX_OUTSIDE)
			return 0;
		return APPEND(&prologues->outside, target);
	}
	function.start = (uint32_t)(target - prologues->address);
	error = seep_prologues_add(prologues, &function);
	return error == -E2BIG ? 0 : error;
}

static int add_value(struct seep_prologues *prologues, int32_t value, enum seep_function_kind kind)
{
	if (!seep_value_is_code(value))
		return 0;
	return add_function(prologues, prologues->address + (uint64_t)(value - SEEP_VALUE_CODE),
			    kind);
}

/* Addresses of code that a call passes or a program chooses between are those of functions. */
static int add_arguments(struct seep_prologues *prologues, const struct seep_frame_state *state)
{
	static const uint8_t arguments[] = {SEEP_RDI, SEEP_RSI, SEEP_RDX,
					    SEEP_RCX, SEEP_R8,	SEEP_R9};
	int error = 0;

	for (size_t i = 0; i < sizeof(arguments) && !error; i++)
		error = add_value(prologues, state->registers[arguments[i]], SEEP_FUNCTION_USUAL);
	return error;
}

static int add_used(struct seep_prologues *prologues, const struct seep_instruction *instruction,
		    const struct seep_frame_state *state)
{
	int error;

	if (instruction->operation == SEEP_OP_STORE && instruction->reg != SEEP_NO_REGISTER)
		return add_value(prologues, state->registers[instruction->reg],
				 SEEP_FUNCTION_STORED);
	if (instruction->operation != SEEP_OP_CHOOSE)
		return 0;
	error = add_value(prologues, state->registers[instruction->reg], SEEP_FUNCTION_USUAL);
	return error ? error :
		       add_value(prologues, state->registers[instruction->base],
				 SEEP_FUNCTION_USUAL);
}

/* Where a call or jump through a register leads to, if that is known; else 0. */
static uint64_t target_of(const struct seep_prologues *prologues,
			  const struct seep_instruction *instruction,
			  const struct seep_frame_state *state)
{
	int32_t value;

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

static bool never_returns(const struct seep_prologues *prologues, uint64_t target)
{
	uint64_t offset = target - prologues->address;
	uint32_t function;

	if (target < prologues->address || offset >= prologues->length)
		return false;
	function = prologues->function_at[offset];
	return function && prologues->functions.items[function - 1].kind == SEEP_FUNCTION_NO_RETURN;
}

/* Where the function's code ends by its size, or all code. No call there returns. */
static uint64_t known_end(const struct seep_prologues *prologues)
{
	const struct function *function = &prologues->functions.items[prologues->function];
	uint64_t end = (uint64_t)function->start + function->size;

	return function->size && end < prologues->length ? end : prologues->length;
}

static int follow_call(struct seep_prologues *prologues, uint32_t index,
		       struct seep_frame_state *state, const struct seep_frame_state *before)
{
	struct place *at = place(prologues, index);
	uint64_t next = prologues->address + at->offset + at->instruction.length;
	uint64_t target = target_of(prologues, &at->instruction, before);
	struct entry entry = {.call = index, .parent = at->region};
	int error;

	if (target == next) { /* not a call but a way to learn the own address */
		prologues->refuse = true;
		return 0;
	}
	error = target ? add_function(prologues, target, SEEP_FUNCTION_USUAL) : 0;
	if (!error)
		error = add_arguments(prologues, before);
	if (error || at->stops || never_returns(prologues, target) ||
	    next - prologues->address == known_end(prologues))
		return error;
	entry.target = (uint32_t)(next - prologues->address);
	entry.state = (uint32_t)prologues->states.count;
	if (APPEND(&prologues->states, *state))
		return -ENOMEM;
	return APPEND(&prologues->entries, entry);
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
	uint64_t target = target_of(prologues, instruction, state);

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
	const struct place *at = place(prologues, index);
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
	if (!seep_frame_state_step(&state, &instruction, prologues->address, prologues->length)) {
		take_back(prologues, region);
		return 0;
	}
	if (instruction.operation >= SEEP_OP_CALL && instruction.operation <= SEEP_OP_CALL_UNKNOWN)
		return follow_call(prologues, index, &state, &before);
	error = add_used(prologues, &instruction, &before);
	return error ? error : go_on(prologues, next, &state, region);
}

static int follow_all(struct seep_prologues *prologues)
{
	while (prologues->queue.count && !prologues->restart && !prologues->refuse) {
		uint32_t index = prologues->queue.items[--prologues->queue.count];
		int error;

		if (!prologues->budget->steps)
			return -E2BIG;
		prologues->budget->steps--;
		place(prologues, index)->queued = false;
		error = follow(prologues, index);
		if (error)
			return error;
	}
	return 0;
}

static int begin_region(struct seep_prologues *prologues, const struct entry *entry, bool table)
{
	struct seep_frame_state state = prologues->states.items[entry->state];
	struct region region = {.parent = entry->parent, .call = entry->call, .table = table};
	uint32_t number = (uint32_t)prologues->regions.count;
	int error;

	if (number == FUNCTION_MAX_REGIONS)
		return -E2BIG;
	error = find_place(prologues, entry->target, &region.start);
	if (error)
		return error;
	if (place(prologues, region.start)->run == prologues->run) {
		const struct place *there = place(prologues, region.start);

		if (seep_frame_states_contradict(&prologues->states.items[there->state], &state))
			return 0; /* so the call does not return */
		return meet(prologues, region.start, &state, entry->parent);
	}
	if (prologues->function_at[entry->target])
		return 0; /* behind a call at a function's end */
	if (APPEND(&prologues->regions, region))
		return -ENOMEM;
	return visit(prologues, region.start, &state, number);
}

static int follow_calls(struct seep_prologues *prologues)
{
	int error = follow_all(prologues);

	for (size_t i = 0;
	     i < prologues->entries.count && !error && !prologues->restart && !prologues->refuse;
	     i++) {
		struct entry entry = prologues->entries.items[i];

		if (place(prologues, entry.call)->stops)
			continue;
		error = begin_region(prologues, &entry, false);
		if (!error)
			error = follow_all(prologues);
	}
	if (!prologues->restart)
		prologues->entries.count = 0;
	return error;
}

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
		int error = find_place(prologues, *at, ret_index);
		const struct place *there;

		if (error)
			return error;
		there = place(prologues, *ret_index);
		if (there->run != prologues->run && behind_end && !there->stops &&
		    there->instruction.operation != SEEP_OP_NOP &&
		    there->instruction.operation != SEEP_OP_STOP)
			return 0;
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
	uint32_t end = (uint32_t)known_end(prologues);
	struct entry entry = {.state = (uint32_t)prologues->states.count};
	int error = 0;

	if (!prologues->table_known || prologues->table_many ||
	    !prologues->functions.items[prologues->function].size)
		return 0;
	if (APPEND(&prologues->states, prologues->table))
		return -ENOMEM;
	while (!error && !prologues->restart && !prologues->refuse) {
		error = find_block(prologues, end, &at, &entry.call);
		if (error)
			return error == -ENOENT ? 0 : error;
		entry.target = at;
		error = begin_region(prologues, &entry, true);
		if (!error)
			error = follow_calls(prologues);
		if (place(prologues, entry.call)->run != prologues->run)
			break; /* another function begins here */
	}
	return error;
}

/* One attempt. 0, -E2BIG or -ENOMEM. */
static int attempt(struct seep_prologues *prologues)
{
	const struct function *function = &prologues->functions.items[prologues->function];
	struct region all = {.confirmed = true};
	struct seep_frame_state state;
	uint32_t index;
	int error;

	prologues->run++;
	prologues->restart = prologues->refuse = false;
	prologues->returns = prologues->returns_well = false;
	prologues->table_known = prologues->table_many = false;
	prologues->states.count = prologues->visited.count = prologues->queue.count = 0;
	prologues->regions.count = prologues->entries.count = 0;
	seep_frame_state_init(&state, function->kind == SEEP_FUNCTION_ENTRY);
	error = APPEND(&prologues->regions, all);
	if (!error)
		error = find_place(prologues, function->start, &index);
	if (!error)
		error = visit(prologues, index, &state, 0);
	if (!error)
		error = follow_calls(prologues);
	return error || prologues->restart || prologues->refuse ? error : follow_tables(prologues);
}

static bool is_trusted(const struct seep_prologues *prologues, uint32_t region)
{
	for (; region; region = prologues->regions.items[region].parent) {
		const struct region *r = &prologues->regions.items[region];

		if (!r->confirmed && (r->table || prologues->places.items[r->call].doubtful))
			return false;
	}
	return true;
}

static void claim(struct seep_prologues *prologues, struct place *at)
{
	const struct seep_frame_state *state = &prologues->states.items[at->state];
	struct seep_rule rule;

	seep_frame_state_rule(state, &rule);
	if (at->claim == CLAIM_NONE || prologues->functions.items[at->owner].refused) {
		at->claim = CLAIM_ONE;
		at->owner = prologues->function;
		at->rule = rule;
		at->values = (struct seep_prologue_values){
			state->registers[SEEP_RSP],
			state->registers[SEEP_RBP],
			state->registers[SEEP_RBX],
		};
	} else if (memcmp(&at->rule, &rule, sizeof(rule)) != 0) {
		at->claim = CLAIM_MANY;
	}
}

/* 0 or -ENOMEM. */
static int run_function(struct seep_prologues *prologues, uint32_t number)
{
	int error = 0;

	prologues->function = number;
	prologues->restart = true;
	for (unsigned int i = 0; i < FUNCTION_MAX_ATTEMPTS && prologues->restart && !error; i++)
		error = attempt(prologues);
	prologues->functions.items[number].returns = prologues->returns;
	if (error == -ENOMEM)
		return error;
	if (error || prologues->restart) {
		prologues->capped++;
		prologues->functions.items[number].refused = true;
		return 0;
	}
	if (prologues->refuse || (prologues->functions.items[number].kind == SEEP_FUNCTION_STORED &&
				  !prologues->returns_well)) {
		prologues->functions.items[number].refused = true;
		return 0;
	}
	for (size_t i = 0; i < prologues->visited.count; i++) {
		struct place *at = place(prologues, prologues->visited.items[i]);

		if (is_trusted(prologues, at->region))
			claim(prologues, at);
	}
	return 0;
}

static void forget_claims(struct seep_prologues *prologues)
{
	for (size_t i = 0; i < prologues->places.count; i++)
		prologues->places.items[i].claim = CLAIM_NONE;
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
		struct function *function = &prologues->functions.items[i];

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

static const struct place *claimed_at(const struct seep_prologues *prologues, size_t at)
{
	const struct place *there;

	if (at >= prologues->length || !prologues->place_at[at])
		return NULL;
	there = &prologues->places.items[prologues->place_at[at] - 1];
	if (there->claim == CLAIM_NONE || !there->instruction.length ||
	    prologues->functions.items[there->owner].refused)
		return NULL;
	return there;
}

const struct seep_rule *seep_prologues_at(const struct seep_prologues *prologues, size_t at,
					  size_t *ret_length)
{
	static const struct seep_rule bad = {.kind = SEEP_RULE_BAD};
	const struct place *there = claimed_at(prologues, at);

	if (!there)
		return NULL;
	*ret_length = there->instruction.length;
	return there->claim == CLAIM_MANY ? &bad : &there->rule;
}

bool seep_prologues_values(const struct seep_prologues *prologues, size_t at,
			   struct seep_prologue_values *ret_values)
{
	const struct place *there = claimed_at(prologues, at);

	if (!there || there->claim == CLAIM_MANY)
		return false;
	*ret_values = there->values;
	return true;
}
