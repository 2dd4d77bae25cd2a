/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stack in the text report: a line for each function, innermost first, with its place in the
 * source.
 */
#ifndef SEEP_TEXT_STACK_H
#define SEEP_TEXT_STACK_H

#include <stdbool.h>

#include "model/snapshot.h"
#include "symbol/symbolizer.h"
#include "text/layout.h"

/* Columns left of it. */
#define SEEP_TEXT_STACK_INDENT 4

struct seep_text_stack {
	const struct seep_layout *layout;
	struct seep_symbolizer *symbolizer;
	bool verbose; /* all frames, build IDs and offsets */
	/* Scratch: one line's parts. */
	struct seep_buffer function;
	struct seep_buffer source;
	struct seep_buffer clean;
};

void seep_text_stack_init(struct seep_text_stack *text, const struct seep_layout *layout,
			  struct seep_symbolizer *symbolizer, bool verbose);
/* A failure becomes that of the buffer of the layout. */
void seep_text_stack_done(struct seep_text_stack *text);

/* Appends the stack of @site. */
void seep_text_stack_put(struct seep_text_stack *text, const struct seep_site *site);

#endif
