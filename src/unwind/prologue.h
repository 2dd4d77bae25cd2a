/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules of unwinding for code without CFI, from the code itself: from each function's first
 * instruction along all jumps that can be followed, with what is known of the frame at each
 * instruction (unwind/frame_state.h). A rule that comes out is proven by the code as far as the ABI
 * holds, not guessed; where paths do not agree, the rule is SEEP_RULE_BAD.
 *
 * A function that returns with another stack than it began with was none, and has no rules. A call
 * may never return, and then what lies behind it is not reached from there: such a path is followed
 * last, and taken back when it leads to a contradiction. Blocks that only a jump table leads to are
 * taken to begin as all indirect jumps of the function end, if that leads to a return.
 *
 * One piece of code at a time, which nothing but this may be known of. It is untrusted: every table
 * has a cap, and reaching one leaves functions without rules.
 */
#ifndef SEEP_UNWIND_PROLOGUE_H
#define SEEP_UNWIND_PROLOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seep/unwind.h"
#include "unwind/frame_state.h"

#define SEEP_PROLOGUE_MAX_BYTES	    (4u << 20) /* of one piece of code */
#define SEEP_PROLOGUE_MAX_FUNCTIONS 65536      /* of one piece of code */

/* What all pieces of a file may cost together. */
struct seep_prologue_budget {
	uint32_t instructions; /* to decode: 0.5 us each, or 0.3 s for the usual budget */
	uint64_t steps;	       /* of states from one instruction to the next: 30 ns each */
};
#define SEEP_PROLOGUE_BUDGET ((struct seep_prologue_budget){600u << 10, 16u << 20})

enum seep_function_kind {
	SEEP_FUNCTION_USUAL,
	SEEP_FUNCTION_NO_RETURN, /* calls of it do not come back */
	SEEP_FUNCTION_STORED, /* only its address was seen: it must prove to be one by a return */
	SEEP_FUNCTION_ENTRY,  /* the program's first code, which nobody calls */
};

struct seep_function {
	uint32_t start; /* offset in the code */
	uint32_t size;	/* bytes, 0 if unknown; only to look for blocks of jump tables */
	enum seep_function_kind kind;
};

struct seep_prologues;

/* @code must stay as long as the result and @budget. 0, -E2BIG or -ENOMEM. */
int seep_prologues_new(const uint8_t *code, size_t length, uint64_t address,
		       struct seep_prologue_budget *budget, struct seep_prologues **ret_prologues);
void seep_prologues_free(struct seep_prologues *prologues);

/*
 * A function that the code has. One at a place that has one already is ignored. 0, -E2BIG or
 * -ENOMEM.
 */
int seep_prologues_add(struct seep_prologues *prologues, const struct seep_function *function);

/* Follows all functions, and those that they call. 0 or -ENOMEM. */
int seep_prologues_run(struct seep_prologues *prologues);

struct seep_prologue_counts {
	size_t functions; /* with rules */
	size_t refused;	  /* contradict themselves */
	size_t capped;	  /* left out because a cap was reached */
};
void seep_prologues_count(const struct seep_prologues *prologues,
			  struct seep_prologue_counts *ret_counts);

/*
 * Addresses outside of the code that it calls: at most SEEP_PROLOGUE_MAX_OUTSIDE, some of them
 * twice.
 */
#define SEEP_PROLOGUE_MAX_OUTSIDE 16384
const uint64_t *seep_prologues_outside(const struct seep_prologues *prologues, size_t *ret_count);

/*
 * The state before the instruction that begins at the offset @at, as far as it has a rule; NULL if
 * none is known to begin there. *ret_length is the instruction's.
 */
const struct seep_rule *seep_prologues_at(const struct seep_prologues *prologues, size_t at,
					  size_t *ret_length);

/* The same with values of registers, for tests: rsp, rbp and rbx. */
struct seep_prologue_values {
	int32_t sp, fp, bx;
};
bool seep_prologues_values(const struct seep_prologues *prologues, size_t at,
			   struct seep_prologue_values *ret_values);

static inline void seep_prologues_cleanup(struct seep_prologues **prologues)
{
	seep_prologues_free(*prologues);
}

#endif
