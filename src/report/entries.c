// SPDX-License-Identifier: GPL-2.0-only
/*
 * The key of a site is a hash of the function that people would look at; sites are sorted by
 * process, kind and key, and each run of equal ones becomes an entry. Called once for each verdict
 * that is shown, with the findings only, because it resolves the names of their stacks.
 */
#include "report/entries.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/names.h"
#include "report/naming.h"
#include "report/shorten.h"
#include "symbol/walk.h"
#include "verdict/judgement.h"

/* Where distributions put what is not the program's own: libraries, and those of runtimes. */
static const char *const system_directories[] = {"/lib", "/usr/lib", "/usr/local/lib",
						 "/nix/store"};

/* Every program has these, so they tell nothing of where it allocates. */
static const char *const outermost[] = {"main", "_start", "__libc_start_main", "start_thread"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_of_system(const char *module)
{
	for (size_t i = 0; module && i < COUNT(system_directories); i++) {
		size_t length = strlen(system_directories[i]);

		if (strncmp(module, system_directories[i], length) == 0 &&
		    strchr("/36x", module[length]))
			return true;
	}
	return false;
}

static bool is_outermost(const char *function)
{
	for (size_t i = 0; i < COUNT(outermost); i++) {
		if (strcmp(function, outermost[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Goes on, from the function that a site is known by, to the first one of the program itself; false
 * if there is none, or if that is where every path begins.
 */
static bool go_to_program(struct seep_walk *walk)
{
	while (is_of_system(walk->location->module)) {
		if (!seep_walk_next(walk))
			return false;
	}
	return walk->location->module && walk->line->function &&
	       !is_outermost(walk->line->function);
}

/* A site, and what has to be the same in those that it is joined with. */
struct keyed {
	const struct seep_site *site;
	size_t index; /* in the order that was given */
	uint64_t name;
};

/* Stacks that have no name stay apart. */
static uint64_t name_of(const struct seep_site *site, struct seep_symbolizer *symbolizer)
{
	struct seep_walk walk;

	/* Whoever needed more of it. */
	if (seep_pool_is_known(site->pool))
		return site->pool->id;
	if (!seep_naming_walk(symbolizer, site, &walk))
		return site->id;
	if (!go_to_program(&walk))
		seep_naming_walk(symbolizer, site, &walk);
	if (!walk.line->function)
		return site->id;
	return seep_walk_function_key(&walk);
}

static int compare_keys(const struct keyed *a, const struct keyed *b)
{
	if (a->site->process != b->site->process)
		return a->site->process < b->site->process ? -1 : 1;
	if (a->site->kind != b->site->kind)
		return a->site->kind < b->site->kind ? -1 : 1;
	return (a->name > b->name) - (a->name < b->name);
}

/* What belongs together is side by side, in the order that was given. */
static int compare(const void *left, const void *right)
{
	const struct keyed *a = left, *b = right;
	int order = compare_keys(a, b);

	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int compare_entries(const void *left, const void *right)
{
	const struct keyed *a = *(const struct keyed *const *)left;
	const struct keyed *b = *(const struct keyed *const *)right;

	return (a->index > b->index) - (a->index < b->index);
}

/* Copies the sites of an entry, which are side by side in @keyed. */
static void add_entry(struct seep_entries *entries, size_t *done, const struct keyed *keyed,
		      const struct keyed *end)
{
	struct seep_entry *entry = &entries->entries[entries->num++];

	*entry = (struct seep_entry){.sites = entries->sites + *done};
	for (const struct keyed *each = keyed; each < end && compare_keys(keyed, each) == 0;
	     each++) {
		entries->sites[(*done)++] = each->site;
		entry->num_sites++;
		entry->per_s += each->site->judgement->rate.value;
		entry->live_bytes += each->site->live_bytes;
		entry->live_objects += each->site->live_objects;
		entry->estimated |= each->site->sampling != NULL;
	}
}

int seep_entries_join(const struct seep_site *const *sites, size_t count,
		      struct seep_symbolizer *symbolizer, struct seep_entries *ret_entries)
{
	/* One more than needed: calloc of nothing may return NULL. */
	SEEP_AUTO_FREE struct keyed *keyed = calloc(count + 1, sizeof(*keyed));
	SEEP_AUTO_FREE const struct keyed **firsts = calloc(count + 1, sizeof(*firsts));
	size_t done = 0, num_firsts = 0;

	*ret_entries = (struct seep_entries){
		.entries = calloc(count + 1, sizeof(*ret_entries->entries)),
		.sites = calloc(count + 1, sizeof(*ret_entries->sites)),
	};
	if (!keyed || !firsts || !ret_entries->entries || !ret_entries->sites)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		keyed[i] = (struct keyed){sites[i], i, name_of(sites[i], symbolizer)};
	qsort(keyed, count, sizeof(*keyed), compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || compare_keys(&keyed[i - 1], &keyed[i]) != 0)
			firsts[num_firsts++] = &keyed[i];
	}
	/* The entries themselves are in the order of their worst sites. */
	qsort(firsts, num_firsts, sizeof(*firsts), compare_entries);
	for (size_t i = 0; i < num_firsts; i++)
		add_entry(ret_entries, &done, firsts[i], keyed + count);
	return 0;
}

void seep_entries_done(struct seep_entries *entries)
{
	free(entries->entries);
	free(entries->sites);
	*entries = (struct seep_entries){0};
}

static void append_function(struct seep_buffer *buffer, const struct seep_walk *walk,
			    size_t columns)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;

	seep_report_append_short_function(&name, walk->location, walk->line);
	seep_shorten_append_fitting(buffer, name.data, columns);
	if (name.error && !buffer->error)
		buffer->error = name.error;
}

void seep_entry_append_name(struct seep_buffer *buffer, struct seep_symbolizer *symbolizer,
			    const struct seep_site *site, size_t columns)
{
	struct seep_walk walk;

	if (!seep_naming_walk(symbolizer, site, &walk)) {
		seep_buffer_puts(buffer, "unknown stack");
		return;
	}
	append_function(buffer, &walk, columns);
	if (seep_pool_is_known(site->pool) || !is_of_system(walk.location->module) ||
	    !go_to_program(&walk))
		return;
	seep_buffer_puts(buffer, " below ");
	append_function(buffer, &walk, columns);
}
