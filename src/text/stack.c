// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stack is walked twice: first for the width of its function column, then to print it. Unless
 * verbose, names are short, recursion is shown once, and of a long stack frames.c chooses the lines
 * that are shown. One struct of scratch buffers serves a whole list of sites.
 */
#include "text/stack.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "report/names.h"
#include "report/naming.h"
#include "report/shorten.h"
#include "symbol/walk.h"
#include "text/frames.h"

/* Between the column of functions and that of sources. */
#define GAP	       2
#define SOURCE_PERCENT 40 /* of a line: the least that a long source path gets */

#define DOTS "\xe2\x80\xa6" /* U+2026 */

#define INLINED " (inlined)"

/* A walk over the lines of a stack that are shown. */
struct shown {
	struct seep_walk walk;
	const struct seep_text_frames *frames;
	size_t lines;		    /* so far, hidden ones too */
	size_t repeats;		    /* of the line before, not yet told */
	struct seep_text_fold fold; /* hidden since the line before, not yet told */
	bool repeating;
};

/*
 * What stands right of the function: source and line, else the module, unless that stands for its
 * name.
 */
static void append_source(struct seep_buffer *buffer, const struct seep_walk *walk)
{
	if (walk->line->source || !walk->line->function == !walk->location->module)
		seep_naming_append_place(buffer, walk);
}

/* Fills function and source with the line at which the walk stands, uncut. */
static void format_line(struct seep_text_stack *text, const struct seep_walk *walk)
{
	seep_layout_reset(text->layout, &text->function);
	seep_layout_reset(text->layout, &text->source);
	if (text->verbose)
		seep_report_append_function(&text->function, walk->location, walk->line);
	else
		seep_report_append_short_function(&text->function, walk->location, walk->line);
	append_source(&text->source, walk);
}

/*
 * Goes to the next line to show. In a stack of deep recursion the same frame follows itself: that
 * is shown once, unless verbose, and counted in repeats.
 */
static bool next_shown(const struct seep_text_stack *text, struct shown *shown)
{
	struct seep_walk *walk = &shown->walk;

	while (seep_walk_next(walk)) {
		/* Decided at the first line of a frame, for all functions inlined in it. */
		if (walk->lines_done == 1) {
			shown->repeating = !text->verbose && seep_text_frame_repeats(walk);
			/* Of a hidden line it is not told. */
			shown->repeats += shown->repeating && !shown->fold.count;
		}
		if (shown->repeating)
			continue;
		if (!seep_text_frames_hide(shown->frames, shown->lines++))
			return true;
		seep_text_fold_add(&shown->fold, walk);
	}
	return false;
}

