// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "target/file_events.h"
#include "trace/tracer_private.h"

/* --- events from the kernel -------------------------------------------------------------------- */

static void on_stack(void *context, const struct seep_stack_event *event)
{
	struct seep_tracer *tracer = context;
	const struct seep_stack *stack;

	if (seep_stacks_add(tracer->stacks, event))
		tracer->losses[SEEP_LOSS_STACKS_UNSENT]++;
	stack = seep_stacks_get(tracer->stacks, event->stack);
	if (stack)
		seep_jit_note_stack(tracer->jit, stack);
}

/* BPF met a file and gave it an id: find out which one it is while it is still mapped. */
static void on_file(void *context, const struct seep_file_event *event)
{
	struct seep_tracer *tracer = context;
	/* It may run another program by now, whose mapping this is; the file is compared anyhow. */
	const struct seep_target *target =
		seep_targets_at(tracer->targets, SEEP_PROCESS_SLOT(event->process));
	struct seep_inode inode = seep_inode_of_event(event);
	const struct seep_file *file = NULL;

	if (target)
		file = seep_file_of_event(tracer->files, target, event);
	if (!file) /* the process or the mapping is gone; the file may be known from before */
		file = seep_files_find(tracer->files, &inode);
	if (file)
		seep_symbolizer_add_file(tracer->symbolizer, event->file, file->path, file->fd,
					 file->root);
	/* Process 0 is ourselves (make_tables in tracer.c), with files that may concern nobody. */
	if ((!file || file->fd < 0) && event->process)
		tracer->losses[SEEP_LOSS_FILES_UNNAMED]++;
	if (seep_rewalk_add_file(tracer->rewalk, event))
		seep_debug("no memory to walk stacks later");
	if (tracer->verifier && seep_verifier_add_file(tracer->verifier, event->file, event->inode))
		seep_debug("no memory to verify stacks");
	if (seep_tables_add(tracer->tables, event->file, file ? file->path : "",
			    file ? file->fd : -1))
		seep_debug("no memory for an unwind table");
}

/* A table that was given up is needed again. */
static void on_table(void *context, const struct seep_table_event *event)
{
	struct seep_tracer *tracer = context;

	seep_tables_again(tracer->tables, event->file);
}

/* A stack to be walked by ourselves, once more or later. */
static void on_copy(void *context, const struct seep_copy_event *event)
{
	struct seep_tracer *tracer = context;
	const struct seep_target *target = seep_targets_of(tracer->targets, event->process);

	if (target && event->purpose & SEEP_COPY_WALK &&
	    seep_rewalk_add(tracer->rewalk, target->pid, event))
		seep_debug("no memory to walk a stack later");
	if (!tracer->verifier || !(event->purpose & SEEP_COPY_VERIFY))
		return;
	seep_verifier_check(tracer->verifier, target ? target->pid : 0, event);
	tracer->losses[SEEP_LOSS_STACK_DISAGREEMENTS] =
		seep_verifier_counts(tracer->verifier)->counts[SEEP_AGREEMENT_DIFFERENT];
}

/* Its loader changes its list of libraries. There are two events for each change, and one rescan. */
static void on_library(void *context, const struct seep_library_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target = seep_targets_of(tracer->targets, event->process);

	if (target)
		target->stale = true;
}

/* Is every target refused, and does none come? Then the trace ends. */
static void give_up_if_all_refused(struct seep_tracer *tracer)
{
	const struct watch *watch;

	if (!tracer->watches || tracer->stopped_ns || tracer->gave_up ||
	    seep_scope_is_open(tracer->config.scope) ||
	    !seep_targets_want_functions_only(tracer->targets))
		return;
	LL_FOREACH(tracer->watches, watch)
	{
		if (!watch->target->refusal)
			return;
	}
	tracer->gave_up = true;
	seep_error("nothing is left that could be traced");
	tracer->config.on_empty(tracer->config.context);
}

/* A thread of it came to something that the return of a probed function fails with. */
static void on_hazard(void *context, const struct seep_hazard_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target = seep_targets_of(tracer->targets, event->process);
	enum seep_refusal refusal = SEEP_REFUSAL_NONE + 1;

	while (refusal < SEEP_REFUSAL_COUNT && !(event->hazards & SEEP_REFUSAL_BIT(refusal)))
		refusal++;
	if (target && refusal < SEEP_REFUSAL_COUNT)
		seep_targets_refuse(tracer->targets, target, refusal);
}

/* The thread that the probes of a target were bound to ends; the others go on. */
static void on_unbound(void *context, const struct seep_unbound_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target = seep_targets_of(tracer->targets, event->process);
	int error;

	if (!target || tracer->stopped_ns)
		return;
	error = seep_targets_rebind(tracer->targets, target, (pid_t)event->thread);
	/* Until here perf events ran nothing; links did, and their probes stayed. */
	if (error || tracer->features.variant == SEEP_ATTACH_PERF)
		tracer->losses[SEEP_LOSS_LEADER_EXITS]++;
	target->stale = true;
}

