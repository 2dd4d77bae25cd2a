// SPDX-License-Identifier: GPL-2.0-only
/*
 * The differential flame graph: as wide as what is there now or, at a click, as what has come and
 * gone; red for what grew, blue for what shrank. What is gone has no width now; how much that is
 * stands above.
 *
 * One tree has both values of each path, before and now (report/diff.h folds a change). The picture
 * is drawn by svg.c; here is what it says and which of NUM_SHADES a frame gets: the larger the
 * share of its value that is new or gone, the darker.
 */
#include "report/diff.h"
#include "base/asset.h"
#include "base/numbers.h"
#include "base/text.h"
#include "base/units.h"
#include "flame/flame.h"
#include "flame/svg.h"
#include "flame/tree.h"
#include "report/losses.h"
#include "report/names.h"
#include "report/words.h"
#include "text/processes.h"

SEEP_ASSET(seep_diff_css, "src/flame/diff.css");
SEEP_ASSET(seep_diff_dark_css, "src/flame/diff_dark.css");

/*
 * A name of a capture in the title and the subtitle is cut to this, so that the line fits the
 * picture.
 */
#define CAPTURE_COLUMNS 40
#define NUM_SHADES	5 /* classes grew1 to grew5 and shrank1 to shrank5 of diff.css */

/* One rendering; what svg.c passes to the callbacks as the context. */
struct flame {
	const struct seep_diff *diff;
	enum seep_metric metric;
	struct seep_flame_tree tree;
	size_t num_gone;
	uint64_t gone; /* value before of what has none now */
};

/* "3.00 MiB now, 1.00 MiB before, +2.00 MiB": of the whole and of each frame. */
static void append_change(const struct flame *flame, uint64_t before, uint64_t after,
			  struct seep_buffer *text)
{
	seep_words_append_value(text, flame->metric, after);
	seep_buffer_puts(text, " now, ");
	seep_words_append_value(text, flame->metric, before);
	seep_buffer_puts(text, " before");
	if (before == after) {
		seep_buffer_puts(text, ", unchanged");
		return;
	}
	seep_buffer_printf(text, ", %c", after < before ? '-' : '+');
	seep_words_append_value(text, flame->metric, seep_distance(before, after));
}

static void append_title(const void *context, struct seep_buffer *text)
{
	const struct flame *flame = context;

	seep_buffer_printf(text, "change of %s, ", seep_report_metric_text(flame->metric));
	seep_text_append_clean_elided(text, flame->diff->after.capture, CAPTURE_COLUMNS);
}

/* How much there is now and was before, and at which moment of which capture. */
static void append_subtitle(const void *context, struct seep_buffer *text)
{
	const struct flame *flame = context;
	const struct seep_comparison *comparison = flame->diff->comparison;
	char unit[SEEP_UNIT_MAX];

	if (flame->tree.nodes[0].value == 0)
		seep_buffer_puts(text, "nothing to show");
	else
		append_change(flame, flame->tree.nodes[0].before, flame->tree.nodes[0].value, text);
	seep_buffer_printf(text, "; before: %s into ",
			   seep_format_duration(unit, comparison->before.snapshot->elapsed_ns));
	seep_text_append_clean_elided(text, flame->diff->before.capture, CAPTURE_COLUMNS);
	seep_buffer_printf(text, ", now: %s into ",
			   seep_format_duration(unit, comparison->after.snapshot->elapsed_ns));
	seep_text_append_clean_elided(text, flame->diff->after.capture, CAPTURE_COLUMNS);
}

/* Counts down to the doubt with this number. */
static bool append_doubt(const struct flame *flame, size_t *number, struct seep_buffer *text)
{
	for (enum seep_doubt doubt = 0; doubt < SEEP_DOUBT_COUNT; doubt++) {
		if (!(flame->diff->comparison->doubts & 1u << doubt))
			continue;
		if ((*number)-- == 0) {
			seep_diff_append_doubt(text, flame->diff, doubt);
			return true;
		}
	}
	return false;
}

