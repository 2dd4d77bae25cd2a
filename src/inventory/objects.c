// SPDX-License-Identifier: GPL-2.0-only
/*
 * A list grows by doubling and is searched by halves. Its elements have the size of the kind's
 * value.
 */
#include "inventory/objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/objects.h"

#define FIRST_CAPACITY 256

struct seep_object_list {
	size_t count;
	size_t capacity;
	size_t value_bytes; /* of an object; the key stands before it */
	char *elements;
};

/* Of each kind's struct seep_KEY_object in seep/kinds.h. */
static const size_t value_bytes[SEEP_KIND_COUNT] = {
#define VALUE_BYTES(name, key, ...) [SEEP_KIND_##name] = sizeof(struct seep_##key##_object),
	SEEP_LIVE_KINDS(VALUE_BYTES)
#undef VALUE_BYTES
};

static size_t element_bytes(const struct seep_object_list *list)
{
	return sizeof(struct seep_object_key) + list->value_bytes;
}

/* Elements have the size of their kind, so the array cannot be indexed by type. */
static struct seep_live_object *element(const struct seep_object_list *list, size_t index)
{
	void *address = list->elements + index * element_bytes(list);

	return address;
}

/* Process first: the objects of one process stand together, which first_of relies on. */
static int compare_processes(const struct seep_live_object *a, const struct seep_live_object *b)
{
	return (a->key.process > b->key.process) - (a->key.process < b->key.process);
}

/* Differences of 64-bit numbers do not fit the int that qsort wants, so they are compared. */
int seep_live_object_by_id(const void *left, const void *right)
{
	const struct seep_live_object *a = left, *b = right;
	int order = compare_processes(a, b);

	return order ? order : (a->key.id > b->key.id) - (a->key.id < b->key.id);
}

int seep_live_object_by_age(const void *left, const void *right)
{
	const struct seep_live_object *a = left, *b = right;
	int order = compare_processes(a, b);

	return order ? order :
		       (a->object.created_ns > b->object.created_ns) -
			       (a->object.created_ns < b->object.created_ns);
}

/* For seep_kernel_each_object. 0, or -ENOMEM, which ends the walk. */
static int add(void *context, const struct seep_object_key *key, const struct seep_object *object)
{
	struct seep_object_list *list = context;
	struct seep_live_object *next;

	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : FIRST_CAPACITY;
		char *grown = reallocarray(list->elements, capacity, element_bytes(list));

		if (!grown)
			return -ENOMEM;
		list->elements = grown;
		list->capacity = capacity;
	}
	next = element(list, list->count++);
	next->key = *key;
	/* The kind's value begins with a struct seep_object, but is longer. */
	memcpy(&next->object, object, list->value_bytes);
	return 0;
}

int seep_object_list_read(const struct seep_kernel *kernel, enum seep_kind kind,
			  int (*order)(const void *left, const void *right),
			  struct seep_object_list **ret_list)
{
	struct seep_object_list *list = calloc(1, sizeof(*list));
	int error;

	if (!list)
		return -ENOMEM;
	list->value_bytes = value_bytes[kind];
	error = seep_kernel_each_object(kernel, kind, add, list);
	if (error) {
		seep_object_list_free(list);
		return error;
	}
	/* qsort must not be given NULL, and an empty list has no elements. */
	if (list->count)
		qsort(list->elements, list->count, element_bytes(list), order);
	*ret_list = list;
	return 0;
}

void seep_object_list_free(struct seep_object_list *list)
{
	if (!list)
		return;
	free(list->elements);
	free(list);
}

/* The first object of @process, or where it would stand. */
static size_t first_of(const struct seep_object_list *list, uint32_t process)
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (element(list, middle)->key.process < process)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct seep_live_object *seep_object_list_get(const struct seep_object_list *list,
						    uint32_t process, size_t index)
{
	/* Searched anew for each object: a caller walks by index and keeps no position. */
	size_t position = first_of(list, process) + index;

	if (position >= list->count || element(list, position)->key.process != process)
		return NULL;
	return element(list, position);
}
