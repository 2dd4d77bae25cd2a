/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of a tracer, for tracer.c (its life), parts.c (what it is made of), follow.c,
 * lifecycle.c and membership.c (what happens to the targets while it runs), windows.c and
 * describe.c.
 */
#ifndef SEEP_TRACE_TRACER_PRIVATE_H
#define SEEP_TRACE_TRACER_PRIVATE_H

#include <sys/resource.h>

#include "inventory/inventory.h"
#include "kernel/address_space.h"
#include "kernel/events.h"
#include "kernel/kernel.h"
#include "kernel/processes.h"
#include "managed/managed.h"
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
#include "trace/governor.h"
#include "trace/overhead.h"
#include "trace/sampled.h"
#include "trace/tracer.h"

/* A target as the event loop sees it. */
struct watch {
	struct seep_tracer *tracer;
	struct seep_target *target;
	struct seep_loop_source *source;
	struct seep_governed governed;
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
	struct seep_managed *managed;
	struct seep_assessor *assessor; /* NULL: nothing is judged */
	struct seep_targets *targets;
	struct seep_jit *jit;
	struct seep_verifier *verifier; /* NULL: not asked for */
	struct seep_overhead_meter *overhead;
	struct seep_sampled *sampled;
	struct seep_collector *collector;
	struct seep_launch *launch;
	struct rlimit descriptor_limit; /* as we were given it */
	bool gave_up;			/* nothing that is left may be traced */
	struct watch *watches;
	struct seep_loop_source *events_source;
	struct seep_loop_source *open_source;
	struct seep_loop_source *close_source;
	struct seep_loop_source *governor_source;
	struct seep_loop_source *reap_source; /* NULL: nothing is to be reaped */
	uint64_t losses[SEEP_LOSS_COUNT];     /* counted here, not in the kernel */
	uint64_t stopped_ns;		      /* since when no probe counts any more; 0: they do */
};

#endif
