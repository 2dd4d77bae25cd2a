// SPDX-License-Identifier: GPL-2.0-only
#include "report/shorten_groups.h"

#include <ctype.h>
#include <string.h>

#define FOLDED "<\xe2\x80\xa6>" /* U+2026 */

#define OPERATOR "operator"

/* Longer ones before those that they begin with. */
static const char *const symbols[] = {
	"()", "[]", "->*", "->", "<=>", "<<=", ">>=", "<<", ">>", "<=", ">=", "==",   "!=", "&&",
	"||", "++", "--",  "+=", "-=",	"*=",  "/=",  "%=", "&=", "|=", "^=", "<",    ">",  "+",
	"-",  "*",  "/",   "%",	 "^",	"&",   "|",   "~",  "!",  "=",	",",  "\"\"",
};
/* With a blank before them. Everything else behind a blank is a type. */
static const char *const words[] = {" new[]", " new", " delete[]", " delete", " co_await"};

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static size_t find(const char *at, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(list[i]);

		if (strncmp(at, list[i], length) == 0)
			return length;
	}
	return 0;
}

size_t seep_operator_length(const char *name, const char *at)
{
	size_t length = strlen(OPERATOR), more;

	if (*at != 'o' || strncmp(at, OPERATOR, length) != 0 || (at > name && is_of_name(at[-1])))
		return 0;
	more = find(at + length, symbols, sizeof(symbols) / sizeof(symbols[0]));
	if (!more)
		more = find(at + length, words, sizeof(words) / sizeof(words[0]));
	if (!more && at[length] == ' ')
		more = 1;
	return more ? length + more : 0;
}

/*
 * Within angle brackets, groups of other brackets are skipped, since comparisons stand in
 * parentheses; within these only their own kind is counted. So the depth of calls is two.
 */
const char *seep_group_end(const char *at)
{
	static const char pairs[] = "<>(){}[]";
	const char *start = at;
	char open = *at, close = strchr(pairs, open)[1];
	size_t depth = 0;

	while (*at) {
		size_t length = seep_operator_length(start, at);
		const char *inner;

		if (length || strncmp(at, "->", 2) == 0) {
			at += length ? length : 2;
			continue;
		}
		if (open == '<' && (*at == '(' || *at == '{')) {
			inner = seep_group_end(at);
			if (!inner)
				return NULL;
			at = inner;
			continue;
		}
		depth += *at == open;
		depth -= *at == close;
		at++;
		if (!depth)
			return at;
	}
	return NULL;
}

bool seep_group_has_as(const char *text, size_t length)
{
	const char *end = text + length, *group;

	while (text < end) {
		if (strncmp(text, " as ", 4) == 0)
			return true;
		group = strchr("<({[", *text) ? seep_group_end(text) : NULL;
		text = group ? group : text + 1;
	}
	return false;
}

/* The group at @text, which is left out unless it is a closure. Returns what is behind it. */
static const char *append_group(struct seep_buffer *buffer, const char *text, const char *end)
{
	const char *group = seep_group_end(text);

	if (!group || group > end)
		group = end;
	if (*text == '<')
		seep_buffer_puts(buffer, FOLDED);
	else
		seep_buffer_append(buffer, text, (size_t)(group - text));
	return group;
}

void seep_group_append_types(struct seep_buffer *buffer, const char *text, size_t length)
{
	const char *end = text + length;
	size_t part = buffer->length; /* where the path began that is being appended */

	while (text < end) {
		if (strncmp(text, "::", 2) == 0) {
			/* It was a module, or a type within which this one is. */
			seep_buffer_truncate(buffer, part);
			text += 2;
		} else if (*text == '<' || *text == '{') {
			text = append_group(buffer, text, end);
		} else {
			seep_buffer_putc(buffer, *text);
			if (!is_of_name(*text))
				part = buffer->length;
			text++;
		}
	}
}

void seep_group_append_path(struct seep_buffer *buffer, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		if (*text == '<')
			text = append_group(buffer, text, end);
		else
			seep_buffer_putc(buffer, *text++);
	}
}
