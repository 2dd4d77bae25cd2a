// SPDX-License-Identifier: GPL-2.0-only
/*
 * A comparison as text: both sides, what makes it doubtful, then the sites by what became of them.
 *
 * render_text puts the head, then the changes, which are sorted by kind and type: each run of one
 * type is a group, of which options->top are shown and the rest summed up. Amounts are live or
 * allocated ones, by the metric of the comparison.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/diff.h"
#include "report/losses.h"
#include "report/words.h"
#include "text/layout.h"
#include "text/processes.h"
#include "text/stack.h"
#include "text/text.h"

/* The columns of labels, of the name of a capture, and of the scope of its trace. */
#define LABEL_COLUMNS	12
#define CAPTURE_COLUMNS 40
#define SCOPE_COLUMNS	30

struct diff_text {
	const struct seep_diff *diff;
	const struct seep_report_options *options;
	struct seep_layout layout;
	struct seep_buffer line; /* being put together */
};

/* Shows the line behind @label and empties it. */
static void put_fact(struct diff_text *text, enum seep_style style, const char *label)
{
	seep_buffer_printf(text->layout.out, "  %-*s", LABEL_COLUMNS - 2, label);
	seep_layout_wrap(&text->layout, style, LABEL_COLUMNS, text->line.data);
	seep_layout_reset(&text->layout, &text->line);
}

static void put_line(struct diff_text *text, enum seep_style style, size_t indent)
{
	seep_layout_wrap(&text->layout, style, indent, text->line.data);
	seep_layout_reset(&text->layout, &text->line);
}

/* "server.seep: pid 1234 (server), 10 min 00 s into the trace, 2026-11-20T10:00:00.000Z" */
static void put_side(struct diff_text *text, const struct seep_diff_side *side,
		     const struct seep_snapshot *snapshot, const char *label)
{
	struct seep_buffer *line = &text->line;
	char unit[SEEP_UNIT_MAX], time[SEEP_CLOCK_TEXT_MAX];

	seep_text_append_clean_elided(line, side->capture, CAPTURE_COLUMNS);
	seep_buffer_puts(line, ": ");
	seep_text_append_scope(line, snapshot, SCOPE_COLUMNS, false);
	seep_buffer_printf(line, ", %s into the trace, %s",
			   seep_format_duration(unit, snapshot->elapsed_ns),
			   seep_clock_format_utc(time, snapshot->utc_ns));
	put_fact(text, SEEP_STYLE_STRONG, label);
}

/* What makes the two sides hard to compare, before any number is shown. */
static void put_doubts(struct diff_text *text)
{
	for (enum seep_doubt doubt = 0; doubt < SEEP_DOUBT_COUNT; doubt++) {
		if (!(text->diff->comparison->doubts & 1u << doubt))
			continue;
		seep_diff_append_doubt(&text->line, text->diff, doubt);
		put_fact(text, SEEP_STYLE_WARNING, "note");
	}
}

/* Losses of each side: a site may be new or gone only because it was not seen on the other. */
static void put_losses(struct diff_text *text, const struct seep_snapshot *snapshot,
		       const char *label)
{
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (!seep_snapshot_lost(snapshot, loss))
			continue;
		seep_report_append_loss(&text->line, snapshot, loss);
		put_fact(text,
			 seep_report_loss_is_expected(snapshot, loss) ? SEEP_STYLE_PLAIN :
									SEEP_STYLE_WARNING,
			 label);
	}
}

/*
 * The metric decides which pair of an amount is shown: what is live, or all that was allocated.
 * Both bytes and objects are shown, whichever of them the changes are sorted by.
 */
static bool is_of_allocated(const struct diff_text *text)
{
	enum seep_metric metric = text->diff->comparison->metric;

	return metric == SEEP_METRIC_ALLOC_BYTES || metric == SEEP_METRIC_ALLOC_OBJECTS;
}

static uint64_t bytes_of(const struct diff_text *text, const struct seep_amount *amount)
{
	return is_of_allocated(text) ? amount->counts.alloc_bytes : amount->live_bytes;
}

static uint64_t objects_of(const struct diff_text *text, const struct seep_amount *amount)
{
	return is_of_allocated(text) ? amount->counts.allocs : amount->live_objects;
}

