// SPDX-License-Identifier: GPL-2.0-only
#include "verdict/outstanding.h"

#include <string.h>

#include "symbol/walk.h"

/*
 * Functions of glibc that keep what they allocate as long as the process lives: the buffer of a
 * stream (of one that fopen has made, fclose releases it), the locale, and the buffers of
 * getenv's and time's relatives. __libc_freeres knows them, a program cannot release them.
 */
static const char *const keepers[] = {
	"_IO_file_doallocate", "setlocale",	  "tzset_internal",
	"__tzfile_read",       "_nl_find_locale", "bindtextdomain",
};

/* The loader runs the constructors of libraries below one of these. */
static const char *const initializers[] = {"call_init", "_dl_init", "_dl_start_user", "dl_init"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool is_one_of(const char *function, const char *const *names, size_t count)
{
	for (size_t i = 0; function && i < count; i++) {
		if (strcmp(function, names[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Of the runtime: allocated by one of the keepers, or by a library while it was loaded, without a
 * function of the program itself.
 */
static bool belongs_to_runtime(const struct seep_site *site, struct seep_symbolizer *symbolizer)
{
	const char *exe = site->process->exe;
	bool of_program = false, while_loading = false;
	struct seep_walk walk;

	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (seep_walk_next(&walk)) {
		const char *module = walk.location->module;

		if (is_one_of(walk.line->function, keepers, COUNT(keepers)))
			return true;
		while_loading |= is_one_of(walk.line->function, initializers, COUNT(initializers));
		of_program |= exe && module && strcmp(module, exe) == 0;
	}
	return while_loading && !of_program;
}

bool seep_site_is_outstanding(const struct seep_site *site, struct seep_symbolizer *symbolizer)
{
	return site->kind == SEEP_KIND_MEMORY && site->process->exited && site->live_objects > 0 &&
	       seep_origin_of(site->stack) < 0 && !belongs_to_runtime(site, symbolizer);
}

void seep_outstanding_add(struct seep_outstanding *sum, const struct seep_site *site,
			  struct seep_symbolizer *symbolizer)
{
	if (!seep_site_is_outstanding(site, symbolizer))
		return;
	sum->blocks += site->live_objects;
	sum->bytes += site->live_bytes;
	sum->num_sites++;
	if (!sum->largest || site->live_bytes > sum->largest->live_bytes)
		sum->largest = site;
}
