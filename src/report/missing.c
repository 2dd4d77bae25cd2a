// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stacks are walked once, and what lacks names is collected: files by their name, and runtimes
 * that can write down the names of their code. Few are told, those that come first: the sites are
 * in the order of their size.
 */
#include "report/missing.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "symbol/walk.h"

#define MAX_PLACES 3

/* Where names are missing. */
struct place {
	const char *name; /* of the file, or of the program */
	const char *remedy;
};

struct missing {
	struct place places[MAX_PLACES];
	size_t count;
	bool more;
};

/* Code of no file is that of the runtime that the program is. */
static const struct place runtimes[] = {
	{"node", "start it with --perf-basic-prof"},
	{"python", "from Python 3.12 on: start it with -X perf"},
};

static const char *const libc_beginnings[] = {"libc.so.6", "libc-2."};

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static void add(struct missing *missing, const char *name, const char *remedy)
{
	for (size_t i = 0; i < missing->count; i++) {
		if (strcmp(missing->places[i].name, name) == 0)
			return;
	}
	if (missing->count == MAX_PLACES)
		missing->more = true;
	else
		missing->places[missing->count++] = (struct place){name, remedy};
}

static void add_module(struct missing *missing, const char *module)
{
	const char *name = seep_text_basename(module);
	const char *remedy = "build it with -g, or install its debug symbols";

	for (size_t i = 0; i < sizeof(libc_beginnings) / sizeof(libc_beginnings[0]); i++) {
		if (begins(name, libc_beginnings[i]))
			remedy = "install the package libc6-dbg";
	}
	/* [vdso] and the like are no files. */
	if (name[0] != '[')
		add(missing, name, remedy);
}

/* The remedy for code of no file, by the program; NULL if there is none. */
static const struct place *find_runtime(const struct seep_process *process)
{
	const char *name = process->exe ? seep_text_basename(process->exe) : "";

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		if (begins(name, runtimes[i].name))
			return &runtimes[i];
	}
	return NULL;
}

/* A function of the interpreter stands for one in Python, which has a name only with -X perf. */
static bool is_interpreter(const char *function)
{
	return begins(function, "_PyEval_EvalFrame");
}

static void look_at(struct missing *missing, struct seep_symbolizer *symbolizer,
		    const struct seep_site *site)
{
	struct seep_walk walk;
	bool interpreted = false, named = false;

	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (seep_walk_next(&walk)) {
		const char *function = walk.line->function, *module = walk.location->module;
		const struct place *runtime;

		if (function) {
			interpreted |= is_interpreter(function);
			named |= begins(function, "py::");
		} else if (module) {
			add_module(missing, module);
		} else {
			runtime = find_runtime(site->process);
			if (runtime)
				add(missing, runtime->name, runtime->remedy);
		}
	}
	if (interpreted && !named)
		add(missing, "functions of Python", runtimes[1].remedy);
}

void seep_report_append_missing(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
				struct seep_symbolizer *symbolizer, size_t top)
{
	struct missing missing = {0};

	for (size_t i = 0, seen = 0; i < snapshot->num_sites && seen < top; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		if (seep_origin_of(site->stack) >= 0 || (!site->live_objects && !site->live_bytes))
			continue;
		seen++;
		look_at(&missing, symbolizer, site);
	}
	if (!missing.count)
		return;
	seep_buffer_puts(buffer, "Names are missing: ");
	for (size_t i = 0; i < missing.count; i++) {
		seep_buffer_puts(buffer, i ? "; " : "");
		seep_text_append_clean(buffer, missing.places[i].name, SIZE_MAX);
		seep_buffer_printf(buffer, " (%s)", missing.places[i].remedy);
	}
	seep_buffer_puts(buffer, missing.more ? "; and others." : ".");
}
