/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arrays that grow at the end, with the items' own type:
 *
 *     SEEP_VECTOR(struct thing) things = {0};
 *     error = SEEP_APPEND(&things, ((struct thing){...}));
 *     free(things.items);
 *
 * An append may move the items, so a pointer to one of them holds up to the next append only.
 * Whoever appends keeps the count below a cap of their own.
 */
#ifndef SEEP_BASE_VECTOR_H
#define SEEP_BASE_VECTOR_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#define SEEP_VECTOR(type)                                                                          \
	struct {                                                                                   \
		type *items;                                                                       \
		size_t count, max;                                                                 \
	}

/* Doubles the room of a full array with items of @size bytes. 0 or -ENOMEM. */
static inline int seep_vector_grow(void **items, size_t *max, size_t size)
{
	size_t new_max = *max ? *max * 2 : 64;
	void *grown = reallocarray(*items, new_max, size);

	if (!grown)
		return -ENOMEM;
	*items = grown;
	*max = new_max;
	return 0;
}

/* 0 or -ENOMEM. The check comes before the call: some arrays grow in the innermost loops. */
#define SEEP_APPEND(vector, item)                                                                  \
	(__builtin_expect((vector)->count == (vector)->max, 0) &&                                  \
			 seep_vector_grow((void **)&(vector)->items, &(vector)->max,               \
					  sizeof(*(vector)->items)) ?                              \
		 -ENOMEM :                                                                         \
		 ((vector)->items[(vector)->count++] = (item), 0))

#endif
