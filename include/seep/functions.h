/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The traced functions: one line each, used by the attach code, the reports and the documentation.
 *
 * X(name, role, size argument, count argument, pointer argument). Arguments count from 1, 0 means
 * that there is none. What the roles do is described at enum seep_role.
 */
#ifndef SEEP_FUNCTIONS_H
#define SEEP_FUNCTIONS_H

/*
 * ALLOC    returns a block of size (times count) bytes, or NULL
 * OUT      returns 0 and stores the block through the pointer argument, or an errno
 * REALLOC  takes the block of the pointer argument, returns its successor, or NULL on failure
 * FREE     takes the block of the pointer argument
 */
enum seep_role {
	SEEP_ROLE_ALLOC,
	SEEP_ROLE_OUT,
	SEEP_ROLE_REALLOC,
	SEEP_ROLE_FREE,
};

#define SEEP_MEMORY_FUNCTIONS(X)                                                                   \
	X(malloc, ALLOC, 1, 0, 0)                                                                  \
	X(calloc, ALLOC, 2, 1, 0)                                                                  \
	X(realloc, REALLOC, 2, 0, 1)                                                               \
	X(reallocarray, REALLOC, 3, 2, 1)                                                          \
	X(posix_memalign, OUT, 3, 0, 1)                                                            \
	X(aligned_alloc, ALLOC, 2, 0, 0)                                                           \
	X(memalign, ALLOC, 2, 0, 0)                                                                \
	X(valloc, ALLOC, 1, 0, 0)                                                                  \
	X(pvalloc, ALLOC, 1, 0, 0)                                                                 \
	X(free, FREE, 0, 0, 1)                                                                     \
	X(cfree, FREE, 0, 0, 1)

#endif
