// SPDX-License-Identifier: GPL-2.0-only
#include "text/layout.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

/* SGR, ECMA-48 section 8.3.117 */
static const char *const style_start[] = {
	[SEEP_STYLE_PLAIN] = "",
	[SEEP_STYLE_STRONG] = "\033[1m",
	[SEEP_STYLE_FAINT] = "\033[2m",
	[SEEP_STYLE_WARNING] = "\033[33m",
};
#define STYLE_END "\033[0m"

/* Plain text has no sequences at all, so that reports in files stay plain. */
static void put_bytes(const struct seep_layout *layout, enum seep_style style, const char *bytes,
		      size_t length)
{
	bool styled = layout->color && style != SEEP_STYLE_PLAIN;

	if (styled)
		seep_buffer_puts(layout->out, style_start[style]);
	seep_buffer_append(layout->out, bytes, length);
	if (styled)
		seep_buffer_puts(layout->out, STYLE_END);
}

void seep_layout_put(const struct seep_layout *layout, enum seep_style style, const char *string)
{
	put_bytes(layout, style, string, strlen(string));
}

void seep_layout_reset(const struct seep_layout *layout, struct seep_buffer *scratch)
{
	if (scratch->error && !layout->out->error)
		layout->out->error = scratch->error;
	seep_buffer_reset(scratch);
}

void seep_layout_pad(const struct seep_layout *layout, size_t count)
{
	seep_buffer_printf(layout->out, "%*s", (int)count, "");
}

/* The word that ends before @end is one of these: what belongs to the number behind it. */
static bool ends_in(const char *string, const char *end, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(words[i]);

		if ((size_t)(end - string) < length || memcmp(end - length, words[i], length) != 0)
			continue;
		if (end - length == string || strchr(" (", end[-(ptrdiff_t)length - 1]))
			return true;
	}
	return false;
}

/*
 * Whether the space at @space may be a line break: not between a number and its unit or what it
 * counts, "2 d" and "02 h", "PID" and its number, "<" and "0.01 %".
 */
static bool is_good_break(const char *string, const char *space)
{
	static const char *const before_numbers[] = {"d", "h", "min", "PID", "<", ">"};

	if (isdigit((unsigned char)space[-1]))
		return false;
	return !isdigit((unsigned char)space[1]) ||
	       !ends_in(string, space, before_numbers,
			sizeof(before_numbers) / sizeof(before_numbers[0]));
}

/*
 * How many bytes of @string go on a line of @columns: up to the last space that fits and is a good
 * break, else the last space, else as much as fits.
 */
static size_t line_length(const char *string, size_t columns)
{
	size_t good = 0;
	size_t any = 0;
	size_t column = 0;
	size_t i;

	for (i = 0; string[i]; i++) {
		/* Continuation bytes of UTF-8 take no column. */
		if (((unsigned char)string[i] & 0xc0) == 0x80)
			continue;
		/*
		 * A space just behind the last column is a good place, too: it is looked at before
		 * the column is counted.
		 */
		if (string[i] == ' ' && i > 0) {
			any = i;
			if (is_good_break(string, string + i))
				good = i;
		}
		if (column++ == columns)
			break;
	}
	if (!string[i])
		return i;
	/* Text without a space (a long path) is cut at the column. */
	return good ? good : any ? any : i;
}

/* Each line is styled for itself: a sequence does not span a line break and its indent. */
void seep_layout_wrap(const struct seep_layout *layout, enum seep_style style, size_t indent,
		      const char *string)
{
	for (;;) {
		size_t length = line_length(string, seep_layout_columns(layout) - indent);

		put_bytes(layout, style, string, length);
		seep_buffer_putc(layout->out, '\n');
		string += length;
		/* The space at the break belongs to neither line. */
		while (*string == ' ')
			string++;
		if (!*string)
			return;
		seep_layout_pad(layout, indent);
	}
}
