/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is known while functions are followed, for prologue.c and its parts: prologue_flow.c goes
 * from one instruction to the next, prologue_targets.c adds the functions that the code leads to,
 * prologue_attempt.c puts the ways through one function together. All offsets and addresses are of
 * the one piece of code.
 */
#ifndef SEEP_UNWIND_PROLOGUE_PRIVATE_H
#define SEEP_UNWIND_PROLOGUE_PRIVATE_H

#include "base/vector.h"
#include "unwind/prologue.h"

enum seep_prologue_claim {
	SEEP_CLAIM_NONE,
	SEEP_CLAIM_ONE,	 /* all functions that come here say the same */
	SEEP_CLAIM_MANY, /* they do not */
};

/* An instruction that was decoded. */
struct seep_prologue_place {
	struct seep_instruction instruction;
	uint32_t offset;
	uint32_t run;	 /* the last one that came here: what follows is of it */
	uint32_t state;	 /* of this run */
	uint32_t region; /* likewise */
	bool queued;
	bool stops;	/* a call that does not return, or no begin of a block */
	bool doubtful;	/* a call behind which another one was found not to return */
	uint8_t claim;	/* enum seep_prologue_claim */
	uint32_t owner; /* function that made the claim */
	struct seep_rule rule;
	struct seep_prologue_values values;
};

/*
 * Instructions that were first reached in the same way: region 0 from the function's begin by jumps
 * and from instruction to instruction, each other one by the return of a call or by a jump table.
 */
struct seep_prologue_region {
	uint32_t parent;
	uint32_t call;	/* place of the call; of a table's block: of its first instruction */
	uint32_t start; /* place */
	bool table;
	bool confirmed; /* leads to a proper return or to code that another way leads to */
};

/* A way into a new region that is still to be followed. */
struct seep_prologue_entry {
	uint32_t call;
	uint32_t target; /* offset */
	uint32_t state;
	uint32_t parent;
};

struct seep_prologue_function {
	uint32_t start;
	uint32_t size;
	uint8_t kind;
	bool refused;
	bool returns; /* or jumps to where that is not known */
};

struct seep_prologues {
	const uint8_t *code;
	size_t length;
	uint64_t address;
	struct seep_prologue_budget *budget;
	struct seep_instructions *decoder;
	uint32_t *place_at;    /* index + 1 by offset */
	uint32_t *function_at; /* likewise */
	SEEP_VECTOR(struct seep_prologue_place) places;
	SEEP_VECTOR(struct seep_prologue_function) functions;
	SEEP_VECTOR(uint64_t) outside; /* addresses that are called */
	size_t capped;

	/* of the function that is being followed */
	uint32_t function;
	uint32_t run;
	bool restart, refuse;
	bool returns;	   /* as in struct seep_prologue_function */
	bool returns_well; /* with the stack as it was at the begin */
	bool table_known;  /* there is an indirect jump, and table is the state there */
	bool table_many;   /* there are several, with different depths of the stack */
	struct seep_frame_state table;
	SEEP_VECTOR(struct seep_frame_state) states;
	SEEP_VECTOR(uint32_t) visited; /* places */
	SEEP_VECTOR(uint32_t) queue;
	SEEP_VECTOR(struct seep_prologue_region) regions;
	SEEP_VECTOR(struct seep_prologue_entry) entries;
};

static inline struct seep_prologue_place *seep_prologue_place(struct seep_prologues *prologues,
							      uint32_t index)
{
	return &prologues->places.items[index];
}

static inline bool seep_prologue_is_inside(const struct seep_prologues *prologues, uint64_t address)
{
	return address >= prologues->address && address - prologues->address < prologues->length;
}

#endif
