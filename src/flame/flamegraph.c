// SPDX-License-Identifier: GPL-2.0-only
/* The flame graph of one snapshot: the colour of a frame is by its name. */
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "flame/flame.h"
#include "flame/svg.h"
#include "flame/tree.h"
#include "report/losses.h"
#include "report/names.h"
#include "report/report.h"
#include "report/words.h"

/* A scope may be a long path or command line: it is elided to this in the title. */
#define SCOPE_COLUMNS 60
#define NUM_COLORS    20 /* classes c0 to c19 of flamegraph.css */

/* One rendering, and the context of the callbacks. */
struct flame {
	const struct seep_snapshot *snapshot;
	enum seep_metric metric;
	struct seep_flame_tree tree;
};

/* "growth in live bytes, pid 1234": growth if the snapshot counts from a later moment on. */
static void append_title(const void *context, struct seep_buffer *text)
{
	const struct flame *flame = context;
	SEEP_AUTO_BUFFER struct seep_buffer scope = SEEP_BUFFER_INIT;

	seep_text_append_clean(&scope, flame->snapshot->scope_value, SIZE_MAX);
	seep_buffer_printf(text, "%s%s, %s ", flame->snapshot->since_ns ? "growth in " : "",
			   seep_report_metric_text(flame->metric), flame->snapshot->scope_type);
	seep_text_append_elided(text, scope.data, SCOPE_COLUMNS);
}

/* "1.50 MiB, 1 min 00 s into the trace, 2026-11-20T10:00:00.000Z" */
static void append_subtitle(const void *context, struct seep_buffer *text)
{
	const struct flame *flame = context;
	char unit[SEEP_UNIT_MAX], time[SEEP_CLOCK_TEXT_MAX];

	if (flame->tree.nodes[0].value == 0)
		seep_buffer_puts(text, "nothing to show");
	else
		seep_words_append_value(text, flame->metric, flame->tree.nodes[0].value);
	seep_buffer_printf(text, ", %s into the trace, %s",
			   seep_format_duration(unit, flame->snapshot->elapsed_ns),
			   seep_clock_format_utc(time, flame->snapshot->utc_ns));
	if (flame->snapshot->since_ns)
		seep_buffer_printf(text, ", from %s on",
				   seep_format_duration(unit, flame->snapshot->since_ns));
}

static bool append_loss(const void *context, size_t number, struct seep_buffer *text)
{
	const struct flame *flame = context;

	return seep_report_append_next_loss(text, "loss: ", flame->snapshot, &number);
}

/* By a hash of the name: a function has the same colour wherever it appears, in every graph. */
static void append_color(const void *context, const struct seep_flame_node *node, const char *name,
			 struct seep_buffer *text)
{
	(void)context;
	if (node->depth < 2) /* everything, the process */
		seep_buffer_puts(text, "base");
	else if (name[0] == '[') /* seep_report_append_marker */
		seep_buffer_puts(text, "mark");
	else
		seep_buffer_printf(text, "c%u",
				   (unsigned int)(XXH3_64bits(name, strlen(name)) % NUM_COLORS));
}

/* The share is that of everything drawn, not of the parent. */
static void append_facts(const void *context, const struct seep_flame_node *node,
			 struct seep_buffer *text)
{
	const struct flame *flame = context;
	char percent[SEEP_UNIT_MAX];

	seep_words_append_value(text, flame->metric, node->value);
	seep_buffer_printf(text, ", %s",
			   seep_format_percent(percent, node->value, flame->tree.nodes[0].value));
}

static int render_flamegraph(const struct seep_snapshot *snapshot,
			     struct seep_symbolizer *symbolizer,
			     const struct seep_report_options *options, struct seep_buffer *buffer)
{
	static const struct seep_flame_style style = {
		.title = append_title,
		.subtitle = append_subtitle,
		.note = append_loss,
		.color = append_color,
		.facts = append_facts,
		/* The common style sheets have all that is needed. */
		.css = "",
		.dark_css = "",
	};
	struct flame flame = {.snapshot = snapshot, .metric = options->metric};
	int error = seep_flame_tree_build(&flame.tree, snapshot, symbolizer, options->metric);

	if (!error)
		error = seep_flame_svg_draw(&flame.tree, &style, &flame, buffer);
	seep_flame_tree_done(&flame.tree);
	return error;
}

const struct seep_report_format seep_report_flamegraph = {
	.name = "flamegraph",
	.render = render_flamegraph,
};