/* New files of a live target: plugins that were loaded, or all of them after an exec. */
int seep_follow_rescan(struct seep_tracer *tracer, struct seep_target *target)
{
	return seep_targets_rescan(tracer->targets, target,
				   &tracer->losses[SEEP_LOSS_MISSED_ATTACH]);
}

/* --- processes that have exited ------------------------------------------------------------------ */

/* So many ended processes are reaped at once, as each time takes a pass over the maps. */
#define MAX_DYING     256
#define REAP_PAUSE_NS (500 * SEEP_NS_PER_MS)

static void on_frozen(void *context, struct seep_record *record)
{
	struct seep_tracer *tracer = context;

	seep_jit_reap(tracer->jit, record);
}

void seep_follow_reap(struct seep_tracer *tracer)
{
	int error = seep_processes_freeze(tracer->processes, tracer->kernel,
					  tracer->config.min_age_ns, on_frozen, tracer);

	if (error)
		seep_warn("cannot keep all numbers of processes that ended: %s", strerror(-error));
	else
		seep_targets_release(tracer->targets);
	tracer->losses[SEEP_LOSS_DROPPED_PROCESSES] += seep_processes_forget(tracer->processes);
	seep_loop_remove(tracer->loop, tracer->reap_source);
	tracer->reap_source = NULL;
}

static int on_reap(void *context, uint64_t value)
{
	(void)value;
	seep_follow_reap(context);
	return 0;
}

/* The process of @record is gone: it is reaped soon, with others. */
static void note_exit(struct seep_tracer *tracer, struct seep_record *record)
{
	int error = 0;

	seep_processes_end(tracer->processes, record, seep_clock_monotonic_ns());
	if (!tracer->reap_source)
		error = seep_loop_add_timer(tracer->loop, REAP_PAUSE_NS, 0, on_reap, tracer,
					    &tracer->reap_source);
	if (error || seep_processes_dying(tracer->processes) >= MAX_DYING)
		seep_follow_reap(tracer);
}

/* --- exec -------------------------------------------------------------------------------------- */

/*
 * The target became process id @id: its old image, if there was one, is final. @unbound: its probes may
 * not have come along.
 */
static void follow_exec(struct seep_tracer *tracer, struct seep_target *target, uint32_t id,
			const char *comm, bool unbound)
{
	bool launched = target->record->before_exec, late = target->late;
	int added;

	/* Its probes have come along: before it maps what it will translate they must be gone. */
	seep_targets_recheck(tracer->targets, target);
	if (!launched)
		note_exit(tracer, target->record);
	seep_verifier_forget(tracer->verifier, target->process);
	if (seep_targets_replace(tracer->targets, target, id, comm, unbound))
		return;
	added = seep_follow_rescan(tracer, target);
	/* Of one that has ended meanwhile nobody knows what files it had. */
	if (added > 0 || late ||
	    (added == -ESRCH && !tracer->config.from_start &&
	     tracer->config.kinds & SEEP_KIND_BIT(SEEP_KIND_MEMORY)))
		tracer->losses[SEEP_LOSS_MISSED_EXEC]++;
}

static void on_exec(void *context, const struct seep_exec_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target = seep_targets_of(tracer->targets, event->old_process);
	char comm[SEEP_COMM_BYTES];

	if (!target)
		return;
	memcpy(comm, event->comm, sizeof(comm));
	comm[sizeof(comm) - 1] = '\0';
	follow_exec(tracer, target, event->new_process, comm, event->by_other);
}

/* An exec whose event the full ring buffer lost still shows in the table of processes. */
void seep_follow_catch_up(struct seep_tracer *tracer)
{
	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		struct seep_target *target = watch->target;
		uint32_t id = seep_kernel_process_id(tracer->kernel, target->slot);

		if (id != target->process)
			follow_exec(tracer, target, id, NULL, true);
	}
}

/* Has BPF announce all files that the process maps. */
static void announce_files(void *context, pid_t pid, uint32_t process)
{
	struct seep_tracer *tracer = context;
	const struct seep_target *target = seep_targets_of(tracer->targets, process);

	if (seep_kernel_preload(tracer->kernel, pid, process))
		seep_debug("cannot look through the mappings of process %d", pid);
	/* BPF may know them, and only we do not know what is behind these mappings. */
	if (target)
		seep_files_meet_mapped(tracer->files, target);
}

/* A library was loaded: probes first, so that nothing is missed, then its unwind table. */
static void rescan_stale(struct seep_tracer *tracer)
{
	for (struct watch *watch = tracer->watches; watch; watch = watch->next) {
		struct seep_target *target = watch->target;
		int added;

		if (!target->stale || tracer->stopped_ns)
			continue;
		target->stale = false;
		added = seep_follow_rescan(tracer, target);
		if (added <= 0)
			continue;
		seep_targets_preload(tracer->targets, target);
		seep_debug("process %d: %d more functions are traced", target->pid, added);
	}
}

