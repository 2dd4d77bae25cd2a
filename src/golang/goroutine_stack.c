// SPDX-License-Identifier: GPL-2.0-only
/*
 * A step goes from a function to its caller by the table of functions, which knows for each address
 * how far the return address is from the stack pointer: exact, whatever the compiler has done with
 * frame pointers. What the table says of an address is remembered, as goroutines wait in few
 * places.
 *
 * A walk has at most SEEP_MAX_FRAMES steps and reads at most WINDOWS_MAX windows; each goes up the
 * stack, so it ends. Stacks are kept once, at most SEEP_GO_STACKS_MAX.
 */
#include "golang/goroutine_stack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/vector.h"
#include "seep/hash.h"

#define WINDOWS_MAX 4096

/* Addresses that are remembered, by their low bits. */
#define PLACES 8192

/* What the table of functions says of an address. */
struct place {
	uint64_t pc;
	uint64_t frame_bytes;
	uint64_t address; /* within the call, or of the first instruction */
	bool known;	  /* else it is no code of Go */
	bool outermost;
	bool system;
};

struct entry {
	uint64_t hash;
	uint32_t index;
	UT_hash_handle hh;
};

struct seep_go_walker {
	struct seep_go *go;
	struct entry *entries;
	SEEP_VECTOR(struct seep_go_stack) stacks;
	struct place places[PLACES];
};

int seep_go_walker_new(struct seep_go *go, struct seep_go_walker **ret_walker)
{
	struct seep_go_walker *walker = calloc(1, sizeof(*walker));

	if (!walker)
		return -ENOMEM;
	walker->go = go;
	*ret_walker = walker;
	return 0;
}

void seep_go_walker_free(struct seep_go_walker *walker)
{
	struct entry *entry, *next;

	if (!walker)
		return;
	HASH_ITER(hh, walker->entries, entry, next) {
		HASH_DEL(walker->entries, entry);
		free(entry);
	}
	for (size_t i = 0; i < walker->stacks.count; i++)
		free(walker->stacks.items[i].addresses);
	free(walker->stacks.items);
	free(walker);
}

/* By the function it began with, as isSystemGoroutine in runtime/traceback.go has it. */
static bool is_system(const char *name)
{
	static const char *const users[] = {"runtime.main", "runtime.handleAsyncEvent",
					    "runtime.corostart"};

	if (strncmp(name, "runtime.", 8) != 0)
		return false;
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		if (strcmp(name, users[i]) == 0)
			return false;
	}
	return true;
}

static const struct place *place_of(struct seep_go_walker *walker, uint64_t pc)
{
	struct place *place = &walker->places[pc % PLACES];
	struct seep_go_function function;

	if (place->pc == pc)
		return place;
	*place = (struct place){.pc = pc};
	if (seep_pclntab_find(&walker->go->table, pc, &function))
		return place;
	place->known =
		!seep_pclntab_frame_bytes(&walker->go->table, &function, pc, &place->frame_bytes);
	/* A return address is behind the call; one that has not begun yet is to be entered. */
	place->address = pc == function.entry ? pc : pc - 1;
	place->outermost = seep_pclntab_is_outermost(&walker->go->table, &function);
	place->system = is_system(function.name);
	return place;
}

bool seep_go_walker_is_system(struct seep_go_walker *walker, uint64_t start_pc)
{
	return place_of(walker, start_pc)->system;
}

/* The word at @address of the stack; the window moves there if need be. 0 or -errno. */
static int read_word(struct seep_go_walker *walker, struct seep_go_window *window, uint64_t address,
		     uint64_t limit, unsigned int *windows, uint64_t *ret_word)
{
	uint64_t offset = address - window->start;
	size_t bytes;
	int error;

	if (address % 8 || address >= limit || limit - address < 8)
		return -EFAULT;
	if (offset >= window->bytes || window->bytes - offset < 8) {
		if (++*windows > WINDOWS_MAX)
			return -EFAULT;
		bytes = limit - address < sizeof(window->copy) ? limit - address :
								 sizeof(window->copy);
		window->bytes = 0;
		error = seep_remote_read(walker->go->remote, address, window->copy, bytes);
		if (error)
			return error;
		window->start = address;
		window->bytes = bytes;
		offset = 0;
	}
	memcpy(ret_word, window->copy + offset, 8);
	return 0;
}

