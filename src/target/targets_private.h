/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the targets, for targets.c (the table and the probes) and enrol.c (who comes into it). */
#ifndef SEEP_TARGET_TARGETS_PRIVATE_H
#define SEEP_TARGET_TARGETS_PRIVATE_H

#include "proc/maps.h"
#include "proc/process.h"
#include "target/targets.h"

struct seep_targets {
	struct seep_targets_config config;
	struct seep_target *by_slot[SEEP_MAX_PROCESSES];
	struct seep_probes shared; /* in all processes, if config.shared_probes */
	struct seep_translators *translators;
	uint64_t num_refused; /* so far */
	size_t num_retired;   /* slots of removed targets */
	uint32_t retired[SEEP_MAX_PROCESSES];
};

/* A target without a slot, with the descriptor of the process that @info is of. 0 or -errno. */
int seep_target_alloc(const struct seep_proc_info *info, struct seep_target **ret_target);
void seep_target_free(struct seep_target *target);
/* Puts a target that has a slot into the table. */
void seep_target_enter(struct seep_targets *targets, struct seep_target *target);
/*
 * Takes a slot for the process: known to the kernel, no probes yet, not counting. 0; -EALREADY if BPF
 * has just taken it into the scope; another -errno.
 */
int seep_target_new(struct seep_targets *targets, const struct seep_proc_info *info,
		    struct seep_target **ret_target);

/* Why @target, which maps @maps now, may not be probed, or NONE. */
enum seep_refusal seep_target_check(struct seep_targets *targets, const struct seep_target *target,
				    const struct seep_maps *maps);

/* Takes its probes away, and not in the background: until they are closed they may do harm. */
void seep_target_drop_probes(struct seep_target *target);
/* Finds the thread that new probes are bound to. */
void seep_target_bind(struct seep_targets *targets, struct seep_target *target);

/* Looks at a file once per target. Functions that were attached, or -errno. */
int seep_target_consider_file(struct seep_targets *targets, struct seep_target *target,
			      const struct seep_file *file, uint64_t *missed);
/* Notes a file of the target, once. 0 or -ENOMEM. */
int seep_target_note_file(struct seep_target *target, const struct seep_file *file);

#endif
