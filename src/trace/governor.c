// SPDX-License-Identifier: GPL-2.0-only
/*
 * What budget.c decides is carried out here. Each target is in one of the states of governor.h; one
 * timer is set to the next time at which something is due for any of them, and BPF tells at once
 * when a process has used up what it may cost, so that nothing has to be watched closely.
 *
 * A window opens: the probes are placed, releases first, then calls count. It ends: calls do not
 * count any more, then the probes are taken away by another thread, because that waits for grace
 * periods. What BPF would still count if we came late is bounded by a limit, at which it pauses the
 * process by itself.
 */
#include "trace/governor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/close.h"
#include "base/errors.h"
#include "base/log.h"
#include "base/units.h"
#include "kernel/budgets.h"
#include "trace/account.h"
#include "trace/sampled.h"
#include "trace/tracer_private.h"

/* While every call is seen the account is looked at so often. */
#define LOOK_NS SEEP_NS_PER_S

/* What happens at the edges of a window is in the first and the last of so many parts. */
#define EDGE_PART 8

/*
 * Addresses that a window remembers, if only one process is in windows: some two hundred windows in
 * the time for which they are followed have room.
 */
#define MOST_ADDRESSES 1024

/* The cohort of a window is made in the first one of so many parts. */
#define COHORT_PART 2

/* And then it stays open for so long at least. */
#define TAIL_NS (25 * SEEP_NS_PER_MS)

/* The run time of the programs is measured in one window of so many. */
#define MEASURED_WINDOWS 8

bool seep_governor_is_wanted(const struct seep_tracer *tracer)
{
	return isfinite(tracer->config.limits->max_overhead) &&
	       tracer->config.filter->kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY) &&
	       !tracer->config.probing->from_start;
}

/*
 * What was seen in the window that is open, or has ended at @ended_ns, stands for the gap before
 * it. The account is up to date.
 */
static void record_window(struct watch *watch, uint64_t ended_ns)
{
	struct seep_governed *governed = &watch->governed;
	struct seep_window window;

	window = seep_account_window(watch, ended_ns);
	if (seep_sampled_window(watch->tracer->sampled, watch->target->process, &window))
		seep_debug("cannot estimate what process %d does", watch->target->pid);
	governed->ended_ns = ended_ns;
}

/* No call of an allocator counts any more; the probes go in the background. */
static void close_window(struct watch *watch, uint64_t now_ns)
{
	uint64_t ended_ns;
	size_t count;
	int *links;

	seep_kernel_window_close(watch->tracer->kernel, watch->target->slot);
	ended_ns = seep_kernel_window_ended_ns(watch->tracer->kernel, watch->target->slot);
	count = seep_probes_close_memory(&watch->target->probes, &links);
	seep_close_later(links, count);
	record_window(watch, ended_ns ?: now_ns);
}

static void begin_gap(struct watch *watch, uint64_t now_ns)
{
	struct seep_governed *governed = &watch->governed;

	governed->state = SEEP_GOVERNED_GAP;
	seep_account_begin(watch);
	governed->due_ns = now_ns + (uint64_t)seep_budget_gap_ns(&governed->budget, drand48());
}

/*
 * What has been made gets time to end, if that is not too long for BPF: else all that lives for a
 * moment and is there just now would seem to live on. False if it has had that time.
 */
static bool begin_tail(struct watch *watch, uint64_t now_ns)
{
	struct seep_kernel *kernel = watch->tracer->kernel;
	struct seep_governed *governed = &watch->governed;
	uint64_t made_until_ns, until_ns;

	if (now_ns - governed->opened_ns < governed->followed_ns)
		governed->followed_ns = now_ns - governed->opened_ns;
	made_until_ns = governed->opened_ns + governed->followed_ns;
	until_ns = made_until_ns + TAIL_NS;
	if (until_ns <= now_ns || seep_kernel_window_ended_ns(kernel, watch->target->slot))
		return false;
	seep_kernel_window_end_cohort(kernel, watch->target->slot, made_until_ns);
	governed->state = SEEP_GOVERNED_TAIL;
	governed->due_ns = until_ns;
	seep_account_allow(watch);
	return true;
}

/* Every call was seen, and that cost too much. */
static void enter_windows(struct watch *watch, uint64_t now_ns)
{
	struct seep_governed *governed = &watch->governed;

	seep_debug("process %d costs more than it may and is traced in windows from here on",
		   watch->target->pid);
	seep_budget_enter_windows(&governed->budget, governed->rate);
	if (begin_tail(watch, now_ns))
		return;
	close_window(watch, now_ns);
	begin_gap(watch, now_ns);
}

