// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of attach.c about a target in whose files nothing, or not everything, was found. They
 * are made once per target, when it is added, and name at most NAMED_FILES files.
 */
#include "target/coverage.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/text.h"

/* Files that are named; the first ones are the program and what it was linked with. */
#define NAMED_FILES 6

/* All built-in families; SEEP_FAMILY_USER, the last one, is what the user named. */
static void append_families(struct seep_buffer *text)
{
	for (int i = 0; i < SEEP_FAMILY_USER; i++)
		seep_buffer_printf(text, "%s%s", i ? ", " : "",
				   seep_family_text((enum seep_family)i));
}

/* Paths come from the target and may contain control characters, so they are cleaned. */
static void append_files(struct seep_buffer *text, const struct seep_target *target)
{
	size_t count = target->num_files;

	for (size_t i = 0; i < count && i < NAMED_FILES; i++) {
		seep_buffer_puts(text, i ? ", \"" : "\"");
		seep_text_append_clean(text, target->files[i]->path, SIZE_MAX);
		seep_buffer_putc(text, '"');
	}
	if (count > NAMED_FILES)
		seep_buffer_printf(text, " and %zu more", count - NAMED_FILES);
	if (!count)
		seep_buffer_puts(text, "none; no file that it maps could be opened");
}

/* What was searched for, where, and what the user can do: the same text for error and warning. */
static void append_search(struct seep_buffer *text, const struct seep_target *target)
{
	seep_buffer_puts(text, "no allocator function was found; looked for: ");
	append_families(text);
	seep_buffer_puts(text, "; in the symbol tables of: ");
	append_files(text, target);
	seep_buffer_puts(text, ". A stripped program needs its debug file; an allocator with "
			       "other names needs --alloc and --free");
}

void seep_coverage_explain_none(const struct seep_target *target)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	append_search(&text, target);
	seep_error("cannot trace process %d (%s): %s", target->pid, target->record->process.comm,
		   text.error ? "out of memory" : text.data);
}

void seep_coverage_warn_none(const struct seep_target *target)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	append_search(&text, target);
	seep_warn("there may be nothing to trace in the command: %s",
		  text.error ? "out of memory" : text.data);
}

/* Compares entries of the list of allocators, not names: each has one entry. */
static bool has_function(const struct seep_target *target, const struct seep_allocator *allocator)
{
	for (size_t i = 0; i < target->num_files; i++) {
		const struct seep_file *file = target->files[i];

		for (size_t j = 0; j < file->num_functions; j++) {
			if (file->functions[j].allocator == allocator)
				return true;
		}
	}
	return false;
}

void seep_coverage_tell_missing(const struct seep_allocators *allocators,
				const struct seep_target *target)
{
	/* What the user named stands first in the list. */
	for (size_t i = 0; i < seep_allocators_num_user(allocators); i++) {
		const struct seep_allocator *allocator = seep_allocators_at(allocators, i);

		if (has_function(target, allocator))
			continue;
		seep_warn(
			"no file of process %d (%s) has a function %s in its symbol tables; it will be "
			"traced if a library brings it later",
			target->pid, target->record->process.comm, allocator->name);
	}
}
