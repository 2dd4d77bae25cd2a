/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/html_page.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "model/exhaust.h"
#include "report/escape.h"

/* A rate below one in a second is told by the hour, as in the evidence. */
#define HOUR_S 3600.0

#define NUMBER_MAX 1e18

void seep_html_put(struct seep_html_page *page, const char *markup)
{
	seep_buffer_puts(page->out, markup);
}

void seep_html_put_text(struct seep_html_page *page, const char *text)
{
	seep_report_append_escaped(page->out, text);
}

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

/* Two significant digits of a small number, whatever the locale says. */
static void append_count(struct seep_buffer *buffer, double number)
{
	char text[SEEP_UNIT_MAX];
	uint64_t tenths = (uint64_t)llround(number * 10);

	if (number >= 10 || tenths % 10 == 0)
		seep_buffer_puts(buffer, seep_format_count(text, (uint64_t)llround(number)));
	else
		seep_buffer_printf(buffer, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

void seep_html_append_rate(struct seep_buffer *buffer, enum seep_kind kind, double per_s)
{
	double size = fabs(per_s);
	bool hourly = size < 1;
	char text[SEEP_UNIT_MAX];

	if (isnan(per_s) || size > NUMBER_MAX) {
		seep_buffer_puts(buffer, "an unknown rate");
		return;
	}
	size *= hourly ? HOUR_S : 1;
	if (per_s < 0)
		seep_buffer_putc(buffer, '-');
	if (seep_kind_is_counted(kind)) {
		append_count(buffer, size);
		seep_buffer_printf(buffer, " %ss", seep_kind_noun(kind));
	} else {
		seep_buffer_puts(buffer, seep_format_bytes(text, (uint64_t)llround(size)));
	}
	seep_buffer_puts(buffer, hourly ? "/h" : "/s");
}

void seep_html_append_seconds(struct seep_buffer *buffer, double seconds)
{
	char text[SEEP_UNIT_MAX];

	if (isinf(seconds))
		seep_buffer_puts(buffer, "ever");
	else if (seconds >= 0)
		seep_buffer_puts(buffer,
				 seep_format_duration(text, (uint64_t)(fmin(seconds, 1e9) * 1e9)));
}

void seep_html_append_process(struct seep_buffer *buffer, const struct seep_process *process)
{
	bool named = process->comm && process->comm[0];

	seep_text_append_clean(buffer, named ? process->comm : "unknown", SIZE_MAX);
	seep_buffer_printf(buffer, " (PID %d)", (int)process->pid);
}

const char *seep_html_limit_text(const char *key)
{
	for (enum seep_limit limit = 0; limit < SEEP_LIMIT_COUNT; limit++) {
		if (strcmp(seep_limit_key(limit), key) == 0)
			return seep_limit_text(limit);
	}
	return key;
}