/*
 * The lines below the subtitle: what is gone, then doubts, then losses of old and of new. Each list
 * takes its length from the number until the number falls into it.
 */
static bool append_note(const void *context, size_t number, struct seep_buffer *text,
			bool *ret_loss)
{
	const struct flame *flame = context;
	const struct seep_comparison *comparison = flame->diff->comparison;

	*ret_loss = true;
	if (flame->num_gone && number-- == 0) {
		seep_buffer_puts(text, "gone, and drawn by change only: ");
		seep_words_append_value(text, flame->metric, flame->gone);
		seep_buffer_printf(text, " of %zu site%s", flame->num_gone,
				   flame->num_gone == 1 ? "" : "s");
		return true;
	}
	return append_doubt(flame, &number, text) ||
	       seep_report_append_next_loss(text, "loss, old: ", comparison->before.snapshot,
					    &number) ||
	       seep_report_append_next_loss(text, "loss, new: ", comparison->after.snapshot,
					    &number);
}

/* The share of the larger value that is new, or gone. */
static void append_color(const void *context, const struct seep_flame_node *node, const char *name,
			 struct seep_buffer *text)
{
	uint64_t larger = node->before > node->value ? node->before : node->value;
	uint64_t change = seep_distance(node->before, node->value);
	unsigned int shade;

	(void)context;
	(void)name;
	if (change == 0) {
		seep_buffer_puts(text, "same");
		return;
	}
	/*
	 * From 1 for the smallest change to NUM_SHADES for all of it; in 128 bits, as the product
	 * may not fit 64.
	 */
	shade = 1 + (unsigned int)((unsigned __int128)(change - 1) * NUM_SHADES / larger);
	seep_buffer_printf(text, "%s%u", node->value > node->before ? "grew" : "shrank", shade);
}

static void append_facts(const void *context, const struct seep_flame_node *node,
			 struct seep_buffer *text)
{
	append_change(context, node->before, node->value, text);
}

/*
 * The width of a frame is the value now. What is gone has a path of width 0 all the same: its
 * former value belongs to the frames above it, which shrank by it.
 */
static int build_tree(struct flame *flame)
{
	const struct seep_comparison *comparison = flame->diff->comparison;
	int error = seep_flame_tree_begin(&flame->tree);

	for (size_t i = 0; i < comparison->num_changes && !error; i++) {
		const struct seep_change *change = &comparison->changes[i];
		uint64_t before = seep_amount_metric(&change->before, flame->metric);
		uint64_t after = seep_amount_metric(&change->after, flame->metric);
		struct seep_flame_path path;

		if (before == 0 && after == 0)
			continue;
		if (after == 0) {
			flame->num_gone++;
			flame->gone += before;
		}
		path = seep_flame_path_begin(&flame->tree, after, before, SEEP_FLAME_ALARM_NONE);
		error = seep_diff_fold(flame->diff, change, seep_flame_path_step, &path);
	}
	return error ? error : seep_flame_tree_place(&flame->tree);
}

/* The metric is that of the comparison, not of the options. */
static int render_flamegraph(const struct seep_diff *diff,
			     const struct seep_report_options *options, struct seep_buffer *buffer)
{
	static const struct seep_flame_style style = {
		.title = append_title,
		.subtitle = append_subtitle,
		.note = append_note,
		.color = append_color,
		.facts = append_facts,
		.css = seep_diff_css,
		.dark_css = seep_diff_dark_css,
	};
	struct flame flame = {.diff = diff, .metric = diff->comparison->metric};
	int error;

	(void)options;
	error = build_tree(&flame);
	if (!error)
		error = seep_flame_svg_draw(&flame.tree, &style, &flame, buffer);
	seep_flame_tree_done(&flame.tree);
	return error;
}

const struct seep_diff_format seep_diff_flamegraph = {
	.name = "flamegraph",
	.render = render_flamegraph,
};
