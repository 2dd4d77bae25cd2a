/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of Go's runtime in one process, from one reading to the next. */
#ifndef SEEP_MANAGED_FIGURES_H
#define SEEP_MANAGED_FIGURES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "golang/runtime.h"
#include "model/go_figures.h"

/* All zeros: nothing was read yet. */
struct seep_tracked_figures {
	bool known; /* of the last reading */
	bool refused;
	bool warned;
	unsigned int failures; /* to understand the runtime */
	struct seep_go_figures figures;
	/* The first reading, for the rate of collections. */
	uint64_t first_ns; /* CLOCK_MONOTONIC; 0: none yet */
	uint64_t first_collections;
};

/*
 * Reads those of @pid at @now_ns. What cannot be read is not known, and warned of once; a runtime
 * that is not understood is soon not tried again.
 */
void seep_tracked_figures_read(struct seep_tracked_figures *tracked, struct seep_go *go, pid_t pid,
			       uint64_t now_ns);

/* Takes a reading in that succeeded. */
void seep_tracked_figures_take(struct seep_tracked_figures *tracked,
			       const struct seep_go_figures *figures, uint64_t now_ns);

#endif
