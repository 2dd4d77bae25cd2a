/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks that BPF could not walk to their end: because they came to a file before its unwind table,
 * right after dlopen say, or to a mapping that it could not look up, while another thread was
 * changing the address space. BPF sends them with their registers and a copy of the stack's memory;
 * they are walked here, by the same steps, and take the place of what BPF had of them. A stack for
 * which that does not succeed stays as it is: its end says what was missing.
 *
 * One thread.
 */
#ifndef SEEP_STACK_REWALK_H
#define SEEP_STACK_REWALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "probe/files.h"
#include "seep/abi.h"
#include "stack/stacks.h"

struct seep_rewalk;

/* @kernel, @stacks and @files must outlive it. 0 or -ENOMEM. */
int seep_rewalk_new(struct seep_kernel *kernel, struct seep_stacks *stacks,
		    const struct seep_files *files, struct seep_rewalk **ret_rewalk);
void seep_rewalk_free(struct seep_rewalk *rewalk);

/* BPF met a file. 0 or -ENOMEM. */
int seep_rewalk_add_file(struct seep_rewalk *rewalk, const struct seep_file_event *event);

/* Keeps a copy, of the process @pid, to be walked later; beyond some MiB the oldest is given up. 0
 * or -ENOMEM. */
int seep_rewalk_add(struct seep_rewalk *rewalk, pid_t pid, const struct seep_copy_event *event);

/*
 * Walks all copies; to be called when BPF has been shown the tables made so far. Those whose tables
 * are still missing are kept for the next time, but not for long. @announce is called for processes
 * with mappings of files that BPF has not met: it has them met, after which this may be called
 * again; NULL: they wait. True if that is worth it.
 */
bool seep_rewalk_run(struct seep_rewalk *rewalk,
		     void (*announce)(void *context, pid_t pid, uint32_t process), void *context);

/* Adds to the counts of ends, as BPF counted them, what walking again has changed. */
void seep_rewalk_correct(const struct seep_rewalk *rewalk, uint64_t ends[SEEP_END_COUNT]);

#endif
