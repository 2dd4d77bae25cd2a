// SPDX-License-Identifier: GPL-2.0-only
/*
 * A comparison as JSON, schema seep.diff/1 (docs/diff.schema.json).
 *
 * render_json writes the head as one object that stays open, then the changes one by one, so that
 * memory does not grow with their number; options->top holds for each type of change of each kind.
 */
#include "report/diff.h"
#include "base/clock.h"
#include "json/fields.h"
#include "json/json.h"
#include "json/parts.h"
#include "json/stack.h"

#define SCHEMA "seep.diff/1"

/* A frame number means something only within its own capture, so each side has its own stacks. */
struct diff_json {
	const struct seep_diff *diff;
	struct seep_json json;
	struct seep_json_stacks before;
	struct seep_json_stacks after;
};

/* Which moment of which capture, and what was traced there. */
static struct json_object *new_side(struct seep_json *json, const struct seep_diff_side *side,
				    const struct seep_snapshot *snapshot)
{
	struct json_object *object = seep_json_new(json), *kinds = seep_json_new_array(json);
	char time[SEEP_CLOCK_TEXT_MAX];

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (snapshot->totals[kind].traced)
			seep_json_append_text(json, kinds, seep_kind_key(kind));
	}
	seep_json_add_text(json, object, "capture", side->capture);
	seep_json_add_uint(json, object, "seq", snapshot->seq);
	seep_json_add_text(json, object, "time", seep_clock_format_utc(time, snapshot->utc_ns));
	seep_json_add_seconds(json, object, "elapsed_s", snapshot->elapsed_ns);
	seep_json_add_settings(json, object, snapshot);
	seep_json_add(json, object, "kinds", kinds);
	seep_json_add_uint(json, object, "processes", snapshot->num_processes);
	seep_json_add_bool(json, object, "sampled", seep_snapshot_is_sampled(snapshot));
	seep_json_add_losses(json, object, snapshot);
	return object;
}

/* Keys are for programs, texts for people: the sentence is that of the text report. */
static struct json_object *new_doubts(struct diff_json *text)
{
	SEEP_AUTO_BUFFER struct seep_buffer sentence = SEEP_BUFFER_INIT;
	struct json_object *doubts = seep_json_new_array(&text->json);

	for (enum seep_doubt doubt = 0; doubt < SEEP_DOUBT_COUNT; doubt++) {
		struct json_object *object;

		if (!(text->diff->comparison->doubts & 1u << doubt))
			continue;
		object = seep_json_new(&text->json);
		seep_buffer_reset(&sentence);
		seep_diff_append_doubt(&sentence, text->diff, doubt);
		seep_json_add_text(&text->json, object, "key", seep_doubt_key(doubt));
		seep_json_add_text(&text->json, object, "text", sentence.data);
		seep_json_append(&text->json, doubts, object);
	}
	return doubts;
}

/* One side of a site or a kind, live and allocated, whichever metric the changes are sorted by. */
static void add_amount(struct seep_json *json, struct json_object *object, const char *key,
		       const struct seep_amount *amount)
{
	struct json_object *value = seep_json_new(json);

	seep_json_add_uint(json, value, "sites", amount->num_sites);
	seep_json_add_counts(json, value, &amount->counts);
	seep_json_add_uint(json, value, "live_objects", amount->live_objects);
	seep_json_add_uint(json, value, "live_bytes", amount->live_bytes);
	seep_json_add_bool(json, value, "sampled", amount->estimated);
	seep_json_add(json, object, key, value);
}

/* Null if the sides are of different traces: there is no time between them. */
static void add_rate(struct seep_json *json, struct json_object *object, const char *key,
		     int64_t change, uint64_t span_ns)
{
	if (span_ns)
		seep_json_add_int(json, object, key, seep_change_per_hour(change, span_ns));
	else
		seep_json_add_null(json, object, key);
}

/* Before, after, and what that is as change. */
static void add_difference(struct seep_json *json, struct json_object *object,
			   const struct seep_amount *before, const struct seep_amount *after,
			   uint64_t span_ns)
{
	/* Sums of kinds have the form of a change here, so that seep_change_of serves both. */
	const struct seep_change change = {.before = *before, .after = *after};
	int64_t bytes = seep_change_of(&change, SEEP_METRIC_LIVE_BYTES);
	int64_t objects = seep_change_of(&change, SEEP_METRIC_LIVE_OBJECTS);

	add_amount(json, object, "old", before);
	add_amount(json, object, "new", after);
	seep_json_add_int(json, object, "live_bytes_change", bytes);
	seep_json_add_int(json, object, "live_objects_change", objects);
	seep_json_add_int(json, object, "alloc_bytes_change",
			  seep_change_of(&change, SEEP_METRIC_ALLOC_BYTES));
	seep_json_add_int(json, object, "allocs_change",
			  seep_change_of(&change, SEEP_METRIC_ALLOC_OBJECTS));
	add_rate(json, object, "live_bytes_per_hour", bytes, span_ns);
	add_rate(json, object, "live_objects_per_hour", objects, span_ns);
}

