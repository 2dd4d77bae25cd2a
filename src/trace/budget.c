// SPDX-License-Identifier: GPL-2.0-only
/*
 * The account of a process has room for a burst of BURST_NS at its share, and windows may overdraw
 * it by DEBT_NS and the cost of one of them. So in any ten seconds the probes cost at most the
 * share of these and of six more: less than twice the budget. Windows are as long as the share of
 * the time that they take demands, for one every CYCLE_NS: too short ones would cost more for
 * placing the probes than for what they see, longer ones would be felt.
 */
#include "trace/budget.h"

#include <math.h>

#include "base/units.h"

/* What a process may spend ahead: the share of so much CPU time. */
#define BURST_NS (2 * (double)SEEP_NS_PER_S)
/* And what it may owe when a window opens: else the length of most gaps would follow from that. */
#define DEBT_NS (1 * (double)SEEP_NS_PER_S)

/*
 * A process that hardly runs earns as one that uses this much of a CPU: there is time for that, and
 * it can be traced exactly.
 */
#define LEAST_CPU_RATE (1.0 / 3)

/* Of what may be spent this much is planned for: the rest is for what no probe is charged for. */
#define PLANNED 0.85

#define CYCLE_NS      (3 * (double)SEEP_NS_PER_S)
#define MIN_WINDOW_NS (50 * (double)SEEP_NS_PER_MS)
#define MAX_WINDOW_NS (500 * (double)SEEP_NS_PER_MS)
#define MAX_GAP_NS    (20 * (double)SEEP_NS_PER_S)
#define MAX_GAP	      4 /* mean gaps: a longer one would leave too much unseen */

/* A window may cost so many times what is expected of it before it is ended early. */
#define WINDOW_EXCESS 1.5
/* Of a process of which nothing was expected, a window may cost this. */
#define WINDOW_LEAST_NS (5 * (double)SEEP_NS_PER_MS)

/* Every call is seen again after so much time in which that would have cost less than this. */
#define QUIET_NS    (5 * (double)SEEP_NS_PER_S)
#define QUIET_SHARE 0.7

/* How fast the present replaces the past: the time in which two thirds of it are forgotten. */
#define MEMORY_NS (2 * (double)SEEP_NS_PER_S)
/* The same for windows: each counts for so much. */
#define WINDOW_WEIGHT 0.5

/* What it may spend for each nanosecond. */
static double allowed_rate(const struct seep_budget *budget)
{
	return budget->share * fmax(budget->cpu_rate, LEAST_CPU_RATE);
}

void seep_budget_init(struct seep_budget *budget, double share)
{
	*budget = (struct seep_budget){.share = share, .earned_ns = share * BURST_NS};
}

void seep_budget_account(struct seep_budget *budget, double time_ns, double cpu_ns, double cost_ns)
{
	double most, present;

	if (time_ns <= 0)
		return;
	/* At first there is no past: a process that is busy when it is attached to earns as such.
	 */
	budget->known_ns += time_ns;
	present = expm1(-time_ns / MEMORY_NS) / expm1(-budget->known_ns / MEMORY_NS);
	budget->cpu_rate += present * (cpu_ns / time_ns - budget->cpu_rate);
	most = budget->share * BURST_NS * fmax(1, budget->cpu_rate);
	budget->earned_ns += budget->share * fmax(cpu_ns, LEAST_CPU_RATE * time_ns) - cost_ns;
	budget->earned_ns = fmin(budget->earned_ns, most);
}

bool seep_budget_is_over(const struct seep_budget *budget)
{
	return !budget->windows && budget->earned_ns < 0;
}

void seep_budget_enter_windows(struct seep_budget *budget, double rate)
{
	budget->windows = true;
	budget->quiet_ns = 0;
	budget->full_rate = rate;
}

void seep_budget_window_ended(struct seep_budget *budget, double length_ns, double cycle_ns,
			      double cost_ns)
{
	double rate = length_ns > 0 ? cost_ns / length_ns : 0;

	/* What becomes louder is noticed at once, what becomes quieter has to stay so. */
	budget->full_rate =
		fmax(rate, budget->full_rate + WINDOW_WEIGHT * (rate - budget->full_rate));
	/* The gap before the first quiet window may have been a loud one. */
	if (rate < QUIET_SHARE * allowed_rate(budget))
		budget->quiet_ns += budget->quiet_ns > 0 ? cycle_ns : length_ns;
	else
		budget->quiet_ns = 0;
}

bool seep_budget_leave_windows(struct seep_budget *budget)
{
	if (!budget->windows || budget->quiet_ns < QUIET_NS || budget->earned_ns < 0)
		return false;
	budget->windows = false;
	return true;
}

/* The share of the time in which it may be traced. */
static double duty(const struct seep_budget *budget)
{
	double rate = PLANNED * allowed_rate(budget);

	return budget->full_rate > rate ? rate / budget->full_rate : 1;
}

double seep_budget_window_ns(const struct seep_budget *budget)
{
	return fmin(fmax(duty(budget) * CYCLE_NS, MIN_WINDOW_NS), MAX_WINDOW_NS);
}

double seep_budget_gap_ns(const struct seep_budget *budget, double random)
{
	double window_ns = seep_budget_window_ns(budget);
	double gap_ns = window_ns / duty(budget) - window_ns;
	double debt_ns = -budget->earned_ns / allowed_rate(budget) - DEBT_NS;

	/*
	 * Exponentially distributed, so that windows see whatever happens at any time with the same
	 * chance (measure/windows.h); but not before a larger debt is paid.
	 */
	gap_ns *= fmin(-log1p(-random), MAX_GAP);
	return fmin(fmax(gap_ns, debt_ns), MAX_GAP_NS);
}

double seep_budget_allowance_ns(const struct seep_budget *budget)
{
	if (!budget->windows)
		return fmax(budget->earned_ns, 0);
	return fmax(WINDOW_EXCESS * budget->full_rate * seep_budget_window_ns(budget),
		    WINDOW_LEAST_NS);
}
