/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the HTML report share: the page being written, and how text gets into it. */
#ifndef SEEP_WEB_HTML_PAGE_H
#define SEEP_WEB_HTML_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "report/callers.h"
#include "symbol/symbolizer.h"
#include "web/html.h"
#include "web/html_answer.h"

struct seep_html_page {
	const struct seep_snapshot *snapshot;
	struct seep_symbolizer *symbolizer;
	const struct seep_html_history *history; /* never NULL */
	const struct seep_html_options *options;
	struct seep_html_answer answer;
	struct seep_caller_groups callers; /* of what leaks and grows */
	struct seep_buffer *out;
	struct seep_buffer note; /* text being put together: clean, not escaped yet */
};

/* Appends markup as it is. */
void seep_html_put(struct seep_html_page *page, const char *markup);
/* Appends clean text, escaped. */
void seep_html_put_text(struct seep_html_page *page, const char *text);
/* Appends text of a target, cleaned and escaped. */
void seep_html_put_raw(struct seep_html_page *page, const char *raw);
/* Appends the note, escaped, and empties it; a failure that it had becomes the page's. */
void seep_html_put_note(struct seep_html_page *page);
/* The same between <@element attributes> and </@element>. */
void seep_html_put_note_in(struct seep_html_page *page, const char *element,
			   const char *attributes);
/* A term and, from the note, what there is to say about it: for lists <dl>. */
void seep_html_put_fact(struct seep_html_page *page, const char *term);

/* Appends what is traced to the note: "server (PID 7)", or the scope if it is not one process. */
void seep_html_note_scope(struct seep_html_page *page);

/* "memory", "mappings", "threads", "descriptors": for headings. Appended to the buffer. */
void seep_html_append_kind(struct seep_buffer *buffer, enum seep_kind kind);

/* What people call the limit with this key; the key itself if it is none of SEEP_LIMITS. */
const char *seep_html_limit_text(const char *key);

#endif