static void append_amount(struct diff_text *text, enum seep_kind kind,
			  const struct seep_amount *amount)
{
	seep_words_append_amount(&text->line, kind, bytes_of(text, amount),
				 objects_of(text, amount), amount->estimated);
}

/* The difference of unsigned numbers, taken for a signed one: it wraps to the right value. */
static void append_difference(struct diff_text *text, enum seep_kind kind,
			      const struct seep_amount *before, const struct seep_amount *after)
{
	seep_words_append_difference(&text->line, kind,
				     (int64_t)(bytes_of(text, after) - bytes_of(text, before)),
				     (int64_t)(objects_of(text, after) - objects_of(text, before)),
				     text->diff->comparison->span_ns,
				     before->estimated || after->estimated);
}

/*
 * "+1.50 MiB in +96 objects: from 1.00 MiB in 64 objects to ...": the sum of all sites of a kind.
 */
static void put_total(struct diff_text *text, enum seep_kind kind, const struct seep_amount *before,
		      const struct seep_amount *after)
{
	if (bytes_of(text, before) == bytes_of(text, after) &&
	    objects_of(text, before) == objects_of(text, after)) {
		append_amount(text, kind, after);
		seep_buffer_puts(&text->line, ", unchanged");
	} else {
		append_difference(text, kind, before, after);
		seep_buffer_puts(&text->line, ": from ");
		append_amount(text, kind, before);
		seep_buffer_puts(&text->line, " to ");
		append_amount(text, kind, after);
	}
	if (is_of_allocated(text))
		seep_buffer_puts(&text->line, ", allocated");
	put_fact(text, SEEP_STYLE_STRONG, seep_kind_key(kind));
}

/* Kinds that were compared: those traced on both sides and asked for. */
static void put_totals(struct diff_text *text)
{
	const struct seep_comparison *comparison = text->diff->comparison;
	struct seep_amount before, after;

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (!(comparison->kinds & SEEP_KIND_BIT(kind)))
			continue;
		seep_comparison_sum(comparison, kind, &before, &after);
		put_total(text, kind, &before, &after);
	}
}

/* Which processes, unless there is but one program with one process anyway. */
static void append_program(struct diff_text *text, const struct seep_change *change)
{
	const struct seep_comparison *comparison = text->diff->comparison;
	/* A change sums the sites of all processes of a program: one site each. */
	size_t before = change->before.num_sites, after = change->after.num_sites;
	size_t most = before > after ? before : after;

	if (comparison->before.snapshot->num_processes <= 1 &&
	    comparison->after.snapshot->num_processes <= 1)
		return;
	seep_buffer_puts(&text->line, ", ");
	seep_text_append_clean_elided(&text->line, change->program, SEEP_TEXT_COMMAND_COLUMNS);
	/* The number of processes is shown only if there were several on one side. */
	if (most > 1 && before && before != after && after)
		seep_buffer_printf(&text->line, " (%zu process%s, now %zu)", before,
				   before == 1 ? "" : "es", after);
	else if (most > 1)
		seep_buffer_printf(&text->line, " (%zu processes)", after ? after : before);
}

/* One site: what changed, of which program, and the stack. */
static void put_change(struct diff_text *text, const struct seep_change *change, size_t number)
{
	struct seep_buffer *line = &text->line;
	struct seep_text_stack stack;

	seep_buffer_printf(line, "#%-3zu", number);
	append_difference(text, change->site->kind, &change->before, &change->after);
	/* A new or a gone site has nothing on one side: the difference says all. */
	if (change->before.num_sites && change->type != SEEP_CHANGE_GONE) {
		seep_buffer_puts(line, ", from ");
		append_amount(text, change->site->kind, &change->before);
		seep_buffer_puts(line, " to ");
		append_amount(text, change->site->kind, &change->after);
	}
	append_program(text, change);
	if (change->by_names)
		seep_buffer_puts(line, ", in another build");
	if (text->options->verbose)
		seep_buffer_printf(line, ", site %016" PRIx64, change->site->id);
	seep_buffer_putc(text->layout.out, '\n');
	put_line(text, SEEP_STYLE_STRONG, SEEP_TEXT_STACK_INDENT);
	/* The sides have different symbolizers, so each stack gets the one that knows it. */
	seep_text_stack_init(&stack, &text->layout, seep_diff_symbolizer(text->diff, change),
			     text->options->verbose);
	seep_text_stack_put(&stack, change->site);
	seep_text_stack_done(&stack);
}

