// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flame graph of one snapshot. The colour of a frame is by the worst verdict of the sites above
 * it; if none of them grows, by its module.
 */
#include <string.h>

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

/* One rendering, and the context of the callbacks. */
struct flame {
	const struct seep_snapshot *snapshot;
	enum seep_metric metric;
	struct seep_flame_tree tree;
	uint64_t left_out; /* value of what was there before the trace */
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

	if (flame->tree.nodes[0].value == 0) {
		seep_buffer_puts(text, "nothing to show");
	} else {
		seep_buffer_puts(text, seep_words_mark(seep_snapshot_is_sampled(flame->snapshot)));
		seep_words_append_value(text, flame->metric, flame->tree.nodes[0].value);
	}
	seep_buffer_printf(text, ", %s into the trace, %s",
			   seep_format_duration(unit, flame->snapshot->elapsed_ns),
			   seep_clock_format_utc(time, flame->snapshot->utc_ns));
	if (flame->snapshot->since_ns)
		seep_buffer_printf(text, ", from %s on",
				   seep_format_duration(unit, flame->snapshot->since_ns));
}

/* The root has the worst of all sites. */
static bool has_alarm(const struct flame *flame)
{
	return flame->tree.nodes[0].alarm != SEEP_FLAME_ALARM_NONE;
}

/* "colour: leaks, grows, does not grow" in words, as the picture has no place for a legend. */
static void append_colors(const struct flame *flame, struct seep_buffer *text)
{
	seep_buffer_puts(text, has_alarm(flame) ? "red leaks, orange grows, yellow is warming up, "
						  "grey does not grow" :
						  "colours are those of modules");
}

/* What is not drawn, what the colours mean, then the losses. */
static bool append_note(const void *context, size_t number, struct seep_buffer *text,
			bool *ret_loss)
{
	const struct flame *flame = context;

	*ret_loss = false;
	if (flame->tree.nodes[0].value && number-- == 0) {
		append_colors(flame, text);
		return true;
	}
	if (flame->left_out && number-- == 0) {
		seep_words_append_value(text, flame->metric, flame->left_out);
		seep_buffer_puts(text, " from before the trace not drawn");
		return true;
	}
	*ret_loss = true;
	return seep_report_append_next_loss(text, "loss: ", flame->snapshot, &number);
}

static void append_color(const void *context, const struct seep_flame_node *node, const char *name,
			 struct seep_buffer *text)
{
	if (node->depth < 2) /* everything, the process */
		seep_buffer_puts(text, "base");
	else if (name[0] == '[') /* seep_report_append_marker */
		seep_buffer_puts(text, "mark");
	else if (has_alarm(context))
		seep_buffer_puts(text, seep_flame_alarm_key(node->alarm));
	else
		seep_buffer_printf(text, "m%u", node->module);
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
		.note = append_note,
		.color = append_color,
		.facts = append_facts,
		/* The common style sheets have all that is needed. */
		.css = "",
		.dark_css = "",
	};
	struct flame flame = {.snapshot = snapshot, .metric = options->metric};
	int error = seep_flame_tree_build(&flame.tree, snapshot, symbolizer, options->metric,
					  &flame.left_out);

	if (!error)
		error = seep_flame_svg_draw(&flame.tree, &style, &flame, buffer);
	seep_flame_tree_done(&flame.tree);
	return error;
}

const struct seep_report_format seep_report_flamegraph = {
	.name = "flamegraph",
	.render = render_flamegraph,
};
