/* SPDX-License-Identifier: GPL-2.0-only */
/* Text inside of XML and HTML. */
#ifndef SEEP_REPORT_ESCAPE_H
#define SEEP_REPORT_ESCAPE_H

#include "base/buffer.h"

/*
 * Appends clean UTF-8 (base/text.h) as character data or as the value of an attribute in double
 * quotes. XML 1.0, production 2, has no U+FFFE and U+FFFF, which are valid UTF-8 otherwise: they
 * become U+FFFD.
 */
void seep_report_append_escaped(struct seep_buffer *out, const char *text);

#endif
