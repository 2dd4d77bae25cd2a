/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/html_stack.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/walk.h"

#define PATH_FUNCTIONS 4   /* that lead to the one that a site is known by */
#define PATH_COLUMNS   48  /* of each */
#define LINES_MAX      100 /* of a stack that is shown in full */

#define ARROW " \xe2\x86\x90 " /* U+2190: called by */

/* What every program is made of: functions that begin so, and modules that begin so. */
static const char *const common_functions[] = {
	"std::",   "__gnu_cxx::", "operator new", "alloc::", "core::",
	"__rust_", "__rustc",	  "<alloc::",	  "<core::", "<std::",
};
static const char *const common_modules[] = {
	"libc.so", "libc-", "ld-linux", "ld-musl", "libstdc++", "libc++", "libpthread", "libgcc_s",
};

/* What functions are called that allocate for others: xmalloc, g_strdup, CRYPTO_realloc. */
static const char *const wrapper_ends[] = {"alloc", "alloc0", "strdup", "strndup", "memdup"};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool begins_with(const char *text, const char *const *beginnings, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

static bool is_wrapper(const char *function)
{
	size_t length = strlen(function);

	for (size_t i = 0; i < COUNT(wrapper_ends); i++) {
		size_t end = strlen(wrapper_ends[i]);

		if (length >= end && strcmp(function + length - end, wrapper_ends[i]) == 0)
			return true;
	}
	return false;
}

static bool is_common(const struct seep_walk *walk)
{
	const char *module = walk->location->module;
	const char *function = walk->line->function;

	if (function && (begins_with(function, common_functions, COUNT(common_functions)) ||
			 is_wrapper(function)))
		return true;
	return module &&
	       begins_with(seep_report_basename(module), common_modules, COUNT(common_modules));
}

size_t seep_html_named_function(struct seep_symbolizer *symbolizer, const struct seep_site *site)
{
	size_t index = 0, behind_allocator = 0;
	struct seep_walk walk;

	seep_walk_init(&walk, symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (; seep_walk_next(&walk); index++) {
		if (walk.frames_done == 1)
			continue;
		if (!is_common(&walk))
			return index;
		if (!behind_allocator)
			behind_allocator = index;
	}
	return behind_allocator;
}

/* Goes to the function with that index; false if the stack has none. */
static bool walk_to_named(struct seep_html_page *page, const struct seep_site *site,
			  struct seep_walk *walk)
{
	size_t index = seep_html_named_function(page->symbolizer, site);

	seep_walk_init(walk, page->symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (size_t i = 0; i <= index; i++) {
		if (!seep_walk_next(walk))
			return false;
	}
	return true;
}

void seep_html_note_function(struct seep_html_page *page, const struct seep_site *site)
{
	struct seep_walk walk;

	if (walk_to_named(page, site, &walk))
		seep_report_append_function(&page->note, walk.location, walk.line);
	else
		seep_buffer_puts(&page->note, "unknown stack");
}

static void append_place(struct seep_buffer *buffer, const struct seep_walk *walk)
{
	const char *module = walk->location->module;

	if (walk->line->source) {
		seep_text_append_clean(buffer, walk->line->source, SIZE_MAX);
		if (walk->line->line > 0)
			seep_buffer_printf(buffer, ":%u", walk->line->line);
	} else if (module) {
		seep_text_append_clean(buffer, seep_report_basename(module), SIZE_MAX);
	} else {
		seep_buffer_puts(buffer, "code of no file");
	}
}

void seep_html_note_place(struct seep_html_page *page, const struct seep_site *site)
{
	struct seep_walk walk;

	if (walk_to_named(page, site, &walk))
		append_place(&page->note, &walk);
}

void seep_html_note_path(struct seep_html_page *page, const struct seep_site *site)
{
	SEEP_AUTO_BUFFER struct seep_buffer name = SEEP_BUFFER_INIT;
	struct seep_walk walk;
	size_t count = 0;

	if (!walk_to_named(page, site, &walk))
		return;
	do {
		seep_buffer_reset(&name);
		seep_report_append_function(&name, walk.location, walk.line);
		seep_buffer_puts(&page->note, count ? ARROW : "");
		seep_text_append_elided(&page->note, name.data, PATH_COLUMNS);
	} while (++count <= PATH_FUNCTIONS && seep_walk_next(&walk));
	if (walk.frames_done < site->stack->num_frames)
		seep_buffer_puts(&page->note, ARROW "\xe2\x80\xa6"); /* U+2026 */
}

static void put_line(struct seep_html_page *page, const struct seep_walk *walk, bool named)
{
	seep_buffer_printf(page->out, "<li%s><code>", named ? " class=\"named\"" : "");
	seep_report_append_function(&page->note, walk->location, walk->line);
	seep_html_put_note(page);
	seep_html_put(page, "</code>");
	if (walk->line->inlined)
		seep_html_put(page, " <i>inlined</i>");
	seep_html_put(page, " <span>");
	append_place(&page->note, walk);
	seep_html_put_note(page);
	seep_html_put(page, "</span></li>\n");
}

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

void seep_html_put_stack(struct seep_html_page *page, const struct seep_site *site)
{
	size_t named = seep_html_named_function(page->symbolizer, site);
	size_t index = 0, shown = 0, repeated = 0, hidden = 0;
	struct seep_walk walk;

	seep_html_put(page, "<ol class=\"stack\">\n");
	seep_walk_init(&walk, page->symbolizer, site, SEEP_WALK_INNERMOST_FIRST);
	for (; seep_walk_next(&walk); index++) {
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
