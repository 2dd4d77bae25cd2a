/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes a comparison of two snapshots doubtful: they were not traced alike. */
#ifndef SEEP_MODEL_DOUBT_H
#define SEEP_MODEL_DOUBT_H

#include <stdint.h>

#include "model/snapshot.h"

/*
 * Reasons not to take the numbers at face value, as bits 1 << SEEP_DOUBT_...; X(enum suffix, key in
 * JSON). Two moments of one trace have SAMPLED at most.
 */
#define SEEP_DOUBTS(X)                                                                             \
	X(KINDS, "kinds")     /* a kind was traced in one of them only: it is left out */          \
	X(MIN_AGE, "min_age") /* filters that differ */                                            \
	X(MIN_SIZE, "min_size")                                                                    \
	X(MAX_SIZE, "max_size")                                                                    \
	X(LENGTH, "length")	  /* one was watched for longer */                                 \
	X(ATTACHED, "attached")	  /* one was traced from its beginning, the other one was not */   \
	X(DISJOINT, "disjoint")	  /* no site is in both: other programs? */                        \
	X(PROCESSES, "processes") /* a different number of processes is added up */                \
	X(BUILDS, "builds")	  /* there are sites that were matched by names */                 \
	X(SAMPLED, "sampled")	  /* the memory of one at least is estimated */

enum seep_doubt {
#define SEEP_DOUBT_ENUM(name, key) SEEP_DOUBT_##name,
	SEEP_DOUBTS(SEEP_DOUBT_ENUM)
#undef SEEP_DOUBT_ENUM
	SEEP_DOUBT_COUNT
};

const char *seep_doubt_key(enum seep_doubt doubt);

/*
 * Those of how two snapshots were traced, of the kinds @wanted (bits); all but DISJOINT, BUILDS
 * and SAMPLED, which are known when the snapshots have been compared.
 */
uint32_t seep_doubts_find(const struct seep_snapshot *before, const struct seep_snapshot *after,
			  uint32_t wanted);

#endif
