// SPDX-License-Identifier: GPL-2.0-only
/*
 * Patterns are kept as text and matched one by one. Matching is for each function of each stack
 * that grows, so it never backtracks further than to the last "*": a pattern from a file cannot
 * make it take exponential time.
 */
#include "verdict/suppressions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static const char prefix[] = "leak:";

/* Patterns without their "leak:", as they were written. */
struct seep_suppressions {
	size_t count;
	char **patterns;
};

void seep_suppressions_free(struct seep_suppressions *suppressions)
{
	if (!suppressions)
		return;
	for (size_t i = 0; i < suppressions->count; i++)
		free(suppressions->patterns[i]);
	free(suppressions->patterns);
	free(suppressions);
}

static int add(struct seep_suppressions *suppressions, const char *pattern)
{
	char **patterns =
		reallocarray(suppressions->patterns, suppressions->count + 1, sizeof(*patterns));

	if (!patterns)
		return -ENOMEM;
	suppressions->patterns = patterns;
	patterns[suppressions->count] = strdup(pattern);
	/* Counted even if there was no memory for it: freeing NULL does nothing. */
	return patterns[suppressions->count++] ? 0 : -ENOMEM;
}

/* Cuts white space off both ends. */
static char *trim(char *line)
{
	size_t length;

	line += strspn(line, " \t\r");
	length = strlen(line);
	while (length > 0 && strchr(" \t\r", line[length - 1]))
		line[--length] = '\0';
	return line;
}

static int add_line(struct seep_suppressions *suppressions, char *line)
{
	line = trim(line);
	if (!*line || *line == '#')
		return 0;
	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0 || !line[sizeof(prefix) - 1])
		return -EINVAL;
	return add(suppressions, line + sizeof(prefix) - 1);
}

int seep_suppressions_parse(const char *text, struct seep_suppressions **ret_suppressions,
			    size_t *ret_line)
{
	struct seep_suppressions *suppressions = calloc(1, sizeof(*suppressions));
	SEEP_AUTO_FREE char *copy = strdup(text);
	char *position = copy, *line;
	size_t number = 0;
	int error = suppressions && copy ? 0 : -ENOMEM;

	/*
	 * The number of the line is that of a text editor: from 1, blank lines and comments
	 * included.
	 */
	while (!error && (line = strsep(&position, "\n"))) {
		number++;
		error = add_line(suppressions, line);
	}
	if (error) {
		seep_suppressions_free(suppressions);
		*ret_line = number;
		return error;
	}
	*ret_suppressions = suppressions;
	return 0;
}

/*
 * The rest of the pattern against the name from here on. A "*" is tried at its last place only,
 * which is enough: what stands before it has matched as early as it can.
 */
static bool matches_here(const char *pattern, const char *name)
{
	const char *star = NULL, *retry = NULL;

	for (;;) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = name;
		} else if (!*pattern || (*pattern == '$' && !pattern[1] && !*name)) {
			return true;
		} else if (*name && *pattern == *name) {
			pattern++;
			name++;
		} else if (star && *retry) {
			pattern = star;
			name = ++retry;
		} else {
			return false;
		}
	}
}

/* A pattern may begin anywhere in the name, also behind its last character, unless it has a "^". */
static bool matches(const char *pattern, const char *name)
{
	if (*pattern == '^')
		return matches_here(pattern + 1, name);
	do {
		if (matches_here(pattern, name))
			return true;
	} while (*name++);
	return false;
}

bool seep_suppressions_match(const struct seep_suppressions *suppressions, const char *name)
{
	for (size_t i = 0; name && i < suppressions->count; i++) {
		if (matches(suppressions->patterns[i], name))
			return true;
	}
	return false;
}
