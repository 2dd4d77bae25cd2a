/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes below the traced ones that are not traced themselves: how many there are, and how they
 * grow, so that a report can say what it does not see. One thread.
 */
#ifndef SEEP_TARGET_DESCENDANTS_H
#define SEEP_TARGET_DESCENDANTS_H

#include "base/buffer.h"
#include "model/snapshot.h"

struct seep_descendants;

/* 0 or -ENOMEM. */
int seep_descendants_new(struct seep_descendants **ret_descendants);
void seep_descendants_free(struct seep_descendants *descendants);

/*
 * Takes the memory of those below @processes, which are all that are traced. Looks for new ones by
 * going over /proc, for a fiftieth of the time at most. What cannot be read is left out.
 */
void seep_descendants_read(struct seep_descendants *descendants,
			   const struct seep_process *processes, size_t num_processes);

/*
 * How much those below @process have grown since they were first seen, bytes; also what has ended.
 * SEEP_UNKNOWN if there never was one.
 */
uint64_t seep_descendants_grown(const struct seep_descendants *descendants,
				const struct seep_process *process);

/* How many there are now. */
uint64_t seep_descendants_num(const struct seep_descendants *descendants,
			      const struct seep_process *process);

/* Appends "worker 7, worker 9 and 3 more": those first that have grown most. Clean. */
void seep_descendants_append(struct seep_buffer *buffer, const struct seep_descendants *descendants,
			     const struct seep_process *process);

#endif
