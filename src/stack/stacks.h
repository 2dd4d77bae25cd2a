/* SPDX-License-Identifier: GPL-2.0-only */
/* Every stack that came through the ring buffer, once, by its hash (seep/hash.h). */
#ifndef SEEP_STACK_STACKS_H
#define SEEP_STACK_STACKS_H

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_stacks;

/* @symbolizer, which tells which files are the same, must outlive the table. 0 or -ENOMEM. */
int seep_stacks_new(struct seep_symbolizer *symbolizer, struct seep_stacks **ret_stacks);
void seep_stacks_free(struct seep_stacks *stacks);

/* Keeps a stack that BPF sent. 0 or -ENOMEM; one that is known already is ignored. */
int seep_stacks_add(struct seep_stacks *stacks, const struct seep_stack_event *event);

/* The hash of a stack with these frames and this end, as BPF makes it (bpf/unwind.bpf.h). */
uint64_t seep_stacks_hash(const uint64_t *frames, size_t num_frames, enum seep_end end);

/*
 * The stack that BPF sent with the hash @hash turned out to have these frames and this end: from
 * now on it is one with the stack that has them. 0 or -ENOMEM.
 */
int seep_stacks_resolve(struct seep_stacks *stacks, uint64_t hash, const uint64_t *frames,
			size_t num_frames, enum seep_end end);

/*
 * The stack with this hash (if it was resolved, the one it is one with); without frames as long as
 * they have not arrived. NULL when memory is out. Belongs to the table; frames that arrive later
 * appear in it.
 */
const struct seep_stack *seep_stacks_get(struct seep_stacks *stacks, uint64_t hash);

/* The part of a site's id that comes from its stack (see seep_symbolizer_stack_id), cached. */
uint64_t seep_stacks_stable_id(struct seep_stacks *stacks, const struct seep_stack *stack);

#endif
