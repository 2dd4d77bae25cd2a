/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live objects of one kind as BPF has them, of all processes: copied in one pass, because the
 * map has no order, and sorted by process.
 */
#ifndef SEEP_INVENTORY_OBJECTS_H
#define SEEP_INVENTORY_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "seep/kinds.h"

struct seep_object_list;

/* What an element begins with; the rest of the kind's struct seep_KEY_object follows. */
struct seep_live_object {
	struct seep_object_key key;
	struct seep_object object;
};

/* Orders of the objects of one process, for qsort. */
int seep_live_object_by_id(const void *left, const void *right);
int seep_live_object_by_age(const void *left, const void *right); /* the oldest first */

/* Reads all objects of @kind. The caller frees the list. 0 or -errno. */
int seep_object_list_read(const struct seep_kernel *kernel, enum seep_kind kind,
			  int (*order)(const void *left, const void *right),
			  struct seep_object_list **ret_list);
void seep_object_list_free(struct seep_object_list *list);

/* The object number @index of @process, from 0; NULL: it has no more. */
const struct seep_live_object *seep_object_list_get(const struct seep_object_list *list,
						    uint32_t process, size_t index);

#endif
