// SPDX-License-Identifier: GPL-2.0-only
/*
 * The id of a site comes from its stack in a form that does not depend on the run
 * (seep_symbolizer_stack_id), its kind and the end of the stack. collect.c sets the ids, sorts the
 * sites, and has equal ids separated.
 */
#include "trace/site_ids.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"

/* Kind and end belong to a site's id: a stack that was cut short is not the whole one. */
static uint64_t site_id(uint64_t stack_id, uint64_t kind, uint64_t end)
{
	/*
	 * An odd constant (2^64 by the golden ratio): the product spreads the few bits of kind and
	 * end over the id.
	 */
	return (stack_id ^ kind ^ end << 8) * 0x9e3779b97f4a7c15ULL;
}

void seep_site_ids_set(struct seep_site *sites, size_t count, struct seep_stacks *stacks)
{
	for (size_t i = 0; i < count; i++)
		sites[i].id = site_id(seep_stacks_stable_id(stacks, sites[i].stack), sites[i].kind,
				      sites[i].stack->end);
}

/* By id; sites with the same id stay in their order, which is by size. */
static int compare_ids(const void *left, const void *right)
{
	const struct seep_site *a = *(const struct seep_site *const *)left;
	const struct seep_site *b = *(const struct seep_site *const *)right;

	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	/* The larger one stands first. */
	return (a > b) - (a < b);
}

/* The site behind @count others with the same id: gets another one if its process has it already.
 */
static void separate_id(struct seep_site *const *sites, size_t count)
{
	struct seep_site *site = sites[count];

	for (size_t i = 0; i < count; i++) {
		if (sites[i]->process != site->process || sites[i]->kind != site->kind)
			continue;
		/*
		 * The hash has the addresses, so it differs; in another run it will be another one.
		 */
		site->id = site_id(site->stack->hash, site->kind, site->stack->end);
		return;
	}
}

int seep_site_ids_separate(struct seep_site *sites, size_t count)
{
	SEEP_AUTO_FREE struct seep_site **order = calloc(count + 1, sizeof(struct seep_site *));

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		/* Pointers are sorted: the sites themselves keep their order. */
		order[i] = &sites[i];
	qsort(order, count, sizeof(struct seep_site *), compare_ids);
	for (size_t first = 0, end; first < count; first = end) {
		uint64_t id = order[first]->id;

		for (end = first + 1; end < count && order[end]->id == id; end++)
			separate_id(order + first, end - first);
	}
	return 0;
}
