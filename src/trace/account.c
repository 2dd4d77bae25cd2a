// SPDX-License-Identifier: GPL-2.0-only
/*
 * The time of a process comes from its CPU clock, that of its own code from the kernel's accounting
 * (kernel/processes.h), the cost of its probes from what BPF has added up, times what the programs
 * take besides, corrected by what windows and gaps have shown (measure/slowdown.h).
 */
#include "trace/account.h"

#include <math.h>
#include <time.h>

#include "base/units.h"
#include "kernel/budgets.h"
#include "kernel/processes.h"
#include "trace/tracer_private.h"

/* Beyond the allowance: BPF pauses a process when it has cost so many times as much. */
#define LIMIT_FACTOR   2.0
#define LIMIT_LEAST_NS (20 * (double)SEEP_NS_PER_MS)

/* What probes cost is reported over about this time: some windows with their gaps. */
#define REPORTED_NS (15 * (double)SEEP_NS_PER_S)

/* A correction of nearly nothing must not allow any number of hits. */
#define FACTOR_LEAST 0.5

/* CPU time of all threads of the process, those that have ended included; 0 if it is gone. */
static uint64_t cpu_time_ns(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &time))
		return 0;
	return (uint64_t)time.tv_sec * SEEP_NS_PER_S + (uint64_t)time.tv_nsec;
}

size_t seep_account_num_links(const struct seep_tracer *tracer, const struct watch *without)
{
	size_t count = 0;

	for (const struct watch *watch = tracer->watches; watch; watch = watch->next)
		count += watch != without && watch->target->probes.memory_links.count > 0;
	return count;
}

/* How many times what its trap costs a hit costs. */
static double cost_factor(const struct watch *watch)
{
	const struct seep_tracer *tracer = watch->tracer;

	return seep_overhead_cost_factor(tracer->overhead, seep_account_num_links(tracer, watch));
}

void seep_account_look(struct watch *watch, uint64_t now_ns)
{
	const struct seep_tracer *tracer = watch->tracer;
	struct seep_governed *governed = &watch->governed;
	uint64_t cpu_ns = cpu_time_ns(watch->target->pid), trap_ns;
	double time_ns = (double)(now_ns - governed->looked_ns);
	double used_ns, cost_ns, corrected_ns, remembered;

	if (seep_kernel_budget_spent(tracer->kernel, watch->target->slot, &trap_ns))
		return;
	/* It has ended, of which the event is on its way. */
	if (cpu_ns < governed->cpu_ns)
		cpu_ns = governed->cpu_ns;
	used_ns = (double)(cpu_ns - governed->cpu_ns);
	cost_ns = (double)(trap_ns - governed->trap_ns) * cost_factor(watch);
	corrected_ns = cost_ns * seep_sampled_correction(tracer->sampled, watch->target->process);
	seep_budget_account(&governed->budget, time_ns, used_ns, corrected_ns);
	governed->used_ns += used_ns;
	governed->cost_ns += cost_ns;
	remembered = exp(-time_ns / REPORTED_NS);
	governed->late_used_ns = remembered * governed->late_used_ns + used_ns;
	governed->late_cost_ns = remembered * governed->late_cost_ns + corrected_ns;
	governed->rate = corrected_ns / fmax(time_ns, 1);
	governed->looked_ns = now_ns;
	governed->cpu_ns = cpu_ns;
	governed->trap_ns = trap_ns;
}

void seep_account_allow(const struct watch *watch)
{
	const struct seep_tracer *tracer = watch->tracer;
	double factor = cost_factor(watch) *
			seep_sampled_correction(tracer->sampled, watch->target->process);
	double notice_ns = seep_budget_allowance_ns(&watch->governed.budget);
	double limit_ns = notice_ns * LIMIT_FACTOR + LIMIT_LEAST_NS;

	seep_kernel_budget_allow(tracer->kernel, watch->target->slot,
				 (uint64_t)(notice_ns / fmax(factor, FACTOR_LEAST)),
				 (uint64_t)(limit_ns / fmax(factor, FACTOR_LEAST)));
}

double seep_account_user_ns(const struct watch *watch)
{
	const struct seep_governed *governed = &watch->governed;
	uint64_t user_ns;

	if (seep_kernel_user_time(watch->tracer->kernel, watch->target->pid, &user_ns) ||
	    user_ns < governed->user_ns)
		return 0;
	return (double)(user_ns - governed->user_ns);
}

struct seep_window seep_account_window(const struct watch *watch, uint64_t ended_ns)
{
	const struct seep_governed *governed = &watch->governed;
	const double second = SEEP_NS_PER_S;
	double open_s = (double)(ended_ns - governed->opened_ns) / second;

	return (struct seep_window){
		.gap_s = (double)(governed->opened_ns - governed->ended_ns) / second,
		.open_s = open_s,
		.followed_s = fmin(open_s, (double)governed->followed_ns / second),
		.cpu =
			{
				.open_cpu_s = governed->used_ns / second,
				.open_user_s = seep_account_user_ns(watch) / second,
				.cost_s = governed->cost_ns / second,
				.gap_cpu_s = governed->gap_ns / second,
				.gap_user_s = governed->gap_user_ns / second,
			},
	};
}

void seep_account_begin(struct watch *watch)
{
	struct seep_governed *governed = &watch->governed;

	governed->used_ns = governed->cost_ns = 0;
	if (seep_kernel_user_time(watch->tracer->kernel, watch->target->pid, &governed->user_ns))
		governed->user_ns = 0;
}

void seep_account_init(struct watch *watch, uint64_t now_ns)
{
	const struct seep_tracer *tracer = watch->tracer;
	struct seep_governed *governed = &watch->governed;

	governed->looked_ns = now_ns;
	governed->cpu_ns = cpu_time_ns(watch->target->pid);
	if (seep_kernel_budget_spent(tracer->kernel, watch->target->slot, &governed->trap_ns))
		governed->trap_ns = 0;
	seep_budget_init(&governed->budget, tracer->config.limits->max_overhead);
	seep_account_begin(watch);
}

void seep_account_describe(const struct watch *watch, struct seep_process *process)
{
	const struct seep_governed *governed = &watch->governed;

	process->mode = governed->budget.windows ? SEEP_TRACING_WINDOWS : SEEP_TRACING_EXACT;
	/* Of a process that did not run there is nothing to be told. */
	process->probes_cpu_pct =
		governed->late_used_ns > 0 ?
			fmin(100 * governed->late_cost_ns / governed->late_used_ns, 100) :
			NAN;
}
