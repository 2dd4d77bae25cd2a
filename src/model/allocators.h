/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions that make and release memory and threads, by name: those of seep/functions.h, and
 * what the user has named besides (--alloc, --free).
 */
#ifndef SEEP_MODEL_ALLOCATORS_H
#define SEEP_MODEL_ALLOCATORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seep/abi.h"
#include "seep/functions.h"

/* One function; see seep/functions.h for the arguments. */
struct seep_allocator {
	const char *name; /* as in symbol tables; of SEEP_FAMILY_USER maybe as C++ writes it */
	enum seep_family family;
	enum seep_role role;
	uint8_t size_arg;
	uint8_t count_arg;
	uint8_t pointer_arg;
	uint8_t out_arg;
	enum seep_kind kind; /* of what it makes or releases */
	bool return_probe;   /* of SEEP_FAMILY_USER: nothing passes it but a return */
	uint32_t bytes;	     /* the same: of each block, if no argument is the size; else 0 */
};

/* What people call the family. */
const char *seep_family_text(enum seep_family family);

/* Does what the function does show only when it returns? Of the others the entry is enough. */
bool seep_role_returns(enum seep_role role);

/* May an exception, or what the program's new-handler does, pass the function? */
bool seep_role_throws(enum seep_role role);

/* How many of the first arguments of the function are looked at. */
unsigned int seep_allocator_num_args(const struct seep_allocator *allocator);

struct seep_allocators;

/* The functions of seep/functions.h, of all kinds. 0 or -ENOMEM. */
int seep_allocators_new(struct seep_allocators **ret_allocators);
void seep_allocators_free(struct seep_allocators *allocators);

/*
 * Adds a function as the user describes it, "NAME:KEY=VALUE,...": with @role SEEP_ROLE_ALLOC an
 * allocating one (keys size, count, ptr, out, ret, via), with SEEP_ROLE_FREE a releasing one (ptr).
 * It comes before a built-in function with the same name. 0; -EINVAL and what is wrong in
 * *ret_reason; -ENOMEM.
 */
int seep_allocators_add(struct seep_allocators *allocators, const char *text, enum seep_role role,
			const char **ret_reason);

/*
 * All functions, those of the user first. The position is the rank: of two names of the same code
 * the one with the lower rank counts. Valid until one is added.
 */
size_t seep_allocators_count(const struct seep_allocators *allocators);
size_t seep_allocators_num_user(const struct seep_allocators *allocators);
const struct seep_allocator *seep_allocators_at(const struct seep_allocators *allocators,
						size_t index);

/* From now on only functions of these kinds are found, SEEP_KIND_BIT of each. */
void seep_allocators_select(struct seep_allocators *allocators, uint32_t kinds);
uint32_t seep_allocators_kinds(const struct seep_allocators *allocators);

/* The function with this symbol (@length bytes), or NULL. */
const struct seep_allocator *seep_allocators_find(const struct seep_allocators *allocators,
						  const char *symbol, size_t length);

#endif