/* By kind, of the kinds that were compared. */
static struct json_object *new_totals(struct diff_json *text)
{
	const struct seep_comparison *comparison = text->diff->comparison;
	struct json_object *totals = seep_json_new(&text->json);

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		struct seep_amount before, after;
		struct json_object *object;

		if (!(comparison->kinds & SEEP_KIND_BIT(kind)))
			continue;
		object = seep_json_new(&text->json);
		seep_comparison_sum(comparison, kind, &before, &after);
		add_difference(&text->json, object, &before, &after, comparison->span_ns);
		seep_json_add(&text->json, totals, seep_kind_key(kind), object);
	}
	return totals;
}

/* All but the sites; the object stays open for them. */
static void write_head(struct diff_json *text)
{
	const struct seep_comparison *comparison = text->diff->comparison;
	struct seep_json *json = &text->json;
	struct json_object *head = seep_json_new(json);

	seep_json_add_text(json, head, "schema", SCHEMA);
	seep_json_add_text(json, head, "metric", seep_metric_key(comparison->metric));
	/* Null for sides of different traces. */
	seep_json_add_seconds(json, head, "span_s",
			      comparison->span_ns ? comparison->span_ns : SEEP_UNKNOWN);
	seep_json_add(json, head, "old",
		      new_side(json, &text->diff->before, comparison->before.snapshot));
	seep_json_add(json, head, "new",
		      new_side(json, &text->diff->after, comparison->after.snapshot));
	seep_json_add(json, head, "doubts", new_doubts(text));
	seep_json_add(json, head, "totals", new_totals(text));
	seep_json_write_open(json, head);
}

/* The stack comes from the new side if the site is there, as with seep_diff_symbolizer. */
static int write_change(struct diff_json *text, const struct seep_change *change)
{
	struct seep_json *json = &text->json;
	struct json_object *object = seep_json_new(json);

	seep_json_add_id(json, object, "id", change->site->id);
	seep_json_add_text(json, object, "kind", seep_kind_key(change->site->kind));
	seep_json_add_text(json, object, "program", change->program);
	seep_json_add_text(json, object, "change", seep_change_key(change->type));
	seep_json_add_bool(json, object, "matched_by_names", change->by_names);
	add_difference(json, object, &change->before, &change->after,
		       text->diff->comparison->span_ns);
	return seep_json_write_site(change->after.num_sites ? &text->after : &text->before, json,
				    object, change->site);
}

/* The first @top of each type of each kind: they follow each other. */
static int write_changes(struct diff_json *text, size_t top)
{
	const struct seep_comparison *comparison = text->diff->comparison;
	const struct seep_change *last = NULL;
	size_t in_group = 0;
	const char *before = "";
	int error = 0;

	seep_buffer_puts(text->json.out, ",\"sites\":[");
	for (size_t i = 0; !error && i < comparison->num_changes; i++) {
		const struct seep_change *change = &comparison->changes[i];

		/*
		 * Changes are sorted by kind and type, so a group ends where one of the two
		 * differs.
		 */
		if (!last || last->type != change->type || last->site->kind != change->site->kind)
			in_group = 0;
		last = change;
		/* Changes past the limit are left out without a trace; the totals have them. */
		if (in_group++ >= top)
			continue;
		seep_buffer_puts(text->json.out, before);
		error = write_change(text, change);
		before = ",";
	}
	/* Closes the head, also after a failure. */
	seep_buffer_puts(text->json.out, "]}\n");
	return error;
}

static int render_json(const struct seep_diff *diff, const struct seep_report_options *options,
		       struct seep_buffer *buffer)
{
	struct diff_json text = {.diff = diff};
	int error;

	seep_json_init(&text.json, buffer);
	seep_json_stacks_init(&text.before, diff->before.symbolizer);
	seep_json_stacks_init(&text.after, diff->after.symbolizer);
	write_head(&text);
	error = write_changes(&text, options->top);
	seep_json_stacks_done(&text.before);
	seep_json_stacks_done(&text.after);
	seep_json_done(&text.json);
	return error ? error : buffer->error;
}

const struct seep_diff_format seep_diff_json = {
	.name = "json",
	.render = render_json,
};
