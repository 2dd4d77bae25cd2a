/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the function is called that takes back what another one hands out: by the pairs of words
 * that people use for it, alloc and free, get and put. A pure table.
 */
#ifndef SEEP_RUNTIME_POOL_NAMES_H
#define SEEP_RUNTIME_POOL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Longer names have no partner. */
#define SEEP_POOL_NAME_MAX 128

/*
 * Writes a name that the partner of @function may have, for @attempt from 0 on; false if there are
 * no more. Which of them exists is for the symbol table to say.
 */
bool seep_pool_partner(const char *function, size_t attempt, char ret_name[SEEP_POOL_NAME_MAX]);

#endif
