/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When is enough known? A trace that looks for a leak ends when one has been certain for a while,
 * and when what grows beside it is known as well or has been waited for long enough.
 */
#ifndef SEEP_VERDICT_PATIENCE_H
#define SEEP_VERDICT_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "verdict/gate.h"

/* Zeroed at first. */
struct seep_patience {
	uint64_t certain_ns; /* that there is a leak: since when, in the time of the trace; 0: it is
				not */
};

/*
 * Takes the findings of the next snapshot into account. True: more time is not likely to change the
 * answer.
 */
bool seep_patience_ends(struct seep_patience *patience, const struct seep_snapshot *snapshot,
			const struct seep_findings *findings);

#endif
