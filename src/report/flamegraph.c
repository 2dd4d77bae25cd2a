/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flame graph: one SVG file with its script and style inside, nothing fetched. It is a picture of
 * its own without the script, which adds zoom, search and details. Outermost function at the bottom.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/asset.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/escape.h"
#include "report/flame_tree.h"
#include "report/report.h"
#include "report/walk.h"

SEEP_ASSET(seep_flamegraph_css, "src/report/flamegraph.css");
SEEP_ASSET(seep_flamegraph_dark_css, "src/report/flamegraph_dark.css");
SEEP_ASSET(seep_flamegraph_js, "src/report/flamegraph.js");

#define WIDTH		 1200 /* px */
#define ROW_HEIGHT	 16
#define RECT_HEIGHT	 15
#define HEADER_HEIGHT	 68
#define LOSS_HEIGHT	 16
#define FOOTER_HEIGHT	 32
#define NARROWEST_TENTHS 1     /* of a px: what is narrower is left out */
#define FRAMES_MAX	 40000 /* browsers become slow with more */
#define FRAMES_MAX_TEXT	 "40,000"
#define TEXT_MIN_PX	 26
#define TEXT_PAD_PX	 3
#define CHAR_TENTHS_PX	 73 /* of a 12 px monospaced font */
#define SCOPE_COLUMNS	 60
#define NUM_COLORS	 20 /* classes c0 to c19 of flamegraph.css */

struct flame {
	const struct seep_snapshot *snapshot;
	enum seep_metric metric;
	struct seep_flame_tree tree;
	struct seep_buffer *out;
	struct seep_buffer scratch;
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

static void put_value(struct seep_buffer *out, enum seep_metric metric, uint64_t value)
{
	char unit[SEEP_UNIT_MAX];

	if (metric == SEEP_METRIC_LIVE_BYTES || metric == SEEP_METRIC_ALLOC_BYTES)
		seep_buffer_puts(out, seep_format_bytes(unit, value));
	else
		seep_buffer_printf(out, "%s object%s", seep_format_count(unit, value),
				   value == 1 ? "" : "s");
}

/* A share of the width in tenths of a pixel. */
static uint64_t to_tenths(const struct flame *flame, uint64_t value)
{
	uint64_t total = flame->tree.nodes[0].value;

	return total ? (uint64_t)((unsigned __int128)value * (WIDTH * 10) / total) : 0;
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

/* Decides what is drawn: what is wide enough, the widest of it if there is too much. 0 or -ENOMEM. */
static int choose_drawn(struct flame *flame)
{
	struct seep_flame_tree *tree = &flame->tree;
	SEEP_AUTO_FREE struct seep_flame_node **order = calloc(tree->num_nodes, sizeof(*order));
	size_t wide = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < tree->num_nodes; i++) {
		if (to_tenths(flame, tree->nodes[i].value) >= NARROWEST_TENTHS)
			order[wide++] = &tree->nodes[i];
	}
	if (wide > FRAMES_MAX)
		qsort(order, wide, sizeof(struct seep_flame_node *), compare_width);
	flame->num_drawn = wide < FRAMES_MAX ? wide : FRAMES_MAX;
	for (size_t i = 0; i < flame->num_drawn; i++) {
		order[i]->drawn = true;
		if (order[i]->depth > flame->max_depth)
			flame->max_depth = order[i]->depth;
	}
	return 0;
}

static void put_color_class(struct seep_buffer *out, const struct seep_flame_node *node,
			    const char *name)
{
	if (node->depth < 2) /* everything, the process */
		seep_buffer_puts(out, "base");
	else if (name[0] == '[') /* seep_report_append_marker */
		seep_buffer_puts(out, "mark");
	else
		seep_buffer_printf(out, "c%u",
				   (unsigned int)(XXH3_64bits(name, strlen(name)) % NUM_COLORS));
}

/* What fits of a name; the script does the same after each zoom. */
static void put_label(struct flame *flame, const char *name, uint64_t x, uint64_t width,
		      unsigned int y)
{
	size_t columns;

	if (width < TEXT_MIN_PX * 10)
		return;
	columns = (size_t)(width - 2 * TEXT_PAD_PX * 10) / CHAR_TENTHS_PX;
	reset_scratch(flame);
	seep_text_append_elided(&flame->scratch, name, columns);
	x += TEXT_PAD_PX * 10;
	seep_buffer_printf(flame->out, "<text x=\"%" PRIu64 ".%u\" y=\"%u.5\">", x / 10,
			   (unsigned int)(x % 10), y + 11);
	seep_report_append_escaped(flame->out, flame->scratch.data);
	seep_buffer_puts(flame->out, "</text>");
}

static void put_frame(struct flame *flame, const struct seep_flame_node *node)
{
	const char *name = seep_strings_text(&flame->tree.names, node->name);
	uint64_t x = to_tenths(flame, node->start);
	uint64_t width = to_tenths(flame, node->value);
	unsigned int y = flame->height - FOOTER_HEIGHT - (node->depth + 1) * ROW_HEIGHT;
	struct seep_buffer *out = flame->out;
	char percent[SEEP_UNIT_MAX];

	seep_buffer_puts(out, "<g class=\"f ");
	put_color_class(out, node, name);
	seep_buffer_printf(out, "\" data-f=\"%" PRIu64 " %" PRIu64 " %" PRIu32 "\"><title>",
			   node->start, node->value, node->depth);
	seep_report_append_escaped(out, name);
	seep_buffer_putc(out, '\n');
	put_value(out, flame->metric, node->value);
	seep_buffer_puts(out, ", ");
	seep_report_append_escaped(out, seep_format_percent(percent, node->value,
							    flame->tree.nodes[0].value));
	seep_buffer_printf(out,
			   "</title><rect x=\"%" PRIu64 ".%u\" y=\"%u\" width=\"%" PRIu64
			   ".%u\" height=\"%u\"/>",
			   x / 10, (unsigned int)(x % 10), y, width / 10,
			   (unsigned int)(width % 10), RECT_HEIGHT);
	put_label(flame, name, x, width, y);
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

/* Fills the scratch buffer. */
static void format_title(struct flame *flame)
{
	SEEP_AUTO_BUFFER struct seep_buffer scope = SEEP_BUFFER_INIT;

	seep_text_append_clean(&scope, flame->snapshot->scope_value, SIZE_MAX);
	reset_scratch(flame);
	seep_buffer_printf(&flame->scratch, "%s, %s ", seep_report_metric_text(flame->metric),
			   flame->snapshot->scope_type);
	seep_text_append_elided(&flame->scratch, scope.data, SCOPE_COLUMNS);
}

static void put_subtitle(struct flame *flame)
{
	const struct seep_snapshot *snapshot = flame->snapshot;
	size_t left_out = flame->tree.num_nodes - flame->num_drawn;
	char unit[SEEP_UNIT_MAX], time[SEEP_CLOCK_TEXT_MAX];

	if (flame->num_drawn == 0) {
		seep_buffer_puts(&flame->scratch, "nothing to show");
		left_out = 0;
	} else {
		put_value(&flame->scratch, flame->metric, flame->tree.nodes[0].value);
	}
	seep_buffer_printf(&flame->scratch, ", %s into the trace, %s",
			   seep_format_duration(unit, snapshot->elapsed_ns),
			   seep_clock_format_utc(time, snapshot->utc_ns));
	if (left_out > 0)
		seep_buffer_printf(&flame->scratch, "; %zu frame%s %s left out", left_out,
				   left_out == 1 ? "" : "s",
				   flame->num_drawn == FRAMES_MAX ? "past the " FRAMES_MAX_TEXT
								    " widest" :
								    "narrower than 0.1 px");
	put_middle(flame, "class=\"middle faint\"", 48);
}

static void put_losses(struct flame *flame)
{
	unsigned int y = HEADER_HEIGHT;
	char count[SEEP_UNIT_MAX];

	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (!seep_snapshot_lost(flame->snapshot, loss))
			continue;
		seep_buffer_printf(&flame->scratch, "loss: %s %s",
				   seep_format_count(count, flame->snapshot->losses[loss]),
				   seep_report_loss_text(flame->snapshot, loss));
		put_middle(flame, "class=\"middle loss\"", y);
		y += LOSS_HEIGHT;
	}
}

static void put_svg(struct flame *flame)
{
	struct seep_buffer *out = flame->out;
	unsigned int num_losses = 0;

	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++)
		num_losses += seep_snapshot_lost(flame->snapshot, loss);
	flame->height = HEADER_HEIGHT + num_losses * LOSS_HEIGHT +
			(flame->max_depth + 1) * ROW_HEIGHT + FOOTER_HEIGHT;

