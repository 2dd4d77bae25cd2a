/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps what the probes of each process cost within its budget (--max-overhead): a process above it
 * is traced in windows, between which it has no probes of allocators. Other kinds are not touched.
 * Runs on the thread of the event loop.
 */
#ifndef SEEP_TRACE_GOVERNOR_H
#define SEEP_TRACE_GOVERNOR_H

#include <stdbool.h>
#include <stdint.h>

#include "seep/abi.h"
#include "trace/budget.h"

struct seep_target;
struct seep_tracer;
struct watch;

enum seep_governed_state {
	SEEP_GOVERNED_NOT,    /* it has nothing that could be governed, or may cost what it wants */
	SEEP_GOVERNED_EXACT,  /* every call is seen */
	SEEP_GOVERNED_WINDOW, /* a window is open */
	SEEP_GOVERNED_TAIL,   /* calls are seen for a moment yet, but no new block is followed */
	SEEP_GOVERNED_GAP,    /* between two windows */
};

/* Of one target; times are CLOCK_MONOTONIC in nanoseconds. */
struct seep_governed {
	enum seep_governed_state state;
	struct seep_budget budget;
	uint64_t due_ns;    /* when something has to be done next */
	uint64_t looked_ns; /* when the account was brought up to date, and what it had then: */
	uint64_t cpu_ns;    /* CPU time of the process */
	uint64_t trap_ns;   /* cost of traps in its slot */
	uint64_t opened_ns; /* when calls began to count the last time */
	/* How long after that blocks are made that are followed beyond the window. */
	uint64_t followed_ns;
	uint64_t ended_ns; /* and when they had stopped before */
	/* Since this state began: CPU time of the process, and of that for its probes. */
	double used_ns;
	double cost_ns;
	uint64_t user_ns;   /* its user time when this state began ... */
	double gap_ns;	    /* ... CPU time in the gap before the present window, ... */
	double gap_user_ns; /* ... and user time in it */
	double rate;	    /* what the probes cost at the last look, per time */
	/* For reports: of late, the older the less. */
	double late_used_ns; /* CPU time of the process */
	double late_cost_ns; /* and of that for its probes, as far as that is known */
	unsigned int num_windows;
};

/* Was a budget asked for that can be kept? Not where processes share their probes. */
bool seep_governor_is_wanted(const struct seep_tracer *tracer);

/* Begins to look after a target that is traced as a whole now. */
void seep_governor_add(struct seep_tracer *tracer, struct watch *watch);

/*
 * The target has become another program, of which every call is to be seen again. If it had no
 * probes just then, what it did so far is counted as a missed exec.
 */
void seep_governor_restart(struct seep_tracer *tracer, const struct seep_target *target);

/* Receives what BPF says of a process whose allowance is used up. @context is the tracer. */
void seep_governor_on_budget(void *context, const struct seep_budget_event *event);

/* Brings the accounts up to date, for a report. */
void seep_governor_account(struct seep_tracer *tracer);

/* Nothing is done any more. */
void seep_governor_stop(struct seep_tracer *tracer);

#endif
