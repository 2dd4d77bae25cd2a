/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks over the stacks of goroutines, and each different stack once. */
#ifndef SEEP_GOLANG_GOROUTINE_STACK_H
#define SEEP_GOLANG_GOROUTINE_STACK_H

#include <stddef.h>
#include <stdint.h>

#include "golang/goroutines.h"

/* Of a goroutine that does not run. */
struct seep_go_frame {
	uint64_t pc;
	uint64_t sp;
	uint64_t limit; /* of its stack: the first address behind */
};

/* So much of a stack is read together with others; more, if it is deeper, alone. */
#define SEEP_GO_WINDOW_BYTES 1024

/* A part of a stack that was copied. */
struct seep_go_window {
	uint64_t start;
	size_t bytes;
	uint8_t copy[SEEP_GO_WINDOW_BYTES];
};

struct seep_go_walker;

/* @go must outlive it. 0 or -ENOMEM. */
int seep_go_walker_new(struct seep_go *go, struct seep_go_walker **ret_walker);
void seep_go_walker_free(struct seep_go_walker *walker);

/*
 * Walks from @frame, whose stack is in @window as far as that goes, and keeps the stack. Its index,
 * or -ENOMEM; -ENOSPC: there are too many.
 */
long seep_go_walker_walk(struct seep_go_walker *walker, const struct seep_go_frame *frame,
			 struct seep_go_window *window, uint64_t created_at);

/* Keeps a stack that is only this address, with this end. As seep_go_walker_walk. */
long seep_go_walker_keep(struct seep_go_walker *walker, uint64_t address, enum seep_end end,
			 uint64_t created_at);

/* How many walks there were, and how many of them came to where goroutines begin. */
size_t seep_go_walker_num_walked(const struct seep_go_walker *walker);
size_t seep_go_walker_num_whole(const struct seep_go_walker *walker);

/* Hands over the stacks, *ret_count of them; the caller frees them and their addresses. */
struct seep_go_stack *seep_go_walker_take(struct seep_go_walker *walker, size_t *ret_count);

/* Is it a goroutine of the runtime's own, by the function that it began with? */
bool seep_go_walker_is_system(struct seep_go_walker *walker, uint64_t start_pc);

#endif
