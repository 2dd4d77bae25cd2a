/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the probes of one process may cost, and when: decisions only, governor.c carries them out.
 * All times are in nanoseconds; costs are CPU time that the probes take from the process.
 *
 * A process earns a share of the CPU time that it uses, and what its probes cost is taken from
 * that. As long as it does not run into debt, every call is seen. One that does is traced in
 * windows, each of which costs what was earned since the last one.
 */
#ifndef SEEP_TRACE_BUDGET_H
#define SEEP_TRACE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct seep_budget {
	double share;	  /* of its CPU time that probes may take */
	bool windows;	  /* it is traced in windows */
	double earned_ns; /* and not spent; negative: a debt */
	double cpu_rate;  /* CPU time that it uses of late, per time; 0 before it is known */
	double known_ns;  /* for how long it has been looked at */
	double full_rate; /* what seeing every call would cost, per time */
	double quiet_ns;  /* for how long that has been well within the budget */
};

/* @share: of the CPU time, above 0. */
void seep_budget_init(struct seep_budget *budget, double share);

/* In @time_ns it has used @cpu_ns of CPU time, of which probes took @cost_ns. */
void seep_budget_account(struct seep_budget *budget, double time_ns, double cpu_ns, double cost_ns);

/* While every call is seen: does that cost too much? */
bool seep_budget_is_over(const struct seep_budget *budget);

/* From here on it is traced in windows. @rate: what the probes cost just now, per time. */
void seep_budget_enter_windows(struct seep_budget *budget, double rate);

/* A window of @length_ns has ended, which has cost @cost_ns; @cycle_ns before the last one did. */
void seep_budget_window_ended(struct seep_budget *budget, double length_ns, double cycle_ns,
			      double cost_ns);

/* Has it become so quiet that every call can be seen again? Then it is not in windows any more. */
bool seep_budget_leave_windows(struct seep_budget *budget);

/* How long the next window is to be. */
double seep_budget_window_ns(const struct seep_budget *budget);
/* How long to wait before it; @random is from 0 up to 1: windows must not keep time with a program.
 */
double seep_budget_gap_ns(const struct seep_budget *budget, double random);

/*
 * What probes may cost until the budget is looked at again: in a window of this length, or while
 * every call is seen.
 */
double seep_budget_allowance_ns(const struct seep_budget *budget);

#endif
