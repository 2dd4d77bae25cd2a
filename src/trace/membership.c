// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two sources of processes that may bring the same one: /proc, which is read once when the trace
 * begins, and events of BPF. Whoever comes second finds it taken (-EALREADY). Events are drained
 * before each process that /proc brings, so that BPF's choice is known.
 */
#include "trace/membership.h"

#include <errno.h>

#include <utlist.h>

#include "base/errors.h"
#include "base/log.h"
#include "target/attach.h"
#include "target/scope.h"
#include "trace/follow.h"
#include "trace/lifecycle.h"
#include "trace/tracer_private.h"

/* Attaches to a process that BPF took into the scope. -ESRCH: it ended meanwhile, unseen. */
static int attach_adopted(struct seep_tracer *tracer, struct seep_target *target, bool forked)
{
	/* Probes before tables: a missed call is lost, a stack without a table is walked later. */
	int added = seep_follow_rescan(tracer, target);

	if (added < 0)
		return added;
	/* What a program does between its exec and its probes is not seen. */
	if (added > 0 && !forked)
		tracer->losses[SEEP_LOSS_MISSED_EXEC]++;
	seep_targets_preload(tracer->targets, target);
	seep_debug("process %d (%s) came into the scope", target->pid,
		   target->record->process.comm);
	return 0;
}

void seep_membership_on_process(void *context, const struct seep_process_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_record *record = NULL;
	struct seep_target *target = NULL;
	int error = seep_targets_adopt(tracer->targets, event, &target, &record);

	if (!error)
		error = attach_adopted(tracer, target, event->parent != 0);
	/* With probes everywhere even one that is gone by now was seen. */
	if (error == -ESRCH && !tracer->config.probing->from_start)
		tracer->losses[SEEP_LOSS_MISSED_PROCESSES]++;
	else if (error && error != -ESRCH)
		tracer->losses[SEEP_LOSS_UNTRACED_PROCESSES]++;
	/* Also one that has ended is watched: that it has is noticed at once. */
	if (target)
		error = seep_lifecycle_watch(tracer, target);
	else if (record)
		seep_lifecycle_exited(tracer, record);
	if (target && error)
		tracer->losses[SEEP_LOSS_UNTRACED_PROCESSES]++;
}

/* The watch of a traced process; NULL if it is not traced. */
static struct watch *watch_of(struct seep_tracer *tracer, pid_t pid)
{
	struct watch *watch;

	LL_SEARCH_SCALAR(tracer->watches, watch, target->pid, pid);
	return watch;
}

/* Adds a running process of the scope, and waits for its end. */
static int add(struct seep_tracer *tracer, pid_t pid)
{
	struct seep_target *target;
	int error = seep_targets_add(tracer->targets, pid, true, &target);

	if (error)
		return error;
	seep_debug("process %d (%s) came into the scope", pid, target->record->process.comm);
	return seep_lifecycle_watch(tracer, target);
}

/* A process was moved to another cgroup: perhaps into ours, or out of it. */
void seep_membership_on_cgroup(void *context, const struct seep_cgroup_event *event)
{
	struct seep_tracer *tracer = context;
	pid_t pid = (pid_t)event->pid;
	struct watch *watch = watch_of(tracer, pid);
	bool belongs = seep_scope_contains(tracer->config.scope, pid);

	if (belongs && !watch) {
		add(tracer, pid);
	} else if (!belongs && watch) {
		seep_debug("process %d left the cgroup", pid);
		seep_lifecycle_lose(tracer, watch);
	}
}

/* For each process that the scope has at the beginning. What ends the walk is returned. */
static int add_member(void *context, pid_t pid)
{
	struct seep_tracer *tracer = context;
	int error;

	/* Who forked meanwhile was seen by BPF, which then has the child. */
	seep_follow_drain(tracer);
	error = add(tracer, pid);
	if (error == -ENOSPC)
		tracer->losses[SEEP_LOSS_UNTRACED_PROCESSES]++;
	else if (error && error != -EALREADY)
		seep_debug("process %d is not traced: %s", pid, seep_error_text(-error));
	/*
	 * A process that has ended or cannot be traced is no reason to give up the others; these
	 * are.
	 */
	return error == -EPERM || error == -ENOMEM ? error : 0;
}

/* The children that a process has already, and theirs. Further ones are found by BPF. */
static int add_children(void *context, pid_t pid)
{
	int error = add_member(context, pid);

	return error ? error : seep_scope_each_child(pid, add_children, context);
}

int seep_membership_add_pid(struct seep_tracer *tracer, pid_t pid)
{
	struct seep_target *target;
	int error = seep_targets_add(tracer->targets, pid, false, &target);

	if (error)
		/* Named twice, or taken by BPF as a child of a process that was named before. */
		return error == -EALREADY ? 0 : error;
	error = seep_lifecycle_watch(tracer, target);
	if (!error && tracer->config.scope->children)
		error = seep_scope_each_child(pid, add_children, tracer);
	return error;
}

int seep_membership_add_scope(struct seep_tracer *tracer)
{
	int error = seep_scope_each(tracer->config.scope, add_member, tracer);

	if (error == -EPERM)
		seep_error("cannot trace: %s; " SEEP_NEEDS_PERMISSION, seep_error_text(-error));
	else if (error)
		seep_error("cannot trace: %s", seep_error_text(-error));
	return error;
}
