/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of the text report: as wide as what shows them, styled or plain. */
#ifndef SEEP_TEXT_LAYOUT_H
#define SEEP_TEXT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define SEEP_LAYOUT_COLUMNS 100 /* of a layout that says nothing */

enum seep_style {
	SEEP_STYLE_PLAIN,
	SEEP_STYLE_STRONG,
	SEEP_STYLE_FAINT,
	SEEP_STYLE_WARNING,
};

struct seep_layout {
	struct seep_buffer *out;
	bool color;
	size_t columns; /* 0: SEEP_LAYOUT_COLUMNS */
};

static inline size_t seep_layout_columns(const struct seep_layout *layout)
{
	return layout->columns ? layout->columns : SEEP_LAYOUT_COLUMNS;
}

/* Appends @string in @style. */
void seep_layout_put(const struct seep_layout *layout, enum seep_style style, const char *string);

/* Empties a scratch buffer; a failure that it had becomes the report's. */
void seep_layout_reset(const struct seep_layout *layout, struct seep_buffer *scratch);

/* Appends @count spaces. */
void seep_layout_pad(const struct seep_layout *layout, size_t count);

/*
 * Appends @string and a line break, the present line being @indent columns long. What does not fit
 * is broken at spaces and goes on at column @indent. A number stays with the word after it, a
 * duration whole, and a PID with its name for it.
 */
void seep_layout_wrap(const struct seep_layout *layout, enum seep_style style, size_t indent,
		      const char *string);

#endif
