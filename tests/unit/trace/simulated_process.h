/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process and what governor.c does with its budget, in steps of a millisecond: looks, windows and
 * gaps, and that BPF tells at once when the allowance is used up. What a load does is known, so
 * what its probes have cost in any ten seconds can be added up.
 */
#ifndef TESTS_UNIT_TRACE_SIMULATED_PROCESS_H
#define TESTS_UNIT_TRACE_SIMULATED_PROCESS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/units.h"
#include "trace/budget.h"
#include "verdict/random.h"

#define STEP_NS	  ((double)SEEP_NS_PER_MS)
#define LOOK_NS	  ((double)SEEP_NS_PER_S)
#define SUM_STEPS 100	/* costs are kept for each tenth of a second ... */
#define SUMS	  36000 /* ... of an hour */
#define TEN_S	  100	/* sums in ten seconds */

/* What it does at some time: CPUs that it uses, and which share of them probes would take. */
struct load {
	double cpus;
	double cost;
};
typedef struct load (*load_function)(double now_s);

enum state {
	EXACT,
	WINDOW,
	GAP,
};

struct simulated_process {
	load_function load;
	struct seep_budget budget;
	struct random random;
	enum state state;
	uint64_t steps;
	double due_ns, looked_ns, opened_ns, ended_ns;
	double cpu_ns, cost_ns;			/* since the last look */
	double spent_ns, allowed_ns;		/* since the last allowance */
	double window_cost_ns;			/* of the present window */
	double cpu_sums[SUMS], cost_sums[SUMS]; /* in nanoseconds */
	unsigned int num_windows, num_debts;	/* gaps that only a debt has made so long */
	double windowed_s, exact_s;		/* when it went into windows, and came back, last */
};

static inline double now_ns(const struct simulated_process *process)
{
	return (double)process->steps * STEP_NS;
}

static inline double now_s(const struct simulated_process *process)
{
	return now_ns(process) / (double)SEEP_NS_PER_S;
}

static inline void process_allow(struct simulated_process *process)
{
	process->spent_ns = 0;
	process->allowed_ns = seep_budget_allowance_ns(&process->budget);
}

static inline double process_look(struct simulated_process *process)
{
	double time_ns = now_ns(process) - process->looked_ns, cost_ns = process->cost_ns;

	seep_budget_account(&process->budget, time_ns, process->cpu_ns, cost_ns);
	process->window_cost_ns += cost_ns;
	process->looked_ns = now_ns(process);
	process->cpu_ns = process->cost_ns = 0;
	return cost_ns / fmax(time_ns, 1);
}

static inline struct simulated_process *process_new(load_function load, double share, uint64_t seed)
{
	struct simulated_process *process = calloc(1, sizeof(*process));

	if (!process)
		abort();
	process->load = load;
	process->random.state = seed;
	process->due_ns = LOOK_NS;
	seep_budget_init(&process->budget, share);
	process_allow(process);
	return process;
}

static inline void begin_gap(struct simulated_process *process)
{
	double random = random_uniform(&process->random);
	double gap_ns = seep_budget_gap_ns(&process->budget, random);
	struct seep_budget without_debt = process->budget;

	without_debt.earned_ns = fmax(0, without_debt.earned_ns);
	process->num_debts += gap_ns > seep_budget_gap_ns(&without_debt, random);
	process->state = GAP;
	process->ended_ns = now_ns(process);
	process->due_ns = now_ns(process) + gap_ns;
}

static inline void see_everything(struct simulated_process *process)
{
	process->state = EXACT;
	process->due_ns = now_ns(process) + LOOK_NS;
	process_allow(process);
}

static inline void end_window(struct simulated_process *process)
{
	process_look(process);
	seep_budget_window_ended(&process->budget, now_ns(process) - process->opened_ns,
				 now_ns(process) - process->ended_ns, process->window_cost_ns);
	process->num_windows++;
	if (!seep_budget_leave_windows(&process->budget)) {
		begin_gap(process);
		return;
	}
	process->exact_s = now_s(process);
	see_everything(process);
}

/* Something is due, or the allowance is used up. */
static inline void process_step(struct simulated_process *process)
{
	double rate;

	switch (process->state) {
	case EXACT:
		rate = process_look(process);
		if (!seep_budget_is_over(&process->budget)) {
			see_everything(process);
			break;
		}
		seep_budget_enter_windows(&process->budget, rate);
		process->windowed_s = now_s(process);
		begin_gap(process);
		break;
	case WINDOW:
		end_window(process);
		break;
	case GAP:
		process_look(process);
		process->state = WINDOW;
		process->window_cost_ns = 0;
		process->opened_ns = now_ns(process);
		process->due_ns = now_ns(process) + seep_budget_window_ns(&process->budget);
		process_allow(process);
		break;
	}
}

static inline void process_run(struct simulated_process *process, double until_s)
{
	while (now_s(process) < until_s) {
		struct load load = process->load(now_s(process));
		double cpu_ns = load.cpus * STEP_NS;
		double cost_ns = process->state == GAP ? 0 : cpu_ns * load.cost;
		uint64_t sum = process->steps++ / SUM_STEPS;

		process->cpu_ns += cpu_ns;
		process->cost_ns += cost_ns;
		process->spent_ns += cost_ns;
		process->cpu_sums[sum] += cpu_ns;
		process->cost_sums[sum] += cost_ns;
		if (now_ns(process) >= process->due_ns ||
		    (process->state != GAP && process->spent_ns > process->allowed_ns))
			process_step(process);
	}
}

/*
 * The most that probes have cost in any ten seconds, as a share of the CPU time of the process in
 * them; one that uses less counts as one that uses @least_cpus.
 */
static inline double costliest(const struct simulated_process *process, double least_cpus)
{
	double cpu_ns = 0, cost_ns = 0, most = 0;
	uint64_t count = process->steps / SUM_STEPS;

	for (uint64_t i = 0; i < count; i++) {
		cpu_ns += process->cpu_sums[i];
		cost_ns += process->cost_sums[i];
		if (i >= TEN_S) {
			cpu_ns -= process->cpu_sums[i - TEN_S];
			cost_ns -= process->cost_sums[i - TEN_S];
		}
		if (i >= TEN_S - 1)
			most = fmax(most, cost_ns / fmax(cpu_ns, least_cpus * 10 * SEEP_NS_PER_S));
	}
	return most;
}

/* The same of all the time. */
static inline double mean_cost(const struct simulated_process *process)
{
	double cpu_ns = 0, cost_ns = 0;

	for (uint64_t i = 0; i < process->steps / SUM_STEPS; i++) {
		cpu_ns += process->cpu_sums[i];
		cost_ns += process->cost_sums[i];
	}
	return cpu_ns > 0 ? cost_ns / cpu_ns : 0;
}

#endif
