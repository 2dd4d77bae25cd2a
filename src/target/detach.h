/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes probes away: of one target, or of all at the end of the trace. */
#ifndef SEEP_TARGET_DETACH_H
#define SEEP_TARGET_DETACH_H

#include "target/targets.h"

/* Stops counting everywhere at once, then removes the probes; the targets stay known. */
void seep_targets_detach(struct seep_targets *targets);

/* Takes the probes of a target away, and not in the background: until they are closed they may do
 * harm. */
void seep_target_drop_probes(struct seep_target *target);

#endif
