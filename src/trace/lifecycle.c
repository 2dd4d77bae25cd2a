// SPDX-License-Identifier: GPL-2.0-only
/*
 * An exec makes a new process id for the slot: its probes came along or are bound anew, the old
 * image is final. An exit shows as a readable pidfd. Ended processes wait up to REAP_PAUSE_NS, or
 * until there are MAX_DYING of them, and are reaped together: freezing takes a pass over the
 * kernel's tables however many they are.
 */
#include "trace/lifecycle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "target/attach.h"
#include "target/safety.h"
#include "trace/follow.h"
#include "trace/governor.h"
#include "trace/tracer_private.h"

/* So many ended processes are reaped at once, as each time takes a pass over the maps. */
#define MAX_DYING     256
#define REAP_PAUSE_NS (500 * SEEP_NS_PER_MS)

/* The last moment at which code made at run time can be named, and samples be read. */
static void on_frozen(void *context, struct seep_record *record)
{
	struct seep_tracer *tracer = context;

	seep_jit_reap(tracer->jit, record);
	seep_sampled_keep(tracer->sampled, record->process.id);
}

void seep_lifecycle_reap(struct seep_tracer *tracer)
{
	int error = seep_processes_freeze(tracer->processes, tracer->kernel,
					  tracer->config.filter->min_age_ns, on_frozen, tracer);

	/* Else the slots wait for the next reap: the maps may still name their processes. */
	if (error)
		seep_warn("cannot keep all numbers of processes that ended: %s", strerror(-error));
	else
		seep_targets_release(tracer->targets);
	tracer->losses[SEEP_LOSS_DROPPED_PROCESSES] += seep_processes_forget(tracer->processes);
	seep_sampled_forget(tracer->sampled, tracer->processes);
	seep_loop_remove(tracer->loop, tracer->reap_source);
	tracer->reap_source = NULL;
}

/* The timer that seep_lifecycle_exited has set. */
static int on_reap(void *context, uint64_t value)
{
	(void)value;
	seep_lifecycle_reap(context);
	return 0;
}

void seep_lifecycle_exited(struct seep_tracer *tracer, struct seep_record *record)
{
	int error = 0;

	/* Ends it now, but leaves its sites in the kernel until the reap. */
	seep_processes_end(tracer->processes, record, seep_clock_monotonic_ns());
	if (!tracer->reap_source)
		error = seep_loop_add_timer(tracer->loop, REAP_PAUSE_NS, 0, on_reap, tracer,
					    &tracer->reap_source);
	/* Without a timer nobody would come back to it. */
	if (error || seep_processes_dying(tracer->processes) >= MAX_DYING)
		seep_lifecycle_reap(tracer);
}

/*
 * Pure, so that the cases can be tested: a program that was found without probes, one that ended
 * before it was looked at, and one whose exec came while probes were placed.
 */
bool seep_lifecycle_missed_exec(int added, bool late, uint32_t kinds, bool probed_before)
{
	if (added == -ESRCH)
		return late || (!probed_before && kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY));
	return added > 0 || late;
}

/*
 * The target became process id @id: its old image, if there was one, is final. @unbound: its probes
 * may not have come along.
 */
static void follow_exec(struct seep_tracer *tracer, struct seep_target *target, uint32_t id,
			const char *comm, bool unbound)
{
	/* Both are changed by seep_targets_replace below. */
	bool launched = target->record->before_exec, late = target->late;
	int added;

	/* Its probes have come along: before it maps what it will translate they must be gone. */
	seep_targets_recheck(tracer->targets, target);
	/*
	 * The child before its exec was no program of the trace; its record goes on as that of the
	 * command.
	 */
	if (!launched)
		seep_lifecycle_exited(tracer, target->record);
	seep_verifier_forget(tracer->verifier, target->process);
	/* Without memory for a record the target keeps the old one, which has ended. */
	if (seep_targets_replace(tracer->targets, target, id, comm, unbound))
		return;
	seep_governor_restart(tracer, target);
	added = seep_follow_rescan(tracer, target);
	if (seep_lifecycle_missed_exec(added, late, tracer->config.filter->kinds,
				       launched || tracer->config.probing->from_start))
		tracer->losses[SEEP_LOSS_MISSED_EXEC]++;
}

void seep_lifecycle_on_exec(void *context, const struct seep_exec_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target = seep_targets_of(tracer->targets, event->old_process);
	char comm[SEEP_COMM_BYTES];

	if (!target)
		return;
	memcpy(comm, event->comm, sizeof(comm));
	/* A name that fills its field has no end. */
	comm[sizeof(comm) - 1] = '\0';
	follow_exec(tracer, target, event->new_process, comm, event->by_other);
}

void seep_lifecycle_catch_up(struct seep_tracer *tracer)
{
	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		struct seep_target *target = watch->target;
		uint32_t id = seep_kernel_process_id(tracer->kernel, target->slot);

		if (id != target->process)
			/*
			 * Name and thread were in the event that was lost: assume that the probes
			 * did not come along.
			 */
			follow_exec(tracer, target, id, NULL, true);
	}
}

static void unlink_watch(struct seep_tracer *tracer, struct watch *watch)
{
	LL_DELETE(tracer->watches, watch);
	seep_loop_remove(tracer->loop, watch->source);
	free(watch);
}

/* Also for a target that lives on and has left the scope: its numbers are final, too. */
void seep_lifecycle_lose(struct seep_tracer *tracer, struct watch *watch)
{
	struct seep_target *target = watch->target;

	seep_lifecycle_exited(tracer, target->record);
	seep_verifier_forget(tracer->verifier, target->process);
	unlink_watch(tracer, watch);
	/* After the watch, whose source is the pidfd that this closes. */
	seep_targets_remove(tracer->targets, target);
	if (!tracer->watches && !tracer->stopped_ns && !seep_scope_is_open(tracer->config.scope))
		tracer->config.on_empty(tracer->config.context);
}

/* The pidfd of a target became readable: the process has ended. */
static int on_ended(void *context, uint64_t value)
{
	struct watch *watch = context;
	struct seep_tracer *tracer = watch->tracer;

	(void)value;
	/* What it did last may still be in the ring buffer, its children too. */
	seep_follow_drain(tracer);
	seep_lifecycle_catch_up(tracer);
	seep_debug("process %d (%s) ended", watch->target->pid,
		   watch->target->record->process.comm);
	seep_lifecycle_lose(tracer, watch);
	return 0;
}

int seep_lifecycle_watch(struct seep_tracer *tracer, struct seep_target *target)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	watch->tracer = tracer;
	watch->target = target;
	error = seep_loop_add_fd(tracer->loop, target->pidfd, on_ended, watch, &watch->source);
	if (error) {
		free(watch);
		return error;
	}
	LL_PREPEND(tracer->watches, watch);
	seep_governor_add(tracer, watch);
	return 0;
}

void seep_lifecycle_unwatch_all(struct seep_tracer *tracer)
{
	while (tracer->watches)
		unlink_watch(tracer, tracer->watches);
}
