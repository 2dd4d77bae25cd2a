/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the symbolizer that knows code of no file: for each process the file in which it
 * names such code, and the frames that were found. A frame keeps the name that it got first; one
 * without a name is looked for again, after the file was read on, which happens once per report at
 * most.
 */
#ifndef SEEP_SYMBOL_JIT_NAMES_H
#define SEEP_SYMBOL_JIT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "symbol/arena.h"
#include "symbol/jit_source.h"
#include "symbol/symbolizer.h"

/* Of all sources together. When it is reached, no file is read on. A last one may go past it. */
#define SEEP_JIT_MEMORY_MAX (512U << 20)

/* Starts zeroed. */
struct seep_jit_names {
	struct seep_jit_process *by_id;
	uint64_t round; /* the present report */
	size_t bytes;	/* of all sources */
};

void seep_jit_names_done(struct seep_jit_names *names);

/* Takes @source, also on failure. 0 or -ENOMEM. */
int seep_jit_names_set(struct seep_jit_names *names, uint32_t id, struct seep_jit_source *source);
void seep_jit_names_drop(struct seep_jit_names *names, uint32_t id);

/* Where a frame of the process is, from outside; not copied. 0 or -ENOMEM. */
int seep_jit_names_know(struct seep_jit_names *names, uint32_t id, uint64_t frame,
			const struct seep_location *location);

/* NULL if there is none. */
struct seep_jit_source *seep_jit_names_source(const struct seep_jit_names *names, uint32_t id);
bool seep_jit_names_is_full(const struct seep_jit_names *names, uint32_t id);

/* Where the raw frame is, or NULL. What it returns, and its strings, are in @arena. */
const struct seep_location *seep_jit_names_find(struct seep_jit_names *names,
						struct seep_arena *arena, uint32_t id,
						uint64_t frame);

#endif
