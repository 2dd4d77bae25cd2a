// SPDX-License-Identifier: GPL-2.0-only
/*
 * The receivers of the kernel's events, and what is done once the ring buffer is empty: libraries
 * that came are probed, stacks that had to wait are walked, files of code made at run time are
 * looked for. seep_follow_drain is called by the event loop and before every snapshot; what one
 * drain does is bounded by the ring buffer.
 */
#include "trace/follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/units.h"
#include "target/attach.h"
#include "target/binding.h"
#include "target/file_events.h"
#include "target/rescan.h"
#include "target/safety.h"
#include "trace/lifecycle.h"
#include "trace/membership.h"
#include "trace/tracer_private.h"

static void on_stack(void *context, const struct seep_stack_event *event)
{
	struct seep_tracer *tracer = context;
	const struct seep_stack *stack;

	/* Without memory its sites are reported without frames. */
	if (seep_stacks_add(tracer->stacks, event))
		tracer->losses[SEEP_LOSS_STACKS_UNSENT]++;
	stack = seep_stacks_get(tracer->stacks, event->stack);
	/* Frames of no file are a reason to look for the names of code made at run time. */
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
	/* The tables learn the id even without a file: BPF then does not wait for a table of it. */
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

	/* Shown to BPF by the flush at the end of this drain. */
	seep_tables_again(tracer->tables, event->file);
}

/* A stack to be walked by ourselves, once more or later. */
static void on_copy(void *context, const struct seep_copy_event *event)
{
	struct seep_tracer *tracer = context;
	const struct seep_target *target = seep_targets_of(tracer->targets, event->process);

	/* One copy may serve both purposes. */
	if (target && event->purpose & SEEP_COPY_WALK &&
	    seep_rewalk_add(tracer->rewalk, target->pid, event))
		seep_debug("no memory to walk a stack later");
	if (!tracer->verifier || !(event->purpose & SEEP_COPY_VERIFY))
		return;
	/* Without a target its mappings cannot be read; the stack still counts as not compared. */
	seep_verifier_check(tracer->verifier, target ? target->pid : 0, event);
	tracer->losses[SEEP_LOSS_STACK_DISAGREEMENTS] =
		seep_verifier_counts(tracer->verifier)->counts[SEEP_AGREEMENT_DIFFERENT];
}

/* Its loader changes its list of libraries. There are two events for each change, and one rescan.
 */
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

	/* A trace that still has something to count, or whose scope is open, goes on. */
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
	seep_error("no process is left that can be traced");
	tracer->config.on_empty(tracer->config.context);
}

/* A thread of it came to something that the return of a probed function fails with. */
static void on_hazard(void *context, const struct seep_hazard_event *event)
{
	struct seep_tracer *tracer = context;
	struct seep_target *target = seep_targets_of(tracer->targets, event->process);
	enum seep_refusal refusal = seep_refusal_of(event->hazards);

	if (target && refusal)
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

int seep_follow_rescan(struct seep_tracer *tracer, struct seep_target *target)
{
	return seep_targets_rescan(tracer->targets, target,
				   &tracer->losses[SEEP_LOSS_MISSED_ATTACH]);
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

		/* Libraries that come while the probes go are not probed any more. */
		if (!target->stale || tracer->stopped_ns)
			continue;
		target->stale = false;
		added = seep_follow_rescan(tracer, target);
		/* Without new functions the tables are made when BPF meets the file in a stack. */
		if (added <= 0)
			continue;
		seep_targets_preload(tracer->targets, target);
		seep_debug("process %d: %d more functions are traced", target->pid, added);
	}
}

/*
 * The order: tables for files of these events, probes in libraries that came, then the stacks that
 * have waited for a table. Files that these bring are drained and walked once more.
 */
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

void seep_follow_drain_stacks(void *context)
{
	struct seep_tracer *tracer = context;

	seep_tables_drain(tracer->tables);
	/* What is missing yet is asked for by the next drain. */
	seep_rewalk_run(tracer->rewalk, NULL, NULL);
}

int seep_follow_on_events(void *context, uint64_t value)
{
	struct seep_tracer *tracer = context;

	(void)value;
	seep_follow_drain(tracer);
	/* The exec of a launched command is what everything else waits for: look even if it was
	 * lost. */
	if (tracer->launch)
		seep_lifecycle_catch_up(tracer);
	give_up_if_all_refused(tracer);
	return 0;
}

struct seep_kernel_events seep_follow_events(struct seep_tracer *tracer)
{
	return (struct seep_kernel_events){
		.stack = on_stack,
		.file = on_file,
		.exec = seep_lifecycle_on_exec,
		.table = on_table,
		.copy = on_copy,
		.process = seep_membership_on_process,
		.cgroup = seep_membership_on_cgroup,
		.library = on_library,
		.hazard = on_hazard,
		.unbound = on_unbound,
		.budget = seep_governor_on_budget,
		.context = tracer,
	};
}
