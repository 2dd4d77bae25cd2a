// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text is taken apart by code points: decode checks one, is_harmless decides whether it may be
 * shown. seep_text_append_clean copies what is harmless in runs. The functions about columns expect
 * text that has been cleaned: they only count the bytes that begin a code point.
 */
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define ELLIPSIS    "\xe2\x80\xa6" /* U+2026 */

/* Any byte of a code point but its first one. */
static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/*
 * Decodes the code point that begins at @text: its length in bytes, or 0 if it is not well formed.
 * RFC 3629 section 3: no overlong form, no surrogate, nothing past U+10FFFF.
 */
static size_t decode(const char *text, size_t length, uint32_t *ret_point)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first = text[0];
	uint32_t point;
	size_t size;

	if (first < 0x80) {
		*ret_point = first;
		return 1;
	}
	/* A continuation without a beginning, or a form of five bytes and more. */
	if (first >= 0xf8 || first < 0xc0)
		return 0;
	/* As many bytes as the first one has leading ones. */
	size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (size > length)
		return 0;

	/* The first byte tells the length by its leading ones; each other byte has six bits. */
	point = first & (0x7f >> size);
	for (size_t i = 1; i < size; i++) {
		if (!is_continuation(text[i]))
			return 0;
		point = point << 6 | ((unsigned char)text[i] & 0x3f);
	}
	/* An overlong form could hide a character that is looked for in its short one. */
	if (point < smallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;

	*ret_point = point;
	return size;
}

/* May the code point be shown? It moves no cursor, ends no line and turns no text around. */
static bool is_harmless(uint32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) /* C0, DEL, C1 */
		return false;
	if (point == 0x2028 || point == 0x2029) /* line and paragraph separator */
		return false;
	/* Bidi_Control of Unicode's PropList.txt: they show text in another order than it has. */
	return point != 0x061c && point != 0x200e && point != 0x200f &&
	       !(point >= 0x202a && point <= 0x202e) && !(point >= 0x2066 && point <= 0x2069);
}

void seep_text_append_clean(struct seep_buffer *buffer, const char *text, size_t length)
{
	size_t start = 0; /* of the harmless text not yet appended */
	size_t at = 0;

	if (length == SIZE_MAX)
		length = strlen(text);

	while (at < length) {
		uint32_t point = 0;
		size_t size = decode(text + at, length - at, &point);

		if (size == 0 || !is_harmless(point)) {
			seep_buffer_append(buffer, text + start, at - start);
			seep_buffer_puts(buffer, REPLACEMENT);
			/*
			 * Of bytes that are not well formed each becomes a replacement, so that
			 * decoding catches up.
			 */
			start = at + (size ? size : 1);
		}
		at += size ? size : 1;
	}
	seep_buffer_append(buffer, text + start, at - start);
}

char *seep_text_clean_dup(const char *text)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	seep_text_append_clean(&buffer, text, SIZE_MAX);
	return seep_buffer_take(&buffer);
}

size_t seep_text_columns(const char *text)
{
	size_t columns = 0;

	for (; *text; text++)
		columns += !is_continuation(*text);
	return columns;
}

/* The byte at which the code point number @column begins, or the end of @text. */
static const char *skip_columns(const char *text, size_t column)
{
	while (*text && column > 0) {
		do
			text++;
		while (is_continuation(*text));
		column--;
	}
	return text;
}

void seep_text_append_elided(struct seep_buffer *buffer, const char *text, size_t columns)
{
	size_t length = seep_text_columns(text);
	size_t head, tail;

	if (length <= columns) {
		seep_buffer_puts(buffer, text);
		return;
	}
	if (columns == 0)
		return;

	/* One column is for the ellipsis; the beginning gets the odd one. */
	tail = (columns - 1) / 2;
	head = columns - 1 - tail;
	seep_buffer_append(buffer, text, skip_columns(text, head) - text);
	seep_buffer_puts(buffer, ELLIPSIS);
	seep_buffer_puts(buffer, skip_columns(text, length - tail));
}

/* Cleaned first, then cut: cutting raw bytes could split a character. */
void seep_text_append_clean_elided(struct seep_buffer *buffer, const char *raw, size_t columns)
{
	SEEP_AUTO_BUFFER struct seep_buffer clean = SEEP_BUFFER_INIT;

	seep_text_append_clean(&clean, raw, SIZE_MAX);
	seep_text_append_elided(buffer, clean.data, columns);
}

const char *seep_text_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	/* A path that ends in a slash is shown as it is. */
	return slash && slash[1] ? slash + 1 : path;
}