/* Takes what the ring buffer holds; then BPF may see the tables that this made. */
void seep_follow_drain(struct seep_tracer *tracer)
{
	seep_verifier_begin(tracer->verifier);
	seep_tables_drain(tracer->tables);
	rescan_stale(tracer);
	if (seep_rewalk_run(tracer->rewalk, announce_files, tracer)) {
		seep_tables_drain(tracer->tables);
		seep_rewalk_run(tracer->rewalk, announce_files, tracer);
	}
	seep_jit_look(tracer->jit);
}

int seep_follow_on_events(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	seep_follow_drain(tracer);
	/* The exec of a launched command is what everything else waits for: look even if it was lost. */
	if (tracer->launch)
		seep_follow_catch_up(tracer);
	give_up_if_all_refused(tracer);
	return 0;
}

/* --- targets ----------------------------------------------------------------------------------- */

static void unlink_watch(struct seep_tracer *tracer, struct watch *watch)
{
	LL_DELETE(tracer->watches, watch);
	seep_loop_remove(tracer->loop, watch->source);
	free(watch);
}

/* Lets go of a target that has ended, or left the scope. */
static void lose(struct seep_tracer *tracer, struct watch *watch)
{
	struct seep_target *target = watch->target;

	note_exit(tracer, target->record);
	seep_verifier_forget(tracer->verifier, target->process);
	unlink_watch(tracer, watch);
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
	seep_follow_catch_up(tracer);
	seep_debug("process %d (%s) ended", watch->target->pid,
		   watch->target->record->process.comm);
	lose(tracer, watch);
	return 0;
}

int seep_follow_watch(struct seep_tracer *tracer, struct seep_target *target)
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
	return 0;
}

void seep_follow_unwatch_all(struct seep_tracer *tracer)
{
	while (tracer->watches)
		unlink_watch(tracer, tracer->watches);
}

/* --- the scope --------------------------------------------------------------------------------- */

/* Attaches to a process that BPF took into the scope. -ESRCH: it ended meanwhile, unseen. */
static int attach_adopted(struct seep_tracer *tracer, struct seep_target *target, bool forked)
{
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

static void on_process(void *context, const struct seep_process_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_record *record = NULL;
	struct seep_target *target = NULL;
	int error = seep_targets_adopt(tracer->targets, event, &target, &record);

	if (!error)
		error = attach_adopted(tracer, target, event->parent != 0);
	/* With probes everywhere even one that is gone by now was seen. */
	if (error == -ESRCH && !tracer->config.from_start)
		tracer->losses[SEEP_LOSS_MISSED_PROCESSES]++;
	else if (error && error != -ESRCH)
		tracer->losses[SEEP_LOSS_UNTRACED_PROCESSES]++;
	/* Also one that has ended is watched: that it has is noticed at once. */
	if (target)
		error = seep_follow_watch(tracer, target);
	else if (record)
		note_exit(tracer, record);
	if (target && error)
		tracer->losses[SEEP_LOSS_UNTRACED_PROCESSES]++;
}

static struct watch *watch_of(struct seep_tracer *tracer, pid_t pid)
{
	struct watch *watch;

	LL_SEARCH_SCALAR(tracer->watches, watch, target->pid, pid);
	return watch;
}

int seep_follow_add(struct seep_tracer *tracer, pid_t pid)
{
	struct seep_target *target;
	int error = seep_targets_add(tracer->targets, pid, true, &target);

	if (error)
		return error;
	seep_debug("process %d (%s) came into the scope", pid, target->record->process.comm);
	return seep_follow_watch(tracer, target);
}

/* A process was moved to another cgroup: perhaps into ours, or out of it. */
static void on_cgroup(void *context, const struct seep_cgroup_event *event)
{
	struct seep_tracer *tracer = context;
	pid_t pid = (pid_t)event->pid;
	struct watch *watch = watch_of(tracer, pid);
	bool belongs = seep_scope_contains(tracer->config.scope, pid);

	if (belongs && !watch) {
		seep_follow_add(tracer, pid);
	} else if (!belongs && watch) {
		seep_debug("process %d left the cgroup", pid);
		lose(tracer, watch);
	}
}

struct seep_kernel_events seep_follow_events(struct seep_tracer *tracer)
{
	return (struct seep_kernel_events){
		.stack = on_stack,
		.file = on_file,
		.exec = on_exec,
		.table = on_table,
		.copy = on_copy,
		.process = on_process,
		.cgroup = on_cgroup,
		.library = on_library,
		.hazard = on_hazard,
		.unbound = on_unbound,
		.context = tracer,
	};
}
