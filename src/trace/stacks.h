/* SPDX-License-Identifier: GPL-2.0-only */
/* Every stack that came through the ring buffer, once, by its hash. */
#ifndef SEEP_TRACE_STACKS_H
#define SEEP_TRACE_STACKS_H

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_stacks;

/* 0 or -ENOMEM. */
int seep_stacks_new(struct seep_stacks **ret_stacks);
void seep_stacks_free(struct seep_stacks *stacks);

/* Keeps a stack that BPF sent. 0 or -ENOMEM; one that is known already is ignored. */
int seep_stacks_add(struct seep_stacks *stacks, const struct seep_stack_event *event);

/*
 * The stack with this hash; without frames as long as they have not arrived. NULL when memory is
 * out. Belongs to the table; frames that arrive later appear in it.
 */
const struct seep_stack *seep_stacks_get(struct seep_stacks *stacks, uint64_t hash);

/* The part of a site's id that comes from its stack (see seep_symbolizer_stack_id), cached. */
uint64_t seep_stacks_stable_id(const struct seep_stack *stack, struct seep_symbolizer *symbolizer);

#endif
