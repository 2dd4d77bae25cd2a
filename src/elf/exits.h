/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every place at which a function returns to its caller, for probes that see a return without
 * replacing the return address on the stack: its return instructions, those of code that the
 * compiler has moved away (".cold"), and those of functions that it leaves to by a jump (tail
 * calls).
 *
 * Either all of them are found, or the function is refused with a reason: a jump through a register
 * or a variable may lead anywhere. Only a switch is known to stay in the function. A place that
 * other functions share is harmless: whoever is probed there checks whose return it is.
 */
#ifndef SEEP_ELF_EXITS_H
#define SEEP_ELF_EXITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/extents.h"
#include "elf/image.h"

/* The largest functions of allocators have some 20; more would be somebody else's code. */
#define SEEP_EXITS_MAX 96
/* Jumps to functions that the caller of seep_exits_find knows. */
#define SEEP_EXITS_MAX_TAILS 16

struct seep_exits {
	size_t count;
	uint64_t addresses[SEEP_EXITS_MAX]; /* of return instructions, ascending */
	size_t num_tails;
	/* Where they lead: to a function or a stub; through a variable: the jump itself. */
	uint64_t tails[SEEP_EXITS_MAX_TAILS];
	const char *reason; /* why they cannot be found, of -ENOTSUP */
};

struct seep_exits_query {
	const struct seep_image *image;
	const struct seep_extents *extents;
	uint64_t address; /* of the function */
	uint64_t size;	  /* bytes as its symbol says, or 0 */
	/*
	 * Is *address another function, whose return is seen by other means, or a stub of the
	 * procedure linkage table? Then a jump there is a tail, and the code there is not looked
	 * at. A stub that leads to a function of the same file may be replaced by that one.
	 */
	bool (*leaves)(void *context, uint64_t *address);
	/* Does a call of @address, or of the stub there, never return? For elf/result.h only. */
	bool (*is_final)(void *context, uint64_t address);
	void *context;
};

/* 0; -ENOTSUP with the reason in *ret_exits; -ENOMEM. */
int seep_exits_find(const struct seep_exits_query *query, struct seep_exits *ret_exits);

#endif
