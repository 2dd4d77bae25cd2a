/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the files in which targets name the code that they make at run time (proc/jit_file.h), and
 * gives them to the symbolizer. Only for targets with such code in their stacks, and as soon as it
 * shows there: of a process that has ended the file cannot be found any more.
 */
#ifndef SEEP_TARGET_JIT_H
#define SEEP_TARGET_JIT_H

#include "model/snapshot.h"
#include "seep/abi.h"
#include "stack/stacks.h"
#include "symbol/symbolizer.h"
#include "target/processes.h"
#include "target/targets.h"

struct seep_jit;

struct seep_jit_config {
	struct seep_symbolizer *symbolizer;
	struct seep_stacks *stacks;
	struct seep_targets *targets;
};

/* What @config points to must outlive it. 0 or -ENOMEM. */
int seep_jit_new(const struct seep_jit_config *config, struct seep_jit **ret_jit);
void seep_jit_free(struct seep_jit *jit);

/* A stack was seen. */
void seep_jit_note_stack(struct seep_jit *jit, const struct seep_stack *stack);

/* After the ring buffer was drained: looks for the files of targets, if there is a reason to. */
void seep_jit_look(struct seep_jit *jit);

/* Before @snapshot is reported: looks for those that it needs, and lets all of them be read on. */
void seep_jit_prepare(struct seep_jit *jit, const struct seep_snapshot *snapshot);

/*
 * The process of @record has ended, or became another program, and its sites are frozen: names what
 * is in their stacks and lets go of its file.
 */
void seep_jit_reap(struct seep_jit *jit, const struct seep_record *record);

#endif
