/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace from end to end: finds out what the kernel can do, loads the programs, attaches to the
 * targets, follows what happens to them, and takes snapshots. Everything runs on the thread of the
 * event loop.
 *
 * Steps: new; add_pid (any number of times), add_scope or launch; start; snapshot, as often as
 * wanted; stop; free.
 */
#ifndef SEEP_TRACE_TRACER_H
#define SEEP_TRACE_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/loop.h"
#include "model/allocators.h"
#include "model/filter.h"
#include "model/limits.h"
#include "model/snapshot.h"
#include "probe/files.h"
#include "probe/probing.h"
#include "stack/tables.h"
#include "symbol/symbolizer.h"
#include "target/scope.h"

struct seep_tracer;

struct seep_tracer_config {
	/* These five must outlive the tracer. */
	const struct seep_scope *scope;
	const struct seep_allocators *allocators;
	const struct seep_filter *filter;
	const struct seep_limits *limits;
	const struct seep_probing *probing;
	bool judge;	      /* the sites: see trace/assessor.h */
	uint64_t interval_ns; /* between reports; the overhead is measured as often */
	/* Called once when the last target has ended, unless the scope is open. */
	void (*on_empty)(void *context);
	void *context;
};

/* 0, or -errno after saying what is wrong and what to do. @loop must outlive the tracer. */
int seep_tracer_new(const struct seep_tracer_config *config, struct seep_loop *loop,
		    struct seep_tracer **ret_tracer);
void seep_tracer_free(struct seep_tracer *tracer);

/* Attaches to a running process. 0, or -errno after saying what is wrong. */
int seep_tracer_add_pid(struct seep_tracer *tracer, pid_t pid);

/* Attaches to all processes that an open scope has now. 0 or -errno after saying what is wrong. */
int seep_tracer_add_scope(struct seep_tracer *tracer);

/*
 * Starts @command (NULL-terminated) and traces it from its first instruction on. 0, or -errno after
 * saying what is wrong.
 */
int seep_tracer_launch(struct seep_tracer *tracer, char *const *command);
/* What waitpid told of the launched command. 0; -EAGAIN while it runs; -ENOENT if none was. */
int seep_tracer_launch_status(struct seep_tracer *tracer, int *ret_status);

/* Begins to follow events on the loop; lets a launched command go. 0 or -errno. */
int seep_tracer_start(struct seep_tracer *tracer);

/* Removes all probes; counters stand still from here on. */
void seep_tracer_stop(struct seep_tracer *tracer);

/* Did the trace end because nothing that was left could be traced without harm? */
bool seep_tracer_gave_up(const struct seep_tracer *tracer);

/* See seep_collector_take. */
int seep_tracer_snapshot(struct seep_tracer *tracer, bool final,
			 const struct seep_snapshot **ret_snapshot);
struct seep_symbolizer *seep_tracer_symbolizer(struct seep_tracer *tracer);
/* The unwind tables of all files met so far: see seep_tables_each. */
const struct seep_tables *seep_tracer_tables(const struct seep_tracer *tracer);

/* Says how many stacks were checked with libdw and what came of it, if that was asked for. */
void seep_tracer_tell_verified(const struct seep_tracer *tracer);

/* Numbers for a status line. */
struct seep_tracer_status {
	uint64_t events;
	uint64_t live[SEEP_KIND_COUNT]; /* bytes, of threads and descriptors objects */
	uint64_t losses; /* sum of all loss counters that stand for something missed */
};
int seep_tracer_status(struct seep_tracer *tracer, struct seep_tracer_status *ret_status);

#endif
