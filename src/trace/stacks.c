// SPDX-License-Identifier: GPL-2.0-only
#include "trace/stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

struct entry {
	struct seep_stack stack; /* first: what the table gives out */
	uint64_t stable_id;	 /* 0: not computed yet */
	UT_hash_handle hh;
};

struct seep_stacks {
	struct entry *by_hash;
};

int seep_stacks_new(struct seep_stacks **ret_stacks)
{
	struct seep_stacks *stacks = calloc(1, sizeof(*stacks));

	if (!stacks)
		return -ENOMEM;
	*ret_stacks = stacks;
	return 0;
}

void seep_stacks_free(struct seep_stacks *stacks)
{
	struct entry *entry, *next;

	if (!stacks)
		return;
	HASH_ITER(hh, stacks->by_hash, entry, next) {
		HASH_DEL(stacks->by_hash, entry);
		free((void *)entry->stack.frames);
		free(entry);
	}
	free(stacks);
}

static struct entry *get_entry(struct seep_stacks *stacks, uint64_t hash)
{
	struct entry *entry;

	HASH_FIND(hh, stacks->by_hash, &hash, sizeof(hash), entry);
	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->stack.hash = hash;
	HASH_ADD(hh, stacks->by_hash, stack.hash, sizeof(entry->stack.hash), entry);
	return entry;
}

int seep_stacks_add(struct seep_stacks *stacks, const struct seep_stack_event *event)
{
	struct entry *entry = get_entry(stacks, event->stack);
	size_t size = event->num_frames * sizeof(event->frames[0]);
	uint64_t *frames;

	if (!entry)
		return -ENOMEM;
	if (entry->stack.num_frames || !size)
		return 0;
	frames = malloc(size);
	if (!frames)
		return -ENOMEM;
	memcpy(frames, event->frames, size);
	entry->stack.frames = frames;
	entry->stack.num_frames = event->num_frames;
	entry->stack.end = event->end < SEEP_END_COUNT ? (enum seep_end)event->end : SEEP_END_READ;
	return 0;
}

const struct seep_stack *seep_stacks_get(struct seep_stacks *stacks, uint64_t hash)
{
	struct entry *entry = get_entry(stacks, hash);

	return entry ? &entry->stack : NULL;
}

uint64_t seep_stacks_stable_id(const struct seep_stack *stack, struct seep_symbolizer *symbolizer)
{
	struct entry *entry = (struct entry *)stack;

	if (!entry->stable_id && stack->num_frames)
		entry->stable_id =
			seep_symbolizer_stack_id(symbolizer, stack->frames, stack->num_frames);
	return entry->stable_id;
}
