/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the table of targets, for the parts of this room: attach.c (who comes into it),
 * rescan.c (their files), binding.c and detach.c (their probes), safety.c (who is refused).
 */
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
 * Takes a slot for the process: known to the kernel, no probes yet, not counting. 0; -EALREADY if
 * BPF has just taken it into the scope; another -errno.
 */
int seep_target_new(struct seep_targets *targets, const struct seep_proc_info *info,
		    struct seep_target **ret_target);

/* Where the probes of the target are: its own, or those that all processes share. */
struct seep_probes *seep_target_probes(struct seep_targets *targets, struct seep_target *target);

#endif