/* The rest of @count changes of one type and kind, whose first ones were shown. */
static void put_rest(struct diff_text *text, const struct seep_change *changes, size_t count)
{
	/*
	 * The live members hold the sums of either metric, so append_difference must not select
	 * again.
	 */
	struct seep_amount before = {0}, after = {0};

	for (size_t i = 0; i < count; i++) {
		before.live_bytes += bytes_of(text, &changes[i].before);
		before.live_objects += objects_of(text, &changes[i].before);
		after.live_bytes += bytes_of(text, &changes[i].after);
		after.live_objects += objects_of(text, &changes[i].after);
		before.estimated |= changes[i].before.estimated;
		after.estimated |= changes[i].after.estimated;
	}
	seep_buffer_printf(&text->line, "%zu more site%s: ", count, count == 1 ? "" : "s");
	seep_words_append_difference(&text->line, changes->site->kind,
				     (int64_t)(after.live_bytes - before.live_bytes),
				     (int64_t)(after.live_objects - before.live_objects),
				     text->diff->comparison->span_ns,
				     before.estimated || after.estimated);
	seep_buffer_putc(text->layout.out, '\n');
	put_line(text, SEEP_STYLE_PLAIN, 0);
}

/* Changes of one type of one kind. How many. */
static size_t put_group(struct diff_text *text, const struct seep_change *changes, size_t left)
{
	enum seep_change_type type = changes->type;
	enum seep_kind kind = changes->site->kind;
	size_t count = 0;

	while (count < left && changes[count].type == type && changes[count].site->kind == kind)
		count++;
	/* Sites that did not change are only counted, by put_changes. */
	if (type == SEEP_CHANGE_SAME)
		return count;
	/* The heading of the group: the kind and the type of its changes. */
	seep_buffer_printf(&text->line, "%s %s", seep_kind_key(kind), seep_change_text(type));
	seep_buffer_putc(text->layout.out, '\n');
	put_line(text, SEEP_STYLE_STRONG, 0);
	for (size_t i = 0; i < count && i < text->options->top; i++)
		put_change(text, &changes[i], i + 1);
	/* The rest is summed up, so that the amounts of a group add up to its change. */
	if (count > text->options->top)
		put_rest(text, changes + text->options->top, count - text->options->top);
	return count;
}

static void put_changes(struct diff_text *text)
{
	const struct seep_comparison *comparison = text->diff->comparison;
	size_t same = 0;

	for (size_t i = 0, count; i < comparison->num_changes; i += count) {
		/* A group has at least the change that it begins with, so the loop ends. */
		count = put_group(text, &comparison->changes[i], comparison->num_changes - i);
		same += comparison->changes[i].type == SEEP_CHANGE_SAME ? count : 0;
	}
	if (same == comparison->num_changes)
		seep_buffer_puts(&text->line, "Nothing changed.");
	else if (same)
		seep_buffer_printf(&text->line, "%zu site%s did not change.", same,
				   same == 1 ? "" : "s");
	if (!text->line.length)
		return;
	seep_buffer_putc(text->layout.out, '\n');
	put_line(text, SEEP_STYLE_PLAIN, 0);
}

/* What both sides are, then how far to trust the comparison, then the changes. */
static int render_text(const struct seep_diff *diff, const struct seep_report_options *options,
		       struct seep_buffer *buffer)
{
	const struct seep_snapshot *before = diff->comparison->before.snapshot;
	const struct seep_snapshot *after = diff->comparison->after.snapshot;
	struct diff_text text = {
		.diff = diff,
		.options = options,
		.layout = {.out = buffer, .color = options->color, .columns = options->columns},
	};

	seep_buffer_init(&text.line);
	seep_buffer_puts(&text.line, "seep diff");
	put_line(&text, SEEP_STYLE_STRONG, 0);
	seep_buffer_putc(buffer, '\n');
	put_side(&text, &diff->before, before, "old");
	put_side(&text, &diff->after, after, "new");
	put_totals(&text);
	put_doubts(&text);
	put_losses(&text, before, "loss, old");
	put_losses(&text, after, "loss, new");
	put_changes(&text);
	seep_buffer_done(&text.line);
	return buffer->error;
}

const struct seep_diff_format seep_diff_text = {
	.name = "text",
	.render = render_text,
};
