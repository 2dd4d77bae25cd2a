// SPDX-License-Identifier: GPL-2.0-only
#include "web/html_page.h"

#include "base/text.h"
#include "growth/exhaust.h"
#include "report/escape.h"
#include "report/names.h"

void seep_html_put(struct seep_html_page *page, const char *markup)
{
	seep_buffer_puts(page->out, markup);
}

void seep_html_put_text(struct seep_html_page *page, const char *text)
{
	seep_report_append_escaped(page->out, text);
}

/* The note is escaped as a whole, so its parts are appended without a thought of markup. */
void seep_html_put_note(struct seep_html_page *page)
{
	seep_report_append_escaped(page->out, page->note.data);
	if (page->note.error && !page->out->error)
		page->out->error = page->note.error;
	seep_buffer_reset(&page->note);
}

void seep_html_put_raw(struct seep_html_page *page, const char *raw)
{
	seep_text_append_clean(&page->note, raw, SIZE_MAX);
	seep_html_put_note(page);
}

void seep_html_put_note_in(struct seep_html_page *page, const char *element, const char *attributes)
{
	seep_buffer_printf(page->out, "<%s%s>", element, attributes);
	seep_html_put_note(page);
	seep_buffer_printf(page->out, "</%s>", element);
}

void seep_html_put_fact(struct seep_html_page *page, const char *term)
{
	seep_html_put(page, "<div><dt>");
	seep_html_put_text(page, term);
	seep_html_put(page, "</dt>");
	seep_html_put_note_in(page, "dd", "");
	seep_html_put(page, "</div>\n");
}

/* A capture of another version may have a limit that this one does not know: its key is shown. */
const char *seep_html_limit_text(const char *key)
{
	enum seep_limit limit = seep_limit_find(key);

	return limit == SEEP_LIMIT_COUNT ? key : seep_limit_text(limit);
}

void seep_html_note_scope(struct seep_html_page *page)
{
	if (page->snapshot->num_processes == 1) {
		seep_report_append_process_pid(&page->note, page->snapshot->processes);
		return;
	}
	seep_text_append_clean(&page->note, page->snapshot->scope_type, SIZE_MAX);
	seep_buffer_putc(&page->note, ' ');
	seep_text_append_clean(&page->note, page->snapshot->scope_value, SIZE_MAX);
}

/* The key of a kind is a word of the command line: "fd". */
void seep_html_append_kind(struct seep_buffer *buffer, enum seep_kind kind)
{
	if (seep_kind_is_counted(kind))
		seep_buffer_printf(buffer, "%ss", seep_kind_noun(kind));
	else
		seep_buffer_puts(buffer, seep_kind_plural(kind));
}
