/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The thread that the probes of a target are bound to. The kernel binds a link to the memory of one
 * thread: the leader, or another one once the leader has ended.
 */
#ifndef SEEP_TARGET_BINDING_H
#define SEEP_TARGET_BINDING_H

#include <sys/types.h>

#include "target/targets.h"

/* Finds the thread that new probes of the target are bound to. */
void seep_target_bind(struct seep_targets *targets, struct seep_target *target);

/* The thread @ended, which the probes were bound to, ends before the others. 0 or -errno. */
int seep_targets_rebind(struct seep_targets *targets, struct seep_target *target, pid_t ended);

#endif
