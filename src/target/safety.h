/* SPDX-License-Identifier: GPL-2.0-only */
/* Which targets may not be probed, and why: docs/developers/safety.md. */
#ifndef SEEP_TARGET_SAFETY_H
#define SEEP_TARGET_SAFETY_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/maps.h"
#include "seep/refusals.h"
#include "target/targets.h"

/* Why @target, which maps @maps now, may not be probed, or NONE. */
enum seep_refusal seep_target_check(struct seep_targets *targets, const struct seep_target *target,
				    const struct seep_maps *maps);

/*
 * Takes the probes of the target away for good, until it becomes another program: they would harm
 * it. Says so, and counts it.
 */
void seep_targets_refuse(struct seep_targets *targets, struct seep_target *target,
			 enum seep_refusal refusal);

/* Takes the probes away if its program, of which nothing else is known yet, is a translator. */
void seep_targets_recheck(struct seep_targets *targets, struct seep_target *target);

/* The first of @hazards (SEEP_REFUSAL_BIT of each), or NONE. */
enum seep_refusal seep_refusal_of(uint32_t hazards);
/* A process may not be probed: the sentence about it. */
const char *seep_refusal_text(enum seep_refusal refusal);

/* Its name in doctor. */
const char *seep_refusal_key(enum seep_refusal refusal);

/* Is the program at @path one that translates code? Then its first probes could end it. */
bool seep_targets_translates(struct seep_targets *targets, const char *path);

/* How many were refused so far. */
uint64_t seep_targets_num_refused(const struct seep_targets *targets);

#endif
