/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of a tracer, for tracer.c (its life) and follow.c (what happens to the targets while it
 * runs).
 */
#ifndef SEEP_TRACE_TRACER_PRIVATE_H
#define SEEP_TRACE_TRACER_PRIVATE_H

#include <sys/resource.h>

#include "inventory/inventory.h"
#include "kernel/address_space.h"
#include "kernel/events.h"
#include "kernel/kernel.h"
#include "kernel/processes.h"
#include "probe/files.h"
#include "stack/rewalk.h"
#include "stack/stacks.h"
#include "stack/tables.h"
#include "stack/verify.h"
#include "target/jit.h"
#include "target/launch.h"
#include "target/processes.h"
#include "target/targets.h"
#include "trace/assessor.h"
#include "trace/collect.h"
#include "trace/overhead.h"
#include "trace/tracer.h"

/* A target as the event loop sees it. */
struct watch {
	struct seep_tracer *tracer;
	struct seep_target *target;
	struct seep_loop_source *source;
	struct watch *next;
};

struct seep_tracer {
	struct seep_tracer_config config;
	struct seep_loop *loop;
	struct seep_features features;
	struct seep_kernel *kernel;
	struct seep_symbolizer *symbolizer;
	struct seep_files *files;
	struct seep_tables *tables;
	struct seep_stacks *stacks;
	struct seep_rewalk *rewalk;
	struct seep_processes *processes;
	struct seep_inventory *inventory;
	struct seep_assessor *assessor; /* NULL: nothing is judged */
	struct seep_targets *targets;
	struct seep_jit *jit;
	struct seep_verifier *verifier; /* NULL: not asked for */
	struct seep_overhead_meter *overhead;
	struct seep_collector *collector;
	struct seep_launch *launch;
	struct rlimit descriptor_limit; /* as we were given it */
	bool gave_up;			/* nothing that is left may be traced */
	struct watch *watches;
	struct seep_loop_source *events_source;
	struct seep_loop_source *open_source;
	struct seep_loop_source *close_source;
	struct seep_loop_source *reap_source; /* NULL: nothing is to be reaped */
	uint64_t losses[SEEP_LOSS_COUNT];     /* counted here, not in the kernel */
	uint64_t stopped_ns;		      /* since when no probe counts any more; 0: they do */
};

/* The receivers of the kernel's events. */
struct seep_kernel_events seep_follow_events(struct seep_tracer *tracer);
/* Takes what the ring buffer holds; then BPF may see the unwind tables that this made. */
void seep_follow_drain(struct seep_tracer *tracer);
/* Drains whenever there are events. The function of a loop source. */
int seep_follow_on_events(void *context, uint64_t value);
/* Notices execs whose events the full ring buffer lost. */
void seep_follow_catch_up(struct seep_tracer *tracer);
/* Looks for new files of a live target: plugins that were loaded, or all of them after an exec. */
int seep_follow_rescan(struct seep_tracer *tracer, struct seep_target *target);

/* Freezes what has ended, and gives its kernel memory and slots back. Before every snapshot. */
void seep_follow_reap(struct seep_tracer *tracer);
/* Traces a running process because the scope has it. 0 or -errno; nothing is said. */
int seep_follow_add(struct seep_tracer *tracer, pid_t pid);

/* Begins to wait for the end of a target. 0 or -errno. */
int seep_follow_watch(struct seep_tracer *tracer, struct seep_target *target);
/* Waits for nobody's end any more. */
void seep_follow_unwatch_all(struct seep_tracer *tracer);

#endif
