/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Leaks that nobody wants to hear of, in LeakSanitizer's syntax: a line "leak:PATTERN" for each,
 * "#" begins a comment. A pattern is looked for within the name of a function, the path of its
 * source file and of its module; "*" stands for anything, "^" and "$" for the beginning and the end
 * (https://github.com/google/sanitizers/wiki/AddressSanitizerLeakSanitizer).
 */
#ifndef SEEP_VERDICT_SUPPRESSIONS_H
#define SEEP_VERDICT_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>

struct seep_suppressions;

/*
 * Takes the lines of @text. 0; -EINVAL and the number of the line that is not understood in
 * *ret_line; -ENOMEM.
 */
int seep_suppressions_parse(const char *text, struct seep_suppressions **ret_suppressions,
			    size_t *ret_line);
void seep_suppressions_free(struct seep_suppressions *suppressions);

/* Does a pattern match this name? NULL matches nothing. */
bool seep_suppressions_match(const struct seep_suppressions *suppressions, const char *name);

#endif
