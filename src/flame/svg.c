// SPDX-License-Identifier: GPL-2.0-only
/*
 * Drawing: the widest FRAMES_MAX frames are chosen, because browsers become slow with more; then
 * head, frames and notes are written in one pass. The script and the styles are inside of the file,
 * which fetches nothing. Names are escaped here, so styles append them as they are.
 */
#include "flame/svg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/asset.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "report/escape.h"
#include "report/shorten.h"

SEEP_ASSET(seep_flamegraph_css, "src/flame/flamegraph.css");
SEEP_ASSET(seep_flamegraph_dark_css, "src/flame/flamegraph_dark.css");
SEEP_ASSET(seep_flamegraph_js, "src/flame/flamegraph.js");

/*
 * The sizes in pixels are those of an unzoomed picture; flamegraph.js places frames anew after a
 * zoom.
 */
#define WIDTH		 1200 /* px */
#define ROW_HEIGHT	 16
#define RECT_HEIGHT	 15
#define HEADER_HEIGHT	 68
#define NOTE_HEIGHT	 16
#define FOOTER_HEIGHT	 32
#define NARROWEST_TENTHS 1     /* of a px: what is narrower is left out */
#define FRAMES_MAX	 40000 /* browsers become slow with more */
#define FRAMES_MAX_TEXT	 "40,000"
/* A frame below TEXT_MIN_PX has room for fewer than three characters, so it gets no label. */
#define TEXT_MIN_PX    26
#define TEXT_PAD_PX    3
#define CHAR_TENTHS_PX 73 /* of a 12 px monospaced font */

/* One drawing. The tree belongs to the caller; only its "drawn" marks are changed. */
struct flame {
	struct seep_flame_tree *tree;
	const struct seep_flame_style *style;
	const void *context;
	struct seep_buffer *out;
	struct seep_buffer scratch;
	struct seep_buffer label; /* the name of the frame that is being written, as it is shown */
	size_t num_drawn;
	uint32_t max_depth;  /* of those drawn */
	unsigned int height; /* px */
};

/* A failure of the scratch buffer becomes the report's. */
static void reset_scratch(struct flame *flame)
{
	if (flame->scratch.error && !flame->out->error)
		flame->out->error = flame->scratch.error;
	seep_buffer_reset(&flame->scratch);
}

/*
 * A share of the width in tenths of a pixel. The product may not fit 64 bits, so it is taken in
 * 128. With a total of 0 every width is 0: not even the root is drawn.
 */
static uint64_t share_of(uint64_t value, uint64_t total)
{
	return total ? (uint64_t)((unsigned __int128)value * (WIDTH * 10) / total) : 0;
}

static uint64_t to_tenths(const struct flame *flame, uint64_t value)
{
	return share_of(value, flame->tree->nodes[0].value);
}

/* The wider of the two widths that a frame can be drawn with. */
static uint64_t widest(const struct flame *flame, const struct seep_flame_node *node)
{
	uint64_t by_value = to_tenths(flame, node->value);
	uint64_t by_change = share_of(node->moved, flame->tree->nodes[0].moved);

	return by_value > by_change ? by_value : by_change;
}

/* Wider first, then closer to the root: so a parent is always before its children. */
static int compare_width(const void *left, const void *right)
{
	const struct seep_flame_node *a = *(struct seep_flame_node *const *)left;
	const struct seep_flame_node *b = *(struct seep_flame_node *const *)right;

	if (a->value != b->value)
		return a->value < b->value ? 1 : -1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a < b ? -1 : a > b;
}

/*
 * Decides what is drawn: what is wide enough, the widest of it if there is too much. 0 or -ENOMEM.
 */
static int choose_drawn(struct flame *flame)
{
	struct seep_flame_tree *tree = flame->tree;
	SEEP_AUTO_FREE struct seep_flame_node **order = calloc(tree->num_nodes, sizeof(*order));
	size_t wide = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < tree->num_nodes; i++) {
		if (widest(flame, &tree->nodes[i]) >= NARROWEST_TENTHS)
			order[wide++] = &tree->nodes[i];
	}
	/*
	 * A prefix of the sorted order holds the parent of each of its frames, so no frame hangs in
	 * the air. Without the sort all wide frames are drawn, and a parent is at least as wide as
	 * a child.
	 */
	if (wide > FRAMES_MAX)
		qsort(order, wide, sizeof(struct seep_flame_node *), compare_width);
	flame->num_drawn = wide < FRAMES_MAX ? wide : FRAMES_MAX;
	for (size_t i = 0; i < flame->num_drawn; i++) {
		order[i]->drawn = true;
		/* The script makes room for those that have a width by change only. */
		if (order[i]->depth > flame->max_depth &&
		    to_tenths(flame, order[i]->value) >= NARROWEST_TENTHS)
			flame->max_depth = order[i]->depth;
	}
	return 0;
}