	seep_buffer_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
	seep_buffer_printf(
		out,
		"<svg class=\"flame\" xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"viewBox=\"0 0 %u %u\">\n",
		WIDTH, flame->height, WIDTH, flame->height);
	/* Once for the browser's tab, once for the page. */
	format_title(flame);
	seep_buffer_puts(out, "<title>");
	seep_report_append_escaped(out, flame->scratch.data);
	seep_buffer_puts(out, "</title>\n<style>\n");
	seep_buffer_puts(out, seep_flamegraph_css);
	seep_buffer_puts(out, "@media (prefers-color-scheme: dark) {\n");
	seep_buffer_puts(out, seep_flamegraph_dark_css);
	seep_buffer_puts(out,
			 "}\n</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n");
	put_middle(flame, "class=\"middle\" id=\"title\"", 24);
	put_subtitle(flame);
	put_losses(flame);
	/* In a group: Chromium takes minutes for as many children of the root that have titles. */
	seep_buffer_puts(out, "<g>\n");
	for (size_t i = 0; i < flame->tree.num_nodes; i++) {
		if (flame->tree.nodes[i].drawn)
			put_frame(flame, &flame->tree.nodes[i]);
	}
	seep_buffer_puts(out, "</g>\n");
	seep_buffer_printf(out, "<text id=\"details\" x=\"10\" y=\"%u\" aria-live=\"polite\"/>\n",
			   flame->height - 10);
	seep_buffer_puts(out, "<script><![CDATA[\n");
	seep_buffer_puts(out, seep_flamegraph_js);
	seep_buffer_puts(out, "]]></script>\n</svg>\n");
}

static int render_flamegraph(const struct seep_snapshot *snapshot,
			     struct seep_symbolizer *symbolizer,
			     const struct seep_report_options *options, struct seep_buffer *buffer)
{
	struct flame flame = {
		.snapshot = snapshot,
		.metric = options->metric,
		.out = buffer,
	};
	int err;

	seep_buffer_init(&flame.scratch);
	err = seep_flame_tree_build(&flame.tree, snapshot, symbolizer, options->metric);
	if (!err)
		err = choose_drawn(&flame);
	if (!err) {
		put_svg(&flame);
		err = buffer->error;
	}
	seep_flame_tree_done(&flame.tree);
	seep_buffer_done(&flame.scratch);
	return err;
}

const struct seep_report_format seep_report_flamegraph = {
	.name = "flamegraph",
	.render = render_flamegraph,
};
