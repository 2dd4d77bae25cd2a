/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of a target: found in its mappings, probed, and noted. Called when a target is added,
 * when its loader tells of a change, after an exec, and before every report.
 */
#ifndef SEEP_TARGET_RESCAN_H
#define SEEP_TARGET_RESCAN_H

#include <stdint.h>

#include "probe/files.h"
#include "target/targets.h"

/*
 * Looks for files mapped since the last time and attaches to those with traced functions. Number of
 * functions that were added, or -errno (-ESRCH). Files that could not be probed are counted in
 * *missed.
 */
int seep_targets_rescan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed);

/*
 * Probes the functions of one file, once per target. Number of functions that were added, or -errno
 * (-ESRCH, -ENOMEM). A file that could not be probed is counted in *missed.
 */
int seep_target_consider_file(struct seep_targets *targets, struct seep_target *target,
			      const struct seep_file *file, uint64_t *missed);

/* Notes a file of the target, once. 0 or -ENOMEM. */
int seep_target_note_file(struct seep_target *target, const struct seep_file *file);

#endif
