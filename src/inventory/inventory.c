// SPDX-License-Identifier: GPL-2.0-only
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

/* How each kind is counted; NULL: not at all. */
static int (*const takers[SEEP_KIND_COUNT])(struct seep_census *census, pid_t pid, uint32_t process,
					    bool first) = {
	[SEEP_KIND_MAPPING] = seep_census_take_mappings,
	[SEEP_KIND_THREAD] = seep_census_take_threads,
	[SEEP_KIND_FD] = seep_census_take_fds,
};

int seep_census_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer, uint32_t kinds,
		    struct seep_census **ret_census)
{
	struct seep_census *census = calloc(1, sizeof(*census));

	if (!census)
		return -ENOMEM;
	census->kernel = kernel;
	census->symbolizer = symbolizer;
	census->kinds = kinds;
	*ret_census = census;
	return 0;
}

void seep_census_begin(struct seep_census *census)
{
	struct notes *notes, *next;

	seep_census_forget_ranges(census);
	seep_census_forget_threads(census);
	HASH_ITER(hh, census->notes, notes, next) {
		HASH_DEL(census->notes, notes);
		for (size_t i = 0; i < notes->details.num_examples; i++)
			free((void *)notes->examples[i]);
		free(notes);
	}
}

void seep_census_free(struct seep_census *census)
{
	if (!census)
		return;
	seep_census_begin(census);
	free(census);
}

static struct notes *find_notes(const struct seep_census *census, const struct seep_site_key *site)
{
	struct notes *notes;

	HASH_FIND(hh, census->notes, site, sizeof(*site), notes);
	return notes;
}

static struct notes *get_notes(struct seep_census *census, const struct seep_site_key *site)
{
	struct notes *notes = find_notes(census, site);

	if (notes)
		return notes;
	notes = calloc(1, sizeof(*notes));
	if (!notes)
		return NULL;
	notes->site = *site;
	notes->details.groups = notes->groups;
	notes->details.examples = notes->examples;
	HASH_ADD(hh, census->notes, site, sizeof(notes->site), notes);
	return notes;
}

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

bool seep_census_wants_example(const struct seep_census *census, const struct seep_site_key *site)
{
	const struct notes *notes = find_notes(census, site);

	return !notes || notes->details.num_examples < MAX_EXAMPLES;
}

/* What there is no memory for is missing in the report's details, which are no numbers to count on. */
void seep_census_note(struct seep_census *census, const struct seep_site_key *site,
		      const char *group_name, uint64_t bytes, const char *example)
{
	struct notes *notes = get_notes(census, site);
	struct seep_group *group;

	if (!notes)
		return;
	group = get_group(notes, group_name);
	group->objects++;
	group->bytes += bytes;
	if (!example || notes->details.num_examples == MAX_EXAMPLES)
		return;
	example = strdup(example);
	if (example)
		notes->examples[notes->details.num_examples++] = example;
}

void seep_census_take(struct seep_census *census, pid_t pid, uint32_t process, bool first)
{
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		int error;

		if (!takers[kind] || !(census->kinds & SEEP_KIND_BIT(kind)))
			continue;
		error = takers[kind](census, pid, process, first);
		if (error && error != -ESRCH)
			seep_debug("cannot count what process %d has of kind %s: %s", pid,
				   seep_kind_key((enum seep_kind)kind), strerror(-error));
	}
}

const struct seep_details *seep_census_details(const struct seep_census *census,
					       const struct seep_site_key *site)
{
	const struct notes *notes = find_notes(census, site);

	return notes ? &notes->details : NULL;
}
