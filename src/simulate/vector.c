// SPDX-License-Identifier: GPL-2.0-only
/* A vector to which elements are appended; it doubles its room by realloc whenever that is full. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simulate/activity.h"

#define FIRST_ROOM 64

struct vector {
	uint64_t room; /* elements */
	char *elements;
};

/* The site: doubles the room. */
SIMULATED int grow_vector(struct seep_work *work, struct vector *vector)
{
	uint64_t room = vector->room ? 2 * vector->room : FIRST_ROOM;
	uint64_t old_bytes = vector->room * seep_work_size(work);
	char *elements = realloc(vector->elements, room * seep_work_size(work));

	if (!elements)
		return -ENOMEM;
	/*
	 * realloc counts as a release of the old block and an allocation of the new one; the first
	 * call has no old block.
	 */
	if (vector->room)
		seep_count_released(work, 0, old_bytes);
	seep_count_made(work, 0, room * seep_work_size(work));
	vector->elements = elements;
	vector->room = room;
	return 0;
}

/* A step: appends an element, which grows the vector first if it is full. */
SIMULATED int append_event(struct seep_work *work)
{
	struct vector *vector = work->state;
	/* work->done is the number of elements: each step appends one. */
	int error = work->done == vector->room ? grow_vector(work, vector) : 0;

	if (error)
		return error;
	memset(vector->elements + work->done * seep_work_size(work), 'v', seep_work_size(work));
	return 0;
}

const struct seep_activity seep_activity_vector = {
	.sites = {{"grow_vector", SEEP_KIND_MEMORY, {SEEP_TRUTH_GROWTH}}},
	.num_sites = 1,
	.state_bytes = sizeof(struct vector),
	.step = append_event,
};
