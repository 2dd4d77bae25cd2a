/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stack walked by libdw, from registers and a copy of the stack's memory. Nothing else of the
 * process is read: it runs on, and what its stack holds by now says nothing. One thread.
 */
#ifndef SEEP_STACK_LIBDW_WALK_H
#define SEEP_STACK_LIBDW_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/maps.h"
#include "seep/abi.h"
#include "unwind/compare.h"

/* The files of one process, as libdw knows them. */
struct seep_libdw;

/* Opens the files that @pid has mapped, as @maps says; those that cannot be opened end walks. 0 or
 * -ENOMEM. @maps must outlive the result. */
int seep_libdw_new(pid_t pid, const struct seep_maps *maps, struct seep_libdw **ret_libdw);
void seep_libdw_free(struct seep_libdw *libdw);

/* Is the same code mapped at the same addresses as when it was opened? */
bool seep_libdw_is_current(const struct seep_libdw *libdw, const struct seep_maps *maps);

/* What is walked; it must stay during the walk only. */
struct seep_stack_copy {
	const struct seep_registers *registers;
	const uint8_t *stack; /* from registers->sp on */
	uint32_t stack_bytes;
	bool exact; /* the pc is where the thread was, not behind a call that it is to return from
		     */
};

struct seep_libdw_walk {
	struct seep_unwound walk; /* of places, from the first frame of the copy on */
	bool ran_out;		  /* not whole, because more than was copied is needed */
	struct seep_place places[SEEP_MAX_FRAMES];
	uint64_t addresses[SEEP_MAX_FRAMES]; /* of the places; inside the calling instruction */
};

/* Walks a stack; the walk is not whole where libdw gives up or the copy ends. */
void seep_libdw_walk(struct seep_libdw *libdw, const struct seep_stack_copy *copy,
		     struct seep_libdw_walk *ret_walk);

/* What the code at @address is called in comparisons. */
struct seep_place seep_place_of(const struct seep_maps *maps, uint64_t address);

#endif
