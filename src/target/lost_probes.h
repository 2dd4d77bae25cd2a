/* SPDX-License-Identifier: GPL-2.0-only */
/* Breakpoints that a target has lost (probe/breakpoints.h): they are counted as a loss. */
#ifndef SEEP_TARGET_LOST_PROBES_H
#define SEEP_TARGET_LOST_PROBES_H

#include <stdbool.h>

#include "probe/files.h"
#include "proc/maps.h"
#include "target/targets.h"

/*
 * Looks for the breakpoints of @file in @mapping of the target and counts those that are missing;
 * with
 * @again they are placed again. What a process does to its own code is no error of ours: nothing is
 * said.
 */
void seep_target_check_breakpoints(struct seep_targets *targets, struct seep_target *target,
				   const struct seep_mapping *mapping, const struct seep_file *file,
				   bool again);

/* At the end, before its probes are removed: counts what was lost since the last report. */
void seep_target_count_lost(struct seep_targets *targets, struct seep_target *target);

#endif
