/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flame graph as one SVG file with its script and style inside, nothing fetched. It is a picture
 * of its own without the script, which adds zoom, search and details. Outermost function at the
 * bottom.
 *
 * If values moved, the script can draw it by how much (see seep_flame_node) in place of the values.
 *
 * What frames are coloured by, and what is said of them, is the caller's.
 */
#ifndef SEEP_FLAME_SVG_H
#define SEEP_FLAME_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "flame/tree.h"
#include "model/snapshot.h"

/* All get the @context of seep_flame_svg_draw, and append clean text (base/text.h), not escaped. */
struct seep_flame_style {
	void (*title)(const void *context, struct seep_buffer *text);
	/* The line below it; what was left out of the picture is added to it. */
	void (*subtitle)(const void *context, struct seep_buffer *text);
	/*
	 * A line below that, by its number from 0, and whether it tells what is missing. False:
	 * there is none any more.
	 */
	bool (*note)(const void *context, size_t number, struct seep_buffer *text, bool *ret_loss);
	/* The class, in the style sheets, of the rectangle of @node. */
	void (*color)(const void *context, const struct seep_flame_node *node, const char *name,
		      struct seep_buffer *text);
	/* What is to be known of a frame, in one line. */
	void (*facts)(const void *context, const struct seep_flame_node *node,
		      struct seep_buffer *text);
	const char *css; /* besides that of all flame graphs, which comes last: a hit is a hit */
	const char *dark_css;
};

/* Marks in @tree what is drawn. 0 or -errno, as a failure of @out. */
int seep_flame_svg_draw(struct seep_flame_tree *tree, const struct seep_flame_style *style,
			const void *context, struct seep_buffer *out);

#endif