/* Fills @stack, whose addresses have room for SEEP_MAX_FRAMES. */
static void walk(struct seep_go_walker *walker, const struct seep_go_frame *frame,
		 struct seep_go_window *window, struct seep_go_stack *stack)
{
	uint64_t pc = frame->pc, sp = frame->sp;
	unsigned int windows = 0;
	int error;

	stack->end = sp <= frame->limit ? SEEP_END_DEPTH : SEEP_END_BAD_FRAME;
	while (sp <= frame->limit && stack->num_addresses < SEEP_MAX_FRAMES) {
		const struct place *place = place_of(walker, pc);

		if (!place->known) {
			stack->end = SEEP_END_NO_MAPPING;
			return;
		}
		if (place->outermost) {
			stack->end = SEEP_END_COMPLETE;
			return;
		}
		stack->addresses[stack->num_addresses++] = place->address;
		error = place->frame_bytes > frame->limit - sp ?
				-EFAULT :
				read_word(walker, window, sp + place->frame_bytes, frame->limit,
					  &windows, &pc);
		if (error) {
			stack->end = error == -EFAULT ? SEEP_END_BAD_FRAME : SEEP_END_READ;
			return;
		}
		sp += place->frame_bytes + 8;
	}
}

static uint64_t hash_of(const struct seep_go_stack *stack)
{
	struct seep_hash hash = SEEP_HASH_INIT;

	for (size_t i = 0; i < stack->num_addresses; i++)
		seep_hash_add(&hash, seep_frame_mix(stack->addresses[i]));
	seep_hash_add(&hash, seep_frame_mix(stack->created_at));
	seep_hash_add(&hash, seep_frame_mix(stack->end));
	return seep_hash_key(&hash);
}

static bool is_same(const struct seep_go_stack *a, const struct seep_go_stack *b)
{
	return a->num_addresses == b->num_addresses && a->end == b->end &&
	       a->created_at == b->created_at &&
	       memcmp(a->addresses, b->addresses, a->num_addresses * sizeof(*a->addresses)) == 0;
}

/* Adds a copy. Its index or -ENOMEM. */
static long add(struct seep_go_walker *walker, const struct seep_go_stack *stack, uint64_t hash)
{
	struct entry *entry = calloc(1, sizeof(*entry));
	struct seep_go_stack copy = *stack;
	size_t bytes = stack->num_addresses * sizeof(*copy.addresses);

	copy.addresses = malloc(bytes + 1);
	if (!entry || !copy.addresses || SEEP_APPEND(&walker->stacks, copy)) {
		free(entry);
		free(copy.addresses);
		return -ENOMEM;
	}
	memcpy(copy.addresses, stack->addresses, bytes);
	entry->hash = hash;
	entry->index = (uint32_t)(walker->stacks.count - 1);
	HASH_ADD(hh, walker->entries, hash, sizeof(entry->hash), entry);
	return entry->index;
}

static long keep(struct seep_go_walker *walker, const struct seep_go_stack *stack)
{
	/* Different stacks with the same hash stand behind each other. */
	for (uint64_t hash = hash_of(stack);; hash++) {
		struct entry *entry;

		HASH_FIND(hh, walker->entries, &hash, sizeof(hash), entry);
		if (entry && is_same(&walker->stacks.items[entry->index], stack))
			return entry->index;
		if (entry)
			continue;
		if (walker->stacks.count == SEEP_GO_STACKS_MAX)
			return -ENOSPC;
		return add(walker, stack, hash);
	}
}

long seep_go_walker_walk(struct seep_go_walker *walker, const struct seep_go_frame *frame,
			 struct seep_go_window *window, uint64_t created_at)
{
	uint64_t addresses[SEEP_MAX_FRAMES];
	struct seep_go_stack stack = {.addresses = addresses, .created_at = created_at};

	walk(walker, frame, window, &stack);
	return keep(walker, &stack);
}

long seep_go_walker_keep(struct seep_go_walker *walker, uint64_t address, enum seep_end end,
			 uint64_t created_at)
{
	struct seep_go_stack stack = {
		.addresses = &address,
		.num_addresses = address != 0,
		.end = end,
		.created_at = created_at,
	};

	return keep(walker, &stack);
}

struct seep_go_stack *seep_go_walker_take(struct seep_go_walker *walker, size_t *ret_count)
{
	struct seep_go_stack *stacks = walker->stacks.items;

	*ret_count = walker->stacks.count;
	walker->stacks.items = NULL;
	walker->stacks.count = walker->stacks.max = 0;
	return stacks;
}