/* Columns of the functions of this stack: all that fits beside the sources. */
static size_t function_columns(struct seep_text_stack *text, const struct seep_site *site,
			       const struct seep_text_frames *frames)
{
	size_t line = seep_layout_columns(text->layout), most = line * SOURCE_PERCENT / 100;
	size_t functions = 0, sources = 0, room;
	struct shown shown = {.frames = frames};

	seep_walk_init(&shown.walk, text->symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (next_shown(text, &shown)) {
		size_t columns;

		format_line(text, &shown.walk);
		columns = seep_text_columns(text->function.data);
		if (shown.walk.line->inlined)
			columns += sizeof(INLINED) - 1;
		functions = columns > functions ? columns : functions;
		columns = seep_text_columns(text->source.data);
		sources = columns > sources ? columns : sources;
	}
	/* A long path must not take the room of the functions; it is cut instead. */
	if (sources > most)
		sources = most;
	room = line - SEEP_TEXT_STACK_INDENT - (sources ? GAP + sources : 0);
	return functions < room ? functions : room;
}

/* A whole name that has no room beside its source, which goes below it. */
static void put_long_line(struct seep_text_stack *text, const struct seep_walk *walk)
{
	const struct seep_layout *layout = text->layout;

	if (walk->line->inlined)
		seep_buffer_puts(&text->function, INLINED);
	seep_layout_pad(layout, SEEP_TEXT_STACK_INDENT);
	seep_layout_wrap(layout, SEEP_STYLE_PLAIN, SEEP_TEXT_STACK_INDENT, text->function.data);
	if (!text->source.length)
		return;
	seep_layout_pad(layout, SEEP_TEXT_STACK_INDENT + GAP);
	seep_layout_wrap(layout, SEEP_STYLE_FAINT, SEEP_TEXT_STACK_INDENT + GAP, text->source.data);
}

/* In at most @columns: outer directories go first, as the file and the line are the point of it. */
static void append_path(struct seep_buffer *buffer, const char *path, size_t columns)
{
	const char *rest = path;

	while (seep_text_columns(rest) + (rest == path ? 0 : 1) > columns) {
		rest = strchr(rest + 1, '/');
		if (!rest) {
			seep_text_append_elided(buffer, path, columns);
			return;
		}
	}
	seep_buffer_puts(buffer, rest == path ? "" : DOTS);
	seep_buffer_puts(buffer, rest);
}

/* One line of a stack. The function is padded to @columns, so that sources stand in one column. */
static void put_line(struct seep_text_stack *text, const struct seep_walk *walk, size_t columns)
{
	const struct seep_layout *layout = text->layout;
	/* The mark of an inlined function is never cut, so its name gets less. */
	size_t room = columns - (walk->line->inlined ? sizeof(INLINED) - 1 : 0);

	format_line(text, walk);
	if (text->verbose && seep_text_columns(text->function.data) > room) {
		put_long_line(text, walk);
		return;
	}
	seep_layout_reset(text->layout, &text->clean);
	seep_shorten_append_fitting(&text->clean, text->function.data, room);
	if (walk->line->inlined)
		seep_buffer_puts(&text->clean, INLINED);
	seep_layout_pad(layout, SEEP_TEXT_STACK_INDENT);
	seep_layout_put(layout, SEEP_STYLE_PLAIN, text->clean.data);
	/* The source takes what is left of the line, which may be more than the least that it
	 * needs. */
	if (text->source.length > 0) {
		seep_layout_pad(layout, columns - seep_text_columns(text->clean.data) + GAP);
		seep_layout_reset(text->layout, &text->clean);
		append_path(&text->clean, text->source.data,
			    seep_layout_columns(layout) - SEEP_TEXT_STACK_INDENT - columns - GAP);
		seep_layout_put(layout, SEEP_STYLE_FAINT, text->clean.data);
	}
	seep_buffer_putc(layout->out, '\n');
}

/* Verbose: where in which build a frame is. */
static void put_place(struct seep_text_stack *text, const struct seep_location *location)
{
	/* Code of no file has no build. */
	if (!location->module)
		return;
	seep_layout_reset(text->layout, &text->function);
	seep_layout_reset(text->layout, &text->clean);
	seep_text_append_clean(&text->function, location->module, SIZE_MAX);
	seep_text_append_elided(&text->clean, text->function.data,
				seep_layout_columns(text->layout) - SEEP_TEXT_STACK_INDENT - 2 -
					20);
	seep_buffer_printf(&text->clean, "+0x%" PRIx64, location->offset);
	if (location->build_id)
		seep_buffer_printf(&text->clean, " build ID %s", location->build_id);
	seep_layout_pad(text->layout, SEEP_TEXT_STACK_INDENT + 2);
	seep_layout_wrap(text->layout, SEEP_STYLE_FAINT, SEEP_TEXT_STACK_INDENT + 2,
			 text->clean.data);
}

/* Tells how often the line before repeats, or how many there are behind the last one. */
static void put_more(const struct seep_text_stack *text, size_t count, const char *what)
{
	if (count > 0)
		seep_buffer_printf(text->layout->out, "%*s... %zu more %s%s\n",
				   SEEP_TEXT_STACK_INDENT, "", count, what, count == 1 ? "" : "s");
}

/* What is told before a line: what became of the ones between it and the line before. */
static void put_between(struct seep_text_stack *text, struct shown *shown)
{
	put_more(text, shown->repeats, "time");
	shown->repeats = 0;
	if (!shown->fold.count)
		return;
	seep_layout_reset(text->layout, &text->clean);
	seep_buffer_puts(&text->clean, "... ");
	seep_text_fold_append(&text->clean, &shown->fold);
	seep_buffer_puts(&text->clean, " ...");
	seep_layout_pad(text->layout, SEEP_TEXT_STACK_INDENT);
	seep_layout_wrap(text->layout, SEEP_STYLE_FAINT, SEEP_TEXT_STACK_INDENT, text->clean.data);
	shown->fold = (struct seep_text_fold){0};
}

/* Says why the outer callers are missing; a whole stack has nothing to say. */
static void put_end(struct seep_text_stack *text, const struct seep_stack *stack)
{
	if (stack->num_frames > 0 && stack->end == SEEP_END_COMPLETE)
		return;
	seep_layout_reset(text->layout, &text->clean);
	if (stack->num_frames == 0)
		seep_buffer_puts(&text->clean, "stack is unknown: it never arrived");
	else
		seep_buffer_printf(&text->clean, "stack is partial: %s", seep_end_text(stack->end));
	seep_layout_pad(text->layout, SEEP_TEXT_STACK_INDENT);
	seep_layout_wrap(text->layout, SEEP_STYLE_WARNING, SEEP_TEXT_STACK_INDENT,
			 text->clean.data);
}

/* Symbols are cached by the symbolizer, so the second walk is cheap. */
static void put_frames(struct seep_text_stack *text, const struct seep_site *site,
		       const struct seep_text_frames *frames)
{
	size_t columns = function_columns(text, site, frames);
	struct shown shown = {.frames = frames};

	seep_walk_init(&shown.walk, text->symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	while (next_shown(text, &shown)) {
		put_between(text, &shown);
		put_line(text, &shown.walk, columns);
		/* Once for each frame, behind its last function. */
		if (text->verbose && shown.walk.lines_done == shown.walk.location->num_lines)
			put_place(text, shown.walk.location);
	}
	put_more(text, shown.repeats, "time");
	put_more(text, shown.fold.count, "frame");
}

void seep_text_stack_put(struct seep_text_stack *text, const struct seep_site *site)
{
	struct seep_text_frames frames = {0};
	int error = text->verbose ? 0 : seep_text_frames_choose(&frames, text->symbolizer, site);

	if (error && !text->layout->out->error)
		text->layout->out->error = error;
	put_frames(text, site, &frames);
	seep_text_frames_done(&frames);
	put_end(text, site->stack);
}

void seep_text_stack_init(struct seep_text_stack *text, const struct seep_layout *layout,
			  struct seep_symbolizer *symbolizer, bool verbose)
{
	*text = (struct seep_text_stack){
		.layout = layout,
		.symbolizer = symbolizer,
		.verbose = verbose,
	};
	seep_buffer_init(&text->function);
	seep_buffer_init(&text->source);
	seep_buffer_init(&text->clean);
}

void seep_text_stack_done(struct seep_text_stack *text)
{
	seep_layout_reset(text->layout, &text->function);
	seep_layout_reset(text->layout, &text->source);
	seep_layout_reset(text->layout, &text->clean);
	seep_buffer_done(&text->function);
	seep_buffer_done(&text->source);
	seep_buffer_done(&text->clean);
}
