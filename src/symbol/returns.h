/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the return of a traced function is seen, without harm to the program.
 *
 * A return probe replaces the return address on the stack. Whatever passes such a frame other than
 * by a return - an exception, the cancellation of a thread, a longjmp, a switch of stacks - may
 * find the replaced address and end the program. So only allocators of C have return probes:
 * nothing passes them. What may be passed is probed at its return instructions, where the stack
 * stays as it is. The user may say of a function of his that nothing passes it
 * (seep_allocator.return_probe).
 */
#ifndef SEEP_SYMBOL_RETURNS_H
#define SEEP_SYMBOL_RETURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/exits.h"
#include "elf/image.h"
#include "model/allocators.h"
#include "symbol/search.h"

enum seep_return_way {
	SEEP_RETURN_UNUSED, /* the entry tells everything */
	SEEP_RETURN_PROBE,  /* by a return probe */
	SEEP_RETURN_EXITS,  /* by probes at its return instructions */
	SEEP_RETURN_PASSED, /* all that it gives out was given out by another traced function */
	SEEP_RETURN_UNSEEN, /* in no way that is safe */
};

struct seep_return {
	enum seep_return_way way;
	struct seep_exits exits; /* EXITS; UNSEEN: the reason */
	const char *leads_to;	 /* UNSEEN: the function that it ends in by a jump, or NULL */
};

struct seep_returns;

/* For the functions that @search has found in @image; all three must outlive it. 0 or -ENOMEM. */
int seep_returns_new(const struct seep_allocators *allocators, const struct seep_image *image,
		     const struct seep_search *search, struct seep_returns **ret_returns);
void seep_returns_free(struct seep_returns *returns);

/* How the return of @found is seen. 0 or -ENOMEM. */
int seep_returns_of(struct seep_returns *returns, const struct seep_found *found,
		    struct seep_return *ret_return);

#endif
