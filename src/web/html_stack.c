// SPDX-License-Identifier: GPL-2.0-only
#include "web/html_stack.h"

#include <string.h>

#include "base/text.h"
#include "report/names.h"
#include "report/naming.h"
#include "report/shorten.h"
#include "symbol/walk.h"

#define PATH_FUNCTIONS 4   /* that lead to the one that a site is known by */
#define PATH_COLUMNS   48  /* of each */
#define LINES_MAX      100 /* of a stack that is shown in full */

#define ARROW " \xe2\x86\x90 " /* U+2190: called by */

void seep_html_note_function(struct seep_html_page *page, const struct seep_site *site)
{
	seep_naming_append(&page->note, page->symbolizer, site);
}

void seep_html_note_place(struct seep_html_page *page, const struct seep_site *site)
{
	struct seep_walk walk;

	if (seep_naming_walk(page->symbolizer, site, &walk))
		seep_naming_append_place(&page->note, &walk);
}

void seep_html_note_path(struct seep_html_page *page, const struct seep_site *site)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct seep_walk walk;
	size_t count = 0;

	if (!seep_naming_walk(page->symbolizer, site, &walk))
		return;
	do {
		seep_buffer_reset(&name);
		seep_report_append_short_function(&name, walk.location, walk.line);
		seep_buffer_puts(&page->note, count ? ARROW : "");
		seep_shorten_append_fitting(&page->note, name.data, PATH_COLUMNS);
		/* The function itself and PATH_FUNCTIONS callers. */
	} while (++count <= PATH_FUNCTIONS && seep_walk_next(&walk));
	/* There are further callers. */
	if (walk.frames_done < site->stack->num_frames)
		seep_buffer_puts(&page->note, ARROW "\xe2\x80\xa6"); /* U+2026 */
}

/* Short; whole where the mouse rests. */
static void put_name(struct seep_html_page *page, const struct seep_walk *walk)
{
	SEEP_AUTO_BUFFER struct seep_buffer whole = SEEP_BUFFER_INIT;

	seep_report_append_function(&whole, walk->location, walk->line);
	seep_report_append_short_function(&page->note, walk->location, walk->line);
	if (whole.error && !page->note.error)
		page->note.error = whole.error;
	seep_html_put(page, "<code");
	if (!page->note.error && strcmp(whole.data, page->note.data) != 0) {
		seep_html_put(page, " title=\"");
		seep_html_put_text(page, whole.data);
		seep_html_put(page, "\"");
	}
	seep_html_put(page, ">");
	seep_html_put_note(page);
	seep_html_put(page, "</code>");
}

/* @named: the function by which the site is known, which the style highlights. */
static void put_line(struct seep_html_page *page, const struct seep_walk *walk, bool named)
{
	seep_buffer_printf(page->out, "<li%s>", named ? " class=\"named\"" : "");
	put_name(page, walk);
	if (walk->line->inlined)
		seep_html_put(page, " <i>inlined</i>");
	seep_html_put(page, " <span>");
	seep_naming_append_place(&page->note, walk);
	seep_html_put_note(page);
	seep_html_put(page, "</span></li>\n");
}

/* A count that has been collected, in a line of its own; it is 0 afterwards. */
static void put_more(struct seep_html_page *page, size_t *count, const char *what)
{
	if (*count > 0)
		seep_buffer_printf(page->out, "<li class=\"more\">%zu more %s%s</li>\n", *count,
				   what, *count == 1 ? "" : "s");
	*count = 0;
}

/* A frame that follows itself, in deep recursion, is shown once and counted. */
static bool repeats(const struct seep_walk *walk)
{
	return walk->frames_done > 1 && walk->frame == walk->stack->frames[walk->frames_done - 2];
}

/* Says why the outer callers are missing; a whole stack has nothing to say. */
static void put_end(struct seep_html_page *page, const struct seep_stack *stack)
{
	if (stack->num_frames > 0 && stack->end == SEEP_END_COMPLETE)
		return;
	seep_html_put(page, "<p class=\"warning\">");
	if (stack->num_frames == 0)
		seep_html_put(page, "The stack is unknown: it never arrived.");
	else
		seep_buffer_printf(page->out, "The stack is partial: %s.",
				   seep_end_text(stack->end));
	seep_html_put(page, "</p>\n");
}

/*
 * All functions, inlined ones too, up to LINES_MAX; what is repeated or hidden is counted. The
 * index runs over all of them, as that of the naming function does.
 */
void seep_html_put_stack(struct seep_html_page *page, const struct seep_site *site)
{
	size_t named = seep_naming_index(page->symbolizer, site);
	size_t index = 0, shown = 0, repeated = 0, hidden = 0;
	struct seep_walk walk;

	seep_html_put(page, "<ol class=\"stack\">\n");
	seep_walk_init(&walk, page->symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (; seep_walk_next(&walk); index++) {
		/* A frame may have several lines: only its first one counts as a repetition. */
		if (repeats(&walk)) {
			repeated += walk.lines_done == 1;
		} else if (shown == LINES_MAX) {
			hidden++;
		} else {
			put_more(page, &repeated, "time");
			put_line(page, &walk, index == named);
			shown++;
		}
	}
	put_more(page, &repeated, "time");
	put_more(page, &hidden, "function");
	seep_html_put(page, "</ol>\n");
	put_end(page, site->stack);
}