/* Short, unless it is that of a process; whole in the title. */
static const char *label_of(struct flame *flame, const struct seep_flame_node *node,
			    const char *name)
{
	if (node->depth < 2)
		return name;
	seep_buffer_reset(&flame->label);
	seep_shorten_append(&flame->label, name);
	if (flame->label.error && !flame->out->error)
		flame->out->error = flame->label.error;
	return flame->label.data;
}

/* What fits of a name; the script does the same after each zoom. */
static void put_label(struct flame *flame, const char *name, uint64_t x, uint64_t width, int y)
{
	size_t columns;

	if (width < TEXT_MIN_PX * 10)
		return;
	/* In tenths of a pixel, as x and width. */
	columns = (size_t)(width - 2 * TEXT_PAD_PX * 10) / CHAR_TENTHS_PX;
	reset_scratch(flame);
	seep_shorten_append_fitting(&flame->scratch, name, columns);
	x += TEXT_PAD_PX * 10;
	seep_buffer_printf(flame->out, "<text x=\"%" PRIu64 ".%u\" y=\"%d.5\">", x / 10,
			   (unsigned int)(x % 10), y + 11);
	seep_report_append_escaped(flame->out, flame->scratch.data);
	seep_buffer_puts(flame->out, "</text>");
}

/*
 * One frame: a group of title (the browser's tooltip), rectangle and label. The attribute data-f
 * has start, value and depth in the units of the metric, from which the script computes widths
 * after a zoom; data-c start and value if it is drawn by change; data-s the name as it is shown, if
 * it is not the whole one.
 */
static void put_frame(struct flame *flame, const struct seep_flame_node *node)
{
	const char *name = seep_strings_text(&flame->tree->names, node->name);
	const char *label = label_of(flame, node, name);
	uint64_t x = to_tenths(flame, node->start);
	uint64_t width = to_tenths(flame, node->value);
	/* Rows are counted from the bottom, where the root is; y of SVG grows downwards. */
	int y = (int)flame->height - FOOTER_HEIGHT - (int)(node->depth + 1) * ROW_HEIGHT;
	struct seep_buffer *out = flame->out;

	seep_buffer_puts(out, "<g class=\"f ");
	/* A class name needs no escaping; names and facts come from the target. */
	flame->style->color(flame->context, node, name, out);
	seep_buffer_printf(out, "\" data-f=\"%" PRIu64 " %" PRIu64 " %" PRIu32 "\"", node->start,
			   node->value, node->depth);
	if (node->moved)
		seep_buffer_printf(out, " data-c=\"%" PRIu64 " %" PRIu64 "\"", node->moved_start,
				   node->moved);
	if (strcmp(label, name) != 0) {
		seep_buffer_puts(out, " data-s=\"");
		seep_report_append_escaped(out, label);
		seep_buffer_putc(out, '"');
	}
	seep_buffer_puts(out, "><title>");
	seep_report_append_escaped(out, name);
	seep_buffer_putc(out, '\n');
	reset_scratch(flame);
	flame->style->facts(flame->context, node, &flame->scratch);
	seep_report_append_escaped(out, flame->scratch.data);
	seep_buffer_printf(out,
			   "</title><rect x=\"%" PRIu64 ".%u\" y=\"%d\" width=\"%" PRIu64
			   ".%u\" height=\"%u\"/>",
			   x / 10, (unsigned int)(x % 10), y, width / 10,
			   (unsigned int)(width % 10), RECT_HEIGHT);
	put_label(flame, label, x, width, y);
	seep_buffer_puts(out, "</g>\n");
}

/* A line of the header or footer: the scratch buffer, centred at @y. */
static void put_middle(struct flame *flame, const char *attributes, unsigned int y)
{
	seep_buffer_printf(flame->out, "<text %s x=\"%u\" y=\"%u\">", attributes, WIDTH / 2, y);
	seep_report_append_escaped(flame->out, flame->scratch.data);
	seep_buffer_puts(flame->out, "</text>\n");
	reset_scratch(flame);
}

