/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Growth stacks: which code of a process first writes to memory that it is newly given, from
 * samples of its page faults. That is not always the code that has asked for the memory.
 */
#ifndef SEEP_WATCH_TOUCHES_H
#define SEEP_WATCH_TOUCHES_H

#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_touch_site {
	struct seep_site site; /* its process and its stack only */
	uint64_t samples;
	double faults; /* that these stand for */
};

/*
 * Why a sample is in no site. X(name and key in JSON, what it means). Those that were never taken
 * are not among the samples.
 */
#define SEEP_TOUCH_LOSSES(X)                                                                       \
	X(skipped, "samples over the allowance, or without room in the ring buffer")               \
	X(returned, "samples of memory that was given back before seep looked at it")              \
	X(crowded, "samples of further stacks when there were too many different ones")

struct seep_touches {
	struct seep_symbolizer *symbolizer; /* of the sites */
	uint64_t samples;		    /* of anonymous memory that is still mapped */
	double faults;			    /* that these stand for */
	uint64_t partial;  /* of the samples, those with a stack that is not whole */
	uint64_t of_files; /* further ones, of memory that has a file */
	uint64_t period;   /* faults that the last sample stands for */
	double open_s;	   /* for so long faults were counted, ... */
	double span_s;	   /* ... in so long a time */
	double cost_ns;	   /* to the process, estimated (watch/pace.h) */
	uint64_t threads_left_out;
#define SEEP_TOUCH_LOSS(name, text) uint64_t name;
	SEEP_TOUCH_LOSSES(SEEP_TOUCH_LOSS)
#undef SEEP_TOUCH_LOSS
	size_t num_sites; /* by faults, the most first */
	const struct seep_touch_site *sites;
};

#endif
