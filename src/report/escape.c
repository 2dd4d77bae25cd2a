// SPDX-License-Identifier: GPL-2.0-only
#include "report/escape.h"

#include <string.h>

/* The apostrophe is not among them: attributes are in double quotes. */
static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

void seep_report_append_escaped(struct seep_buffer *out, const char *text)
{
	for (;;) {
		/*
		 * 0xef begins U+F000 to U+FFFF in UTF-8: most of them are fine, and are copied byte
		 * by byte.
		 */
		size_t plain = strcspn(text, "&<>\"\xef");
		const char *entity;

		seep_buffer_append(out, text, plain);
		text += plain;
		if (!*text)
			return;
		/* U+FFFE and U+FFFF. */
		if (strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
		    strncmp(text, "\xef\xbf\xbf", 3) == 0) {
			/* U+FFFD, the replacement character. */
			seep_buffer_puts(out, "\xef\xbf\xbd");
			text += 3;
			continue;
		}
		entity = entity_of(*text);
		if (entity)
			seep_buffer_puts(out, entity);
		else
			seep_buffer_putc(out, *text);
		text++;
	}
}
