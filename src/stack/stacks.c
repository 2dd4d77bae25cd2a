// SPDX-License-Identifier: GPL-2.0-only
/*
 * One entry per stack hash. An entry is made when the stack arrives or when a site names it first,
 * whichever is earlier; frames are copied once. Entries are never removed, because every later
 * report needs them: the kernel's own table of stacks bounds how many there can be.
 */
#include "stack/stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "seep/hash.h"

struct entry {
	struct seep_stack stack; /* first: what the table gives out */
	uint64_t stable_id;	 /* 0: not computed yet */
	bool unified;		 /* with the same stack through copies of its files */
	struct entry *same_as;	 /* what it was resolved to; NULL: nothing else */
	UT_hash_handle hh;
};

struct seep_stacks {
	struct seep_symbolizer *symbolizer;
	struct entry *by_hash;
};

int seep_stacks_new(struct seep_symbolizer *symbolizer, struct seep_stacks **ret_stacks)
{
	struct seep_stacks *stacks = calloc(1, sizeof(*stacks));

	if (!stacks)
		return -ENOMEM;
	stacks->symbolizer = symbolizer;
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

/* Finds or adds the entry of @hash. NULL without memory. */
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

/* Takes over a copy of the frames, once. */
static int set_frames(struct entry *entry, const uint64_t *frames, size_t num_frames,
		      enum seep_end end)
{
	uint64_t *copy;

	/* Frames never change: a report may have them already. */
	if (entry->stack.num_frames || !num_frames)
		return 0;
	copy = malloc(num_frames * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, frames, num_frames * sizeof(*copy));
	entry->stack.frames = copy;
	entry->stack.num_frames = num_frames;
	entry->stack.end = end;
	return 0;
}

int seep_stacks_add(struct seep_stacks *stacks, const struct seep_stack_event *event)
{
	struct entry *entry = get_entry(stacks, event->stack);
	uint64_t frames[SEEP_MAX_FRAMES];

	if (!entry)
		return -ENOMEM;
	/*
	 * __u64 of the event and uint64_t are different types on x86-64, so the pointer cannot be
	 * passed.
	 */
	memcpy(frames, event->frames, event->num_frames * sizeof(*frames));
	/* The end is checked because it indexes tables; our own programs send no other. */
	return set_frames(entry, frames, event->num_frames,
			  event->end < SEEP_END_COUNT ? (enum seep_end)event->end : SEEP_END_READ);
}

uint64_t seep_stacks_hash(const uint64_t *frames, size_t num_frames, enum seep_end end)
{
	struct seep_hash sum = SEEP_HASH_INIT;

	for (size_t i = 0; i < num_frames; i++)
		seep_hash_add(&sum, seep_frame_mix(frames[i]));
	seep_hash_add(&sum, seep_frame_mix(end));
	return seep_hash_key(&sum);
}

int seep_stacks_resolve(struct seep_stacks *stacks, uint64_t hash, const uint64_t *frames,
			size_t num_frames, enum seep_end end)
{
	struct entry *entry = get_entry(stacks, hash), *same_as;
	int error;

	/* The stack may have come through BPF as well: then both are one from now on. */
	same_as = get_entry(stacks, seep_stacks_hash(frames, num_frames, end));
	if (!entry || !same_as)
		return -ENOMEM;
	error = set_frames(same_as, frames, num_frames, end);
	if (!error && same_as != entry)
		entry->same_as = same_as;
	return error;
}

/*
 * A copy of a file is another file to BPF. But the same path through the same code is one stack.
 */
static void unify(struct seep_stacks *stacks, struct entry *entry)
{
	uint64_t frames[SEEP_MAX_FRAMES];
	bool differs = false;

	entry->unified = true;
	for (size_t i = 0; i < entry->stack.num_frames; i++) {
		uint64_t frame = entry->stack.frames[i];
		uint32_t file = SEEP_FRAME_FILE(frame);

		frames[i] = frame;
		/* An address belongs to no file of which there could be a copy. */
		if (frame & SEEP_FRAME_RAW)
			continue;
		frames[i] = SEEP_FRAME(seep_symbolizer_same_file(stacks->symbolizer, file),
				       SEEP_FRAME_OFFSET(frame));
		differs |= frames[i] != frame;
	}
	if (differs)
		seep_stacks_resolve(stacks, entry->stack.hash, frames, entry->stack.num_frames,
				    entry->stack.end);
}

/*
 * A hash that is not known yet gets an empty entry, whose frames may still be in the ring buffer.
 */
const struct seep_stack *seep_stacks_get(struct seep_stacks *stacks, uint64_t hash)
{
	struct entry *entry = get_entry(stacks, hash);

	/* At most two steps: resolved, then unified. */
	while (entry) {
		if (!entry->unified && !entry->same_as && entry->stack.num_frames)
			unify(stacks, entry);
		if (!entry->same_as)
			return &entry->stack;
		entry = entry->same_as;
	}
	return NULL;
}

uint64_t seep_stacks_stable_id(struct seep_stacks *stacks, const struct seep_stack *stack)
{
	/* The stack is the first member of its entry. */
	struct entry *entry = (struct entry *)stack;

	if (!entry->stable_id && stack->num_frames)
		entry->stable_id = seep_symbolizer_stack_id(stacks->symbolizer, stack->frames,
							    stack->num_frames);
	return entry->stable_id;
}
