// SPDX-License-Identifier: GPL-2.0-only
/*
 * The stacks are walked once, and what lacks names is collected: files by their name, and runtimes
 * that can write down the names of their code. Few are told, those that come first: the sites are
 * in the order of their size.
 */
#include "report/missing.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "symbol/walk.h"

struct remedy {
	const char *name; /* the beginning of what lacks names */
	const char *remedy;
};

/* Code of no file is that of the runtime that the program is, by the name of its file. */
static const struct remedy runtimes[] = {
	{"node", "start it with --perf-basic-prof"},
	{"python", "from Python 3.12 on: start it with -X perf"},
};

#define JAVA  "functions of Java"
#define LATER "seep cannot name them yet"

/* The C libraries, whose inner functions distributions put into packages of their own. */
static const struct remedy c_libraries[] = {
	{"libc.so.6", "install the package libc6-dbg or glibc-debuginfo"},
	{"libc-2.", "install the package libc6-dbg or glibc-debuginfo"},
	{"ld-musl-", "install the package musl-dbg"},
	{"libc.musl-", "install the package musl-dbg"},
};

/* A function of an interpreter stands for one of the language that it runs. */
static const struct interpreter {
	const char *function; /* its beginning */
	const char *name;
	const char *remedy;
} interpreters[] = {
	{"_PyEval_EvalFrame", "functions of Python", "from Python 3.12 on: start it with -X perf"},
	{"execute_ex", "functions of PHP", LATER},
	{"vm_exec_core", "functions of Ruby", LATER},
	{"Perl_runops_", "functions of Perl", LATER},
	{"luaV_execute", "functions of Lua", LATER},
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* What helps by the beginning of @name, or NULL. */
static const char *find_remedy(const struct remedy *remedies, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (begins(name, remedies[i].name))
			return remedies[i].remedy;
	}
	return NULL;
}

/* A runtime takes the place of a file: its names are those of the program itself. */
static void add(struct seep_missing *missing, const char *name, const char *remedy, bool is_runtime)
{
	for (size_t i = 0; i < missing->count; i++) {
		if (strcmp(missing->places[i].name, name) == 0)
			return;
	}
	if (missing->count == SEEP_MISSING_MAX) {
		missing->more = true;
		if (!is_runtime)
			return;
		missing->count--;
	}
	missing->places[missing->count].name = name;
	missing->places[missing->count++].remedy = remedy;
}

static void add_module(struct seep_missing *missing, const char *module)
{
	const char *name = seep_text_basename(module);
	const char *remedy = find_remedy(c_libraries, COUNT(c_libraries), name);

	/* [vdso] and the like are no files. */
	if (name[0] != '[')
		add(missing, name,
		    remedy ? remedy :
			     "build it with -g and do not strip it, or install its debug symbols",
		    false);
}

/* Code of no file, or a stack that ended there. */
static void add_runtime(struct seep_missing *missing, const struct seep_process *process)
{
	const char *program = process->exe ? seep_text_basename(process->exe) : "";
	const char *remedy = find_remedy(runtimes, COUNT(runtimes), program);

	if (begins(program, "java"))
		add(missing, JAVA, LATER, true);
	else if (remedy)
		add(missing, program, remedy, true);
}

void seep_missing_add(struct seep_missing *missing, struct seep_symbolizer *symbolizer,
		      const struct seep_site *site)
{
	const struct interpreter *interpreter = NULL;
	bool named = false;
	struct seep_walk walk;

	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (seep_walk_next(&walk)) {
		const char *function = walk.line->function, *module = walk.location->module;

		for (size_t i = 0; function && i < COUNT(interpreters); i++) {
			if (begins(function, interpreters[i].function))
				interpreter = &interpreters[i];
		}
		/* Python's own way of telling perf what it runs. */
		named |= function && begins(function, "py::");
		if (!function && module)
			add_module(missing, module);
		else if (!function)
			add_runtime(missing, site->process);
	}
	if (site->stack->end == SEEP_END_JIT)
		add_runtime(missing, site->process);
	if (interpreter && !named)
		add(missing, interpreter->name, interpreter->remedy, true);
}

void seep_missing_add_process(struct seep_missing *missing, const struct seep_process *process)
{
	if (process->exe && begins(seep_text_basename(process->exe), "java"))
		add(missing, JAVA, LATER, true);
}

void seep_missing_add_largest(struct seep_missing *missing, struct seep_symbolizer *symbolizer,
			      const struct seep_snapshot *snapshot, size_t top)
{
	for (size_t i = 0, seen = 0; i < snapshot->num_sites && seen < top; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		if (seep_origin_of(site->stack) >= 0 || (!site->live_objects && !site->live_bytes))
			continue;
		seen++;
		seep_missing_add(missing, symbolizer, site);
	}
}

void seep_missing_append(struct seep_buffer *buffer, const struct seep_missing *missing)
{
	if (!missing->count)
		return;
	seep_buffer_puts(buffer, "Names are missing: ");
	for (size_t i = 0; i < missing->count; i++) {
		seep_buffer_puts(buffer, i ? "; " : "");
		seep_text_append_clean(buffer, missing->places[i].name, SIZE_MAX);
		seep_buffer_printf(buffer, " (%s)", missing->places[i].remedy);
	}
	seep_buffer_puts(buffer, missing->more ? "; and others." : ".");
}
