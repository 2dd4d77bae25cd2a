// SPDX-License-Identifier: GPL-2.0-only
/*
 * A conservative garbage collector: it marks from all words of the stack, of registers and of its
 * own objects, and reuses the rest. gc_alloc is traced with --alloc.
 *
 * Checked is that everything that is reachable stays what it was, and that all else is found.
 * gc_alloc also looks where it will return to: an address outside of the program's text is counted
 * as "odd", it is what programs that inspect their own stacks would see. Bounded by 2,048 objects.
 */
#include "torture.h"

#define OBJECTS 2048
#define CHAIN	40

struct object {
	struct object *next;
	uint64_t check;
	bool used, marked;
};

extern char __executable_start, etext;

static struct object heap[OBJECTS];
static uintptr_t *stack_base;

static uint64_t check_of(const struct object *object)
{
	return (uint64_t)(object - heap) * 0x9e3779b97f4a7c15u ^ (uint64_t)(uintptr_t)object->next;
}

static void mark_word(uintptr_t word)
{
	while (word >= (uintptr_t)heap && word < (uintptr_t)(heap + OBJECTS)) {
		struct object *object = &heap[(word - (uintptr_t)heap) / sizeof(*heap)];

		if (!object->used || object->marked)
			return;
		torture_check(object->check == check_of(object), "an object has changed");
		object->marked = true;
		word = (uintptr_t)object->next;
	}
}

FIXTURE_FUNCTION static size_t collect(void)
{
	uintptr_t *stack_end;
	size_t freed = 0;

	/* the registers that calls preserve are now on the stack */
	__builtin_unwind_init();
	__asm__ volatile("mov %%rsp, %0" : "=r"(stack_end));
	for (uintptr_t *word = stack_end; word < stack_base; word++)
		mark_word(*word);
	for (size_t i = 0; i < OBJECTS; i++) {
		freed += heap[i].used && !heap[i].marked;
		heap[i].used = heap[i].marked;
		heap[i].marked = false;
	}
	return freed;
}

FIXTURE_FUNCTION void *gc_alloc(size_t size, struct object *next)
{
	uintptr_t back = (uintptr_t)__builtin_return_address(0);
	static size_t at;

	if (back < (uintptr_t)&__executable_start || back >= (uintptr_t)&etext)
		torture_odd++;
	torture_check(size == sizeof(struct object), "an argument has changed");
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < OBJECTS; i++, at = (at + 1) % OBJECTS) {
			struct object *object = &heap[at];

			if (object->used)
				continue;
			object->used = true;
			object->next = next;
			object->check = check_of(object);
			return object;
		}
		torture_check(collect() > 0, "nothing to collect: garbage is held");
	}
	torture_harmed("no object is free");
}

FIXTURE_FUNCTION static struct object *make_chain(int length)
{
	struct object *chain = NULL;

	while (length--)
		chain = gc_alloc(sizeof(*chain), chain);
	return chain;
}

static void check_chain(const struct object *chain, int length)
{
	for (; chain; chain = chain->next, length--)
		torture_check(chain->used && chain->check == check_of(chain), "a reachable object "
									      "was collected");
	torture_check(!length, "the chain has another length");
}

FIXTURE_FUNCTION static void one_round(int depth)
{
	struct object *volatile kept = make_chain(CHAIN);

	make_chain(CHAIN);
	if (depth)
		one_round(depth - 1);
	check_chain(kept, CHAIN);
}

int main(int argc, char **argv)
{
	stack_base = (uintptr_t *)__builtin_frame_address(0);
	torture_prepare(argc, argv);
	torture_ready();
	while (torture_go_on()) {
		one_round(10);
		torture_rest(1000);
	}
	return torture_end();
}