/* Below the title; says how many frames are left out, and why. */
static void put_subtitle(struct flame *flame)
{
	/* Nothing is left out of an empty tree, although its root is not drawn. */
	size_t left_out = flame->num_drawn ? flame->tree->num_nodes - flame->num_drawn : 0;

	reset_scratch(flame);
	flame->style->subtitle(flame->context, &flame->scratch);
	if (left_out > 0)
		seep_buffer_printf(&flame->scratch, "; %zu frame%s %s left out", left_out,
				   left_out == 1 ? "" : "s",
				   flame->num_drawn == FRAMES_MAX ? "past the " FRAMES_MAX_TEXT
								    " widest" :
								    "narrower than 0.1 px");
	put_middle(flame, "class=\"middle faint\"", 48);
}

/* How many. */
static unsigned int put_notes(struct flame *flame, bool measure)
{
	unsigned int count = 0;
	bool is_loss;

	reset_scratch(flame);
	while (flame->style->note(flame->context, count, &flame->scratch, &is_loss)) {
		if (!measure)
			put_middle(flame,
				   is_loss ? "class=\"middle loss\"" : "class=\"middle faint\"",
				   HEADER_HEIGHT + count * NOTE_HEIGHT);
		reset_scratch(flame);
		count++;
	}
	return count;
}

/*
 * The style of the report comes before the common one, and the dark variants come last: with the
 * same specificity the later rule wins.
 */
static void put_style(const struct flame *flame)
{
	struct seep_buffer *out = flame->out;

	seep_buffer_puts(out, "<style>\n");
	seep_buffer_puts(out, flame->style->css);
	seep_buffer_puts(out, seep_flamegraph_css);
	seep_buffer_puts(out, "@media (prefers-color-scheme: dark) {\n");
	seep_buffer_puts(out, flame->style->dark_css);
	seep_buffer_puts(out, seep_flamegraph_dark_css);
	seep_buffer_puts(out, "}\n</style>\n");
}

static void put_head(struct flame *flame)
{
	struct seep_buffer *out = flame->out;

	seep_buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	seep_buffer_printf(
		out,
		"<svg class=\"flame\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\">\n",
		WIDTH, flame->height, WIDTH, flame->height);
	/* Once for the browser's tab, once for the page. */
	reset_scratch(flame);
	flame->style->title(flame->context, &flame->scratch);
	seep_buffer_puts(out, "<title>");
	seep_report_append_escaped(out, flame->scratch.data);
	seep_buffer_puts(out, "</title>\n");
	put_style(flame);
	seep_buffer_puts(out, "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
	put_middle(flame, "class=\"middle\" id=\"title\"", 24);
}

/* The height has to stand in the head, so the notes are counted before anything is written. */
static void put_svg(struct flame *flame)
{
	struct seep_buffer *out = flame->out;

	flame->height = HEADER_HEIGHT + put_notes(flame, true) * NOTE_HEIGHT +
			(flame->max_depth + 1) * ROW_HEIGHT + FOOTER_HEIGHT;
	put_head(flame);
	put_subtitle(flame);
	put_notes(flame, false);
	/* In a group: Chromium takes minutes for as many children of the root that have titles. */
	seep_buffer_puts(out, "<g>\n");
	/* In the order of the tree, not of the widths: a parent comes before its children. */
	for (size_t i = 0; i < flame->tree->num_nodes; i++) {
		if (flame->tree->nodes[i].drawn)
			put_frame(flame, &flame->tree->nodes[i]);
	}
	seep_buffer_puts(out, "</g>\n");
	seep_buffer_printf(out, "<text id=\"details\" x=\"10\" y=\"%u\" aria-live=\"polite\"/>\n",
			   flame->height - 10);
	/* XML would read "<" and "&" of the script as markup outside of CDATA. */
	seep_buffer_puts(out, "<script><![CDATA[\n");
	seep_buffer_puts(out, seep_flamegraph_js);
	seep_buffer_puts(out, "]]></script>\n</svg>\n");
}

/* Decides what is drawn, as the height depends on it, and then writes the picture in one pass. */
int seep_flame_svg_draw(struct seep_flame_tree *tree, const struct seep_flame_style *style,
			const void *context, struct seep_buffer *out)
{
	struct flame flame = {.tree = tree, .style = style, .context = context, .out = out};
	int error = choose_drawn(&flame);

	if (error)
		return error;
	seep_buffer_init(&flame.scratch);
	seep_buffer_init(&flame.label);
	put_svg(&flame);
	reset_scratch(&flame);
	seep_buffer_done(&flame.scratch);
	seep_buffer_done(&flame.label);
	return out->error;
}
