/* SPDX-License-Identifier: GPL-2.0-only */
/* Settings that bound what a trace holds in the kernel and what it spends on checking itself. */
#ifndef SEEP_MODEL_LIMITS_H
#define SEEP_MODEL_LIMITS_H

#include <stdint.h>

struct seep_limits {
	uint64_t max_objects;  /* tracked at once, of each kind (see seep/kinds.h); fits 32 bits */
	uint64_t stack_depth;  /* frames, 1 to SEEP_MAX_FRAMES */
	uint64_t unwind_bytes; /* of unwind tables in the kernel */
	double max_overhead;   /* of the CPU time of a traced process; INFINITY: see everything */
	uint64_t
		verify_every; /* one in so many stacks is checked with libdw, in 32 bits; 0: none */
};

#endif
