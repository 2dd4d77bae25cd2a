// SPDX-License-Identifier: GPL-2.0-only
/*
 * A long stack is described line by line in flags, and lines are hidden in two steps: runs of
 * standard libraries first, and what is still too much then. Of libraries in front of the program
 * the innermost lines stay, as there the allocation is; of the program those that called them.
 */
#include "text/frames.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/naming.h"

/* Fewer frames of a library are not worth a line that says they are left out. */
#define RUN_MIN 3
/* If the program itself comes only behind many frames of libraries: so many of these. */
#define LIBRARY_LINES 14
/* How far down the program's own lines may begin without that. */
#define PROGRAM_WITHIN 18

/* What a line is. */
enum {
	ALLOCATOR = 1 << 0, /* the traced function, with all that is inlined in it */
	COMMON = 1 << 1,    /* of a standard library */
	PROGRAM = 1 << 2,   /* of the executable, not of a library */
	HIDDEN = 1 << 3,
};

bool seep_text_frame_repeats(const struct seep_walk *walk)
{
	return walk->frames_done > 1 && walk->frame == walk->stack->frames[walk->frames_done - 2];
}

static unsigned char describe(const struct seep_walk *walk, const struct seep_process *process)
{
	const char *module = walk->location->module;
	unsigned char line = 0;

	if (walk->frames_done == 1)
		return ALLOCATOR;
	if (seep_naming_is_common(walk))
		line |= COMMON;
	else if (module && process->exe && strcmp(module, process->exe) == 0)
		line |= PROGRAM;
	return line;
}

/* How many lines; fills @lines in unless it is NULL. */
static size_t describe_all(struct seep_symbolizer *symbolizer, const struct seep_site *site,
			   unsigned char *lines)
{
	struct seep_walk walk;
	size_t count = 0;

	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (seep_walk_next(&walk)) {
		if (seep_text_frame_repeats(&walk))
			continue;
		if (lines)
			lines[count] = describe(&walk, site->process);
		count++;
	}
	return count;
}

/* Frames of standard libraries between others, and at the end. */
static void hide_common(struct seep_text_frames *frames)
{
	for (size_t i = 0, end; i < frames->count; i = end) {
		for (end = i; end < frames->count && frames->lines[end] & COMMON;)
			end++;
		for (size_t j = i; j < end && end - i >= RUN_MIN; j++)
			frames->lines[j] |= HIDDEN;
		end += end == i;
	}
}

/* The lines on the screen: what is hidden in one place takes one. */
static size_t count_shown(const struct seep_text_frames *frames, size_t end)
{
	size_t shown = 0;

	for (size_t i = 0; i < end; i++)
		shown += !(frames->lines[i] & HIDDEN) || i == 0 || !(frames->lines[i - 1] & HIDDEN);
	return shown;
}

static size_t find_program(const struct seep_text_frames *frames)
{
	size_t i = 0;

	while (i < frames->count && !(frames->lines[i] & PROGRAM))
		i++;
	return i;
}

/* Hides from @begin on all lines but the first @shown, up to @end. */
static void hide_behind(struct seep_text_frames *frames, size_t begin, size_t end, size_t shown)
{
	for (size_t i = begin; i < end; i++) {
		if (frames->lines[i] & HIDDEN)
			continue;
		if (shown)
			shown--;
		else
			frames->lines[i] |= HIDDEN;
	}
}

int seep_text_frames_choose(struct seep_text_frames *frames, struct seep_symbolizer *symbolizer,
			    const struct seep_site *site)
{
	size_t program, shown = SEEP_TEXT_FRAMES_MAX;

	*frames = (struct seep_text_frames){.count = describe_all(symbolizer, site, NULL)};
	if (frames->count <= SEEP_TEXT_FRAMES_MAX)
		return 0;
	frames->lines = calloc(frames->count, sizeof(*frames->lines));
	if (!frames->lines)
		return -ENOMEM;
	describe_all(symbolizer, site, frames->lines);
	hide_common(frames);
	if (count_shown(frames, frames->count) <= SEEP_TEXT_FRAMES_MAX)
		return 0;
	program = find_program(frames);
	if (program < frames->count && count_shown(frames, program) > PROGRAM_WITHIN) {
		hide_behind(frames, 0, program, LIBRARY_LINES);
		shown = SEEP_TEXT_FRAMES_MAX - LIBRARY_LINES;
		hide_behind(frames, program, frames->count, shown);
	} else {
		hide_behind(frames, 0, frames->count, shown);
	}
	return 0;
}

void seep_text_frames_done(struct seep_text_frames *frames)
{
	free(frames->lines);
	*frames = (struct seep_text_frames){0};
}

bool seep_text_frames_hide(const struct seep_text_frames *frames, size_t number)
{
	return frames->lines && number < frames->count && frames->lines[number] & HIDDEN;
}

/* "core" of Rust and "std" of both, by the path of the function; else the library. */
static void name_origin(const struct seep_walk *walk, char name[SEEP_TEXT_FOLD_NAME_MAX])
{
	static const char *const crates[] = {"std", "core", "alloc", "__gnu_cxx"};
	const char *function = walk->line->function, *module = walk->location->module;
	int length;

	function += function && *function == '<';
	for (size_t i = 0; function && i < sizeof(crates) / sizeof(crates[0]); i++) {
		size_t end = strlen(crates[i]);

		if (strncmp(function, crates[i], end) == 0 &&
		    strncmp(function + end, "::", 2) == 0) {
			snprintf(name, SEEP_TEXT_FOLD_NAME_MAX, "%s", crates[i]);
			return;
		}
	}
	module = module ? seep_text_basename(module) : "code of no file";
	length = (int)(strstr(module, ".so") ? strstr(module, ".so") - module :
					       (ptrdiff_t)strlen(module));
	snprintf(name, SEEP_TEXT_FOLD_NAME_MAX, "%.*s", length, module);
}

void seep_text_fold_add(struct seep_text_fold *fold, const struct seep_walk *walk)
{
	char name[SEEP_TEXT_FOLD_NAME_MAX];

	fold->count++;
	name_origin(walk, name);
	for (size_t i = 0; i < fold->num_names && i < SEEP_TEXT_FOLD_NAMES; i++) {
		if (strcmp(fold->names[i], name) == 0)
			return;
	}
	if (fold->num_names < SEEP_TEXT_FOLD_NAMES)
		memcpy(fold->names[fold->num_names], name, sizeof(name));
	if (fold->num_names <= SEEP_TEXT_FOLD_NAMES)
		fold->num_names++;
}

void seep_text_fold_append(struct seep_buffer *buffer, const struct seep_text_fold *fold)
{
	seep_buffer_printf(buffer, "%zu frame%s of ", fold->count, fold->count == 1 ? "" : "s");
	for (size_t i = 0; i < fold->num_names && i < SEEP_TEXT_FOLD_NAMES; i++) {
		seep_buffer_puts(buffer, i ? ", " : "");
		seep_text_append_clean(buffer, fold->names[i], SIZE_MAX);
	}
	if (fold->num_names > SEEP_TEXT_FOLD_NAMES)
		seep_buffer_puts(buffer, " and others");
}
