/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The answer: what detect, --fail-on and reports say of each process and of all of them. There are
 * four outcomes, and "none" is only said if a leak above a stated rate would have been seen. Made
 * from a judged snapshot and its findings; pure, so that a capture gives the same answer.
 */
#ifndef SEEP_VERDICT_ANSWER_H
#define SEEP_VERDICT_ANSWER_H

#include <stddef.h>

#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "verdict/gate.h"
#include "verdict/judgement.h"
#include "verdict/outstanding.h"

/* X(enum suffix, key in JSON, what it means), ascending: the worst of many is the answer for all.
 */
#define SEEP_OUTCOMES(X)                                                                           \
	X(NONE, "none", "a leak above the stated rate would have been seen")                       \
	X(UNDECIDED, "undecided", "there is too little to judge by")                               \
	X(GROWTH, "growth", "it grows, but no site is certain to leak")                            \
	X(LEAK, "leak", "a site allocates objects that are never released")

enum seep_outcome {
#define SEEP_OUTCOME_ENUM(name, key, text) SEEP_OUTCOME_##name,
	SEEP_OUTCOMES(SEEP_OUTCOME_ENUM)
#undef SEEP_OUTCOME_ENUM
	SEEP_OUTCOME_COUNT
};

/* Why there is no decision. X(enum suffix, key in JSON) */
#define SEEP_REASONS(X)                                                                            \
	X(NONE, "decided")                                                                         \
	X(NO_PROCESS, "no_process") /* nothing matched the scope */                                \
	X(TOO_SHORT, "too_short")   /* watched for less than any verdict takes */                  \
	X(ENDED, "ended")	    /* the process ended, with blocks outstanding */               \
	X(GROWING, "growing")	    /* something grows, and not for long enough yet */

enum seep_reason {
#define SEEP_REASON_ENUM(name, key) SEEP_REASON_##name,
	SEEP_REASONS(SEEP_REASON_ENUM)
#undef SEEP_REASON_ENUM
	SEEP_REASON_COUNT
};

struct seep_answer_process {
	const struct seep_process *process;
	enum seep_outcome outcome;
	enum seep_reason reason; /* of UNDECIDED, else NONE */
	size_t num_findings;	 /* of the gate, in this process */
	/* LEAK: the worst finding. GROWTH, GROWING: what grows fastest, NULL if no site does. */
	const struct seep_site *worst;
	/* GROWTH: the heap of a runtime that grows the fastest; NULL: none does. */
	const struct seep_heap_judgement *heap;
	bool mappings_grow; /* GROWTH: there are ever more of them, whatever their bytes */
	double watched_s;
	/* How long it has to be watched in all: UNDECIDED only, else NAN. */
	double needed_s;
	/* A leak that is faster than this, in bytes per second, would have been seen: of NONE. */
	double visible_rate;
	/* What the program itself has allocated and not released, if it has ended; else all 0. */
	struct seep_outstanding outstanding;
};

struct seep_answer {
	enum seep_outcome outcome;
	enum seep_reason reason;
	size_t num; /* processes, the worst first */
	struct seep_answer_process *processes;
	size_t counts[SEEP_OUTCOME_COUNT];
	const struct seep_findings *findings; /* as they were given */
	/*
	 * Exit status of the launched command, or 128 and the signal that has ended it; -1: there
	 * is none, or it still runs. Set by who knows it.
	 */
	int command_exit;
};

/*
 * @snapshot has been judged, @findings are those of the gate. The answer points into both. 0 or
 * -ENOMEM; the caller ends it with seep_answer_done, also after a failure.
 */
int seep_answer_make(const struct seep_snapshot *snapshot, const struct seep_findings *findings,
		     struct seep_symbolizer *symbolizer, struct seep_answer *ret_answer);
void seep_answer_done(struct seep_answer *answer);

const char *seep_outcome_key(enum seep_outcome outcome);
const char *seep_reason_key(enum seep_reason reason);

#endif