static void see_everything(struct watch *watch, uint64_t now_ns)
{
	struct seep_governed *governed = &watch->governed;

	governed->state = SEEP_GOVERNED_EXACT;
	governed->due_ns = now_ns + LOOK_NS;
	seep_account_allow(watch);
}

/* At least the one that asks. */
static size_t num_in_windows(const struct seep_tracer *tracer)
{
	size_t count = 0;

	for (const struct watch *watch = tracer->watches; watch; watch = watch->next)
		count += watch->governed.budget.windows;
	return count ?: 1;
}

static int place_probes(struct watch *watch)
{
	const struct seep_tracer *tracer = watch->tracer;
	struct seep_target *target = watch->target;

	return seep_probes_open_memory(&target->probes, tracer->kernel, tracer->features.variant,
				       target->files, target->num_files);
}

/* The probes are placed, and calls count. */
static void open_window(struct watch *watch)
{
	struct seep_tracer *tracer = watch->tracer;
	struct seep_governed *governed = &watch->governed;
	struct seep_target *target = watch->target;
	uint64_t now_ns, length_ns;
	int error = place_probes(watch);

	/* Of one that has ended we hear in a moment. */
	if (error && error != -ESRCH)
		seep_debug("cannot place all probes of process %d again: %s", target->pid,
			   seep_error_text(-error));
	now_ns = seep_clock_monotonic_ns();
	seep_account_look(watch, now_ns);
	if (governed->num_windows++ % MEASURED_WINDOWS == 0)
		seep_overhead_measure(tracer->overhead);
	governed->gap_ns = governed->used_ns;
	governed->gap_user_ns = seep_account_user_ns(watch);
	governed->state = SEEP_GOVERNED_WINDOW;
	seep_account_begin(watch);
	governed->opened_ns = now_ns;
	length_ns = (uint64_t)seep_budget_window_ns(&governed->budget);
	governed->due_ns = now_ns + length_ns;
	governed->followed_ns = length_ns / COHORT_PART;
	seep_account_allow(watch);
	seep_kernel_window_open(
		tracer->kernel, target->slot,
		&(struct seep_kernel_window){
			.begin_ns = now_ns,
			.cohort_ns = now_ns + governed->followed_ns,
			.releases_ns = now_ns + length_ns / EDGE_PART,
			.addresses_ns = now_ns + length_ns - length_ns / EDGE_PART,
			.weight =
				COHORT_PART * seep_sampled_weight(tracer->sampled, target->process),
			.addresses = MOST_ADDRESSES / num_in_windows(tracer),
		});
}

/*
 * The window does not end any more. The probes stay where they are, so that nothing is left out,
 * and what comes from here on stands for itself only.
 */
static void leave_windows(struct watch *watch, uint64_t now_ns)
{
	struct seep_tracer *tracer = watch->tracer;
	struct seep_governed *governed = &watch->governed;

	seep_debug("process %d is quiet: every call is seen again", watch->target->pid);
	record_window(watch, now_ns);
	if (seep_sampled_settle(tracer->sampled, watch->target->process))
		seep_debug("cannot estimate what process %d has done", watch->target->pid);
	seep_account_begin(watch);
	governed->gap_ns = governed->gap_user_ns = 0;
	governed->opened_ns = now_ns;
	governed->followed_ns = UINT64_MAX;
	seep_kernel_window_open(tracer->kernel, watch->target->slot,
				&(struct seep_kernel_window){.begin_ns = now_ns,
							     .cohort_ns = UINT64_MAX,
							     .addresses_ns = UINT64_MAX,
							     .weight = 1});
	see_everything(watch, now_ns);
}

static void end_window(struct watch *watch, uint64_t now_ns)
{
	struct seep_governed *governed = &watch->governed;
	uint64_t paused_ns =
		seep_kernel_window_ended_ns(watch->tracer->kernel, watch->target->slot);
	uint64_t ended_ns = paused_ns ?: now_ns;
	/* Every call was seen from the end of the window before: it is no window, but their end. */
	bool exact = governed->opened_ns == governed->ended_ns;

	seep_overhead_measured(watch->tracer->overhead);
	seep_account_look(watch, now_ns);
	if (!exact)
		seep_budget_window_ended(&governed->budget,
					 (double)(ended_ns - governed->opened_ns),
					 (double)(ended_ns - governed->ended_ns),
					 governed->cost_ns);
	if (!exact && !paused_ns && seep_budget_leave_windows(&governed->budget)) {
		leave_windows(watch, now_ns);
		return;
	}
	close_window(watch, now_ns);
	begin_gap(watch, now_ns);
}

