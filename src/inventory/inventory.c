// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of notes by site, and the loop over the kinds. seep_inventory_begin forgets the last
 * report; then the collector calls seep_inventory_take for each process, which has the kind's own
 * file count and note its objects; at the end it asks for the details of each site. A site keeps at
 * most MAX_GROUPS groups and MAX_EXAMPLES examples.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/log.h"
#include "inventory/inventory_private.h"

#define MAX_GROUPS   16 /* further ones are not told apart from the last */
#define MAX_EXAMPLES 3

/* What was noted of a site. */
struct notes {
	struct seep_site_key site;
	struct seep_details details; /* points to these: */
	struct seep_group groups[MAX_GROUPS];
	const char *examples[MAX_EXAMPLES];
	UT_hash_handle hh;
};

/*
 * How each kind is counted, by its column "keeper" in seep/kinds.h: KERNEL has a list that can be
 * counted; NULL for the others, because the kernel does not know the blocks of an allocator, or
 * what a runtime keeps.
 */
static seep_inventory_take_fn *const takers[SEEP_KIND_COUNT] = {
#define TAKER_PROCESS(plural) NULL
#define TAKER_RUNTIME(plural) NULL
#define TAKER_KERNEL(plural)  seep_inventory_take_##plural
#define TAKER(name, key, plural, noun, measure, source, keeper)                                    \
	[SEEP_KIND_##name] = TAKER_##keeper(plural),
	SEEP_KINDS(TAKER)
#undef TAKER_PROCESS
#undef TAKER_RUNTIME
#undef TAKER_KERNEL
#undef TAKER
};

int seep_inventory_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		       uint32_t kinds, struct seep_inventory **ret_inventory)
{
	struct seep_inventory *inventory = calloc(1, sizeof(*inventory));

	if (!inventory)
		return -ENOMEM;
	inventory->kernel = kernel;
	inventory->symbolizer = symbolizer;
	inventory->kinds = kinds;
	*ret_inventory = inventory;
	return 0;
}

int seep_inventory_objects(struct seep_inventory *inventory, enum seep_kind kind,
			   int (*order)(const void *left, const void *right),
			   const struct seep_object_list **ret_list)
{
	int error = 0;

	/* Read once per report, for all processes; the next seep_inventory_begin drops it. */
	if (!inventory->objects[kind])
		error = seep_object_list_read(inventory->kernel, kind, order,
					      &inventory->objects[kind]);
	if (error)
		return error;
	*ret_list = inventory->objects[kind];
	return 0;
}

void seep_inventory_forget(struct seep_inventory *inventory, enum seep_kind kind)
{
	seep_object_list_free(inventory->objects[kind]);
	inventory->objects[kind] = NULL;
}

void seep_inventory_begin(struct seep_inventory *inventory)
{
	struct notes *notes, *next;

	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++)
		/* The lists as well: they are of the objects at the last report. */
		seep_inventory_forget(inventory, (enum seep_kind)kind);
	/* Group names are static text, only examples are allocated. */
	HASH_ITER(hh, inventory->notes, notes, next) {
		HASH_DEL(inventory->notes, notes);
		for (size_t i = 0; i < notes->details.num_examples; i++)
			free((void *)notes->examples[i]);
		free(notes);
	}
}

void seep_inventory_free(struct seep_inventory *inventory)
{
	if (!inventory)
		return;
	/* Forgets notes and lists, which is what there is to free. */
	seep_inventory_begin(inventory);
	free(inventory);
}

/* NULL: nothing was noted of the site. */
static struct notes *find_notes(const struct seep_inventory *inventory,
				const struct seep_site_key *site)
{
	struct notes *notes;

	HASH_FIND(hh, inventory->notes, site, sizeof(*site), notes);
	return notes;
}

/* Adds empty notes for a site that has none. NULL without memory. */
static struct notes *get_notes(struct seep_inventory *inventory, const struct seep_site_key *site)
{
	struct notes *notes = find_notes(inventory, site);

	if (notes)
		return notes;
	notes = calloc(1, sizeof(*notes));
	if (!notes)
		return NULL;
	notes->site = *site;
	/* The report reads details only; what they point to lives as long as the notes. */
	notes->details.groups = notes->groups;
	notes->details.examples = notes->examples;
	HASH_ADD(hh, inventory->notes, site, sizeof(notes->site), notes);
	return notes;
}

/*
 * Names are compared as text: those of threads and files are not in one table. Beyond the last
 * group, objects are counted in that one.
 */
static struct seep_group *get_group(struct notes *notes, const char *name)
{
	struct seep_details *details = &notes->details;

	for (size_t i = 0; i < details->num_groups; i++) {
		if (strcmp(notes->groups[i].name, name) == 0)
			return &notes->groups[i];
	}
	if (details->num_groups == MAX_GROUPS)
		return &notes->groups[MAX_GROUPS - 1];
	notes->groups[details->num_groups].name = name;
	return &notes->groups[details->num_groups++];
}

bool seep_inventory_wants_example(const struct seep_inventory *inventory,
				  const struct seep_site_key *site)
{
	const struct notes *notes = find_notes(inventory, site);

	return !notes || notes->details.num_examples < MAX_EXAMPLES;
}

/* Without memory a detail is missing in the report; the counts do not depend on details. */
void seep_inventory_note(struct seep_inventory *inventory, const struct seep_site_key *site,
			 const char *group_name, uint64_t bytes, const char *example)
{
	struct notes *notes = get_notes(inventory, site);
	struct seep_group *group;

	if (!notes)
		return;
	group = get_group(notes, group_name);
	group->objects++;
	group->bytes += bytes;
	if (!example || notes->details.num_examples == MAX_EXAMPLES)
		return;
	/*
	 * The caller's text is a buffer of its own; the copy lives until the next
	 * seep_inventory_begin.
	 */
	example = strdup(example);
	if (example)
		notes->examples[notes->details.num_examples++] = example;
}

void seep_inventory_take(struct seep_inventory *inventory, pid_t pid, uint32_t process, bool first)
{
	/* A kind that cannot be counted does not keep the others from it. */
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		int error;

		if (!takers[kind] || !(inventory->kinds & SEEP_KIND_BIT(kind)))
			continue;
		error = takers[kind](inventory, pid, process, first);
		/* -ESRCH: the process has ended, which is no failure. */
		if (error && error != -ESRCH)
			seep_debug("cannot count what process %d has of kind %s: %s", pid,
				   seep_kind_key((enum seep_kind)kind), strerror(-error));
	}
}

const struct seep_details *seep_inventory_details(const struct seep_inventory *inventory,
						  const struct seep_site_key *site)
{
	const struct notes *notes = find_notes(inventory, site);

	return notes ? &notes->details : NULL;
}
