/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that comes from a traced process or a file (comm, paths, symbol names) is not trusted: it
 * may hold terminal escapes, line breaks or broken UTF-8. It passes through here before it is
 * shown.
 */
#ifndef SEEP_BASE_TEXT_H
#define SEEP_BASE_TEXT_H

#include <stddef.h>

#include "base/buffer.h"

/*
 * Appends @text (@length bytes, or up to its NUL if SIZE_MAX) as valid UTF-8 (RFC 3629) without
 * control characters (C0, DEL, C1), line separators or bidi controls: each offending byte or code
 * point becomes U+FFFD.
 */
void seep_text_append_clean(struct seep_buffer *buffer, const char *text, size_t length);

/* A clean copy of @text in fresh memory, or NULL when memory is out. */
char *seep_text_clean_dup(const char *text);

/* Columns that valid UTF-8 @text takes on a terminal, one per code point. */
size_t seep_text_columns(const char *text);

/*
 * Appends @text cut to @columns columns: if it is longer, its middle is replaced by an ellipsis, so
 * that the beginning and the end stay readable.
 */
void seep_text_append_elided(struct seep_buffer *buffer, const char *text, size_t columns);

/* Both: text of a target, clean and cut to @columns columns. */
void seep_text_append_clean_elided(struct seep_buffer *buffer, const char *raw, size_t columns);

/* The part of a path behind its last slash; all of it if nothing is. */
const char *seep_text_basename(const char *path);

#endif
