/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands in brackets in the names of functions, and operators, which look like brackets. */
#ifndef SEEP_REPORT_SHORTEN_GROUPS_H
#define SEEP_REPORT_SHORTEN_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* Behind the bracket that closes the one at @at, which is one of "<({["; NULL if there is none. */
const char *seep_group_end(const char *at);

/*
 * Of "operator<<", "operator new[]" or, for a conversion, "operator " at @at in @name; 0 if there
 * is no operator.
 */
size_t seep_operator_length(const char *name, const char *at);

/* Does it say which trait a type implements: "Vec<T> as Clone"? */
bool seep_group_has_as(const char *text, size_t length);

/* Appends types of Rust without the paths to them: "alloc::vec::Vec<T> as core::clone::Clone". */
void seep_group_append_types(struct seep_buffer *buffer, const char *text, size_t length);

/* Appends a path, with groups of angle brackets folded. */
void seep_group_append_path(struct seep_buffer *buffer, const char *text, size_t length);

#endif