/* Something is due, or BPF says that the allowance is used up. */
static void step(struct watch *watch, uint64_t now_ns)
{
	struct seep_governed *governed = &watch->governed;

	/* What may not be probed has no probes any more. */
	if (watch->target->refusal || watch->tracer->stopped_ns) {
		governed->state = SEEP_GOVERNED_NOT;
		return;
	}
	switch (governed->state) {
	case SEEP_GOVERNED_NOT:
		break;
	case SEEP_GOVERNED_EXACT:
		seep_account_look(watch, now_ns);
		/* If we come too late, BPF has left out calls already. */
		if (seep_budget_is_over(&governed->budget) ||
		    seep_kernel_window_ended_ns(watch->tracer->kernel, watch->target->slot))
			enter_windows(watch, now_ns);
		else
			see_everything(watch, now_ns);
		break;
	case SEEP_GOVERNED_WINDOW:
		/* Before it is due: it costs more than was expected. */
		if (now_ns >= governed->due_ns || !begin_tail(watch, now_ns))
			end_window(watch, now_ns);
		break;
	case SEEP_GOVERNED_TAIL:
		end_window(watch, now_ns);
		break;
	case SEEP_GOVERNED_GAP:
		open_window(watch);
		break;
	}
}

static int on_due(void *context, uint64_t value);

/* Sets the timer to what is due next. */
static void set_timer(struct seep_tracer *tracer)
{
	uint64_t now_ns = seep_clock_monotonic_ns(), due_ns = UINT64_MAX;

	for (const struct watch *watch = tracer->watches; watch; watch = watch->next) {
		if (watch->governed.state != SEEP_GOVERNED_NOT && watch->governed.due_ns < due_ns)
			due_ns = watch->governed.due_ns;
	}
	seep_governor_stop(tracer);
	if (due_ns == UINT64_MAX)
		return;
	if (seep_loop_add_timer(tracer->loop, due_ns > now_ns ? due_ns - now_ns : 1, 0, on_due,
				tracer, &tracer->governor_source))
		seep_warn("no timer is left: processes may cost more than --max-overhead");
}

static int on_due(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		uint64_t now_ns = seep_clock_monotonic_ns();

		if (watch->governed.state != SEEP_GOVERNED_NOT && watch->governed.due_ns <= now_ns)
			step(watch, now_ns);
	}
	set_timer(tracer);
	return 0;
}

void seep_governor_on_budget(void *context, const struct seep_budget_event *event)
{
	struct seep_tracer *tracer = context;
	uint64_t now_ns = seep_clock_monotonic_ns();

	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		/* Between windows it is the last hits of the window before. */
		if (watch->target->process != event->process ||
		    watch->governed.state == SEEP_GOVERNED_GAP)
			continue;
		step(watch, now_ns);
		set_timer(tracer);
		return;
	}
}

void seep_governor_add(struct seep_tracer *tracer, struct watch *watch)
{
	struct seep_governed *governed = &watch->governed;
	uint64_t now_ns = seep_clock_monotonic_ns();

	if (!seep_governor_is_wanted(tracer))
		return;
	seep_kernel_budget_reset(tracer->kernel, watch->target->slot);
	*governed = (struct seep_governed){
		.opened_ns = now_ns, .ended_ns = now_ns, .followed_ns = UINT64_MAX};
	seep_account_init(watch, now_ns);
	see_everything(watch, now_ns);
	set_timer(tracer);
}

void seep_governor_restart(struct seep_tracer *tracer, const struct seep_target *target)
{
	struct watch *watch;

	LL_SEARCH_SCALAR(tracer->watches, watch, target, target);
	if (!watch)
		return;
	if (watch->governed.state == SEEP_GOVERNED_GAP) {
		(void)place_probes(watch);
		tracer->losses[SEEP_LOSS_MISSED_EXEC]++;
	}
	seep_governor_add(tracer, watch);
}

void seep_governor_account(struct seep_tracer *tracer)
{
	uint64_t now_ns = seep_clock_monotonic_ns();

	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		struct seep_window present;

		if (watch->governed.state == SEEP_GOVERNED_NOT)
			continue;
		seep_account_look(watch, now_ns);
		seep_account_describe(watch, &watch->target->record->process);
		if (!seep_sampled_has(tracer->sampled, watch->target->process))
			continue;
		/* What happens in a gap is foretold by the windows before it, until one ends it. */
		if (watch->governed.state == SEEP_GOVERNED_GAP)
			present = (struct seep_window){
				.cpu.gap_cpu_s = watch->governed.used_ns / (double)SEEP_NS_PER_S,
			};
		else
			present = seep_account_window(watch, now_ns);
		seep_sampled_present(tracer->sampled, watch->target->process, &present);
	}
}

void seep_governor_stop(struct seep_tracer *tracer)
{
	seep_loop_remove(tracer->loop, tracer->governor_source);
	tracer->governor_source = NULL;
}
