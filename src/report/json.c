/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The JSON report (docs/report.schema.json). What there is much of, sites and frames, goes to the
 * output one by one, so that no tree of the whole report is in memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/intern.h"
#include "report/json_callers.h"
#include "report/json_fields.h"
#include "report/json_parts.h"
#include "report/json_verdict.h"
#include "report/report.h"
#include "report/walk.h"

/* Where the text of a frame stands in frame_text, its inlined functions included. */
struct written_frame {
	size_t start;
	size_t length;
};

struct json_report {
	const struct seep_snapshot *snapshot;
	struct seep_symbolizer *symbolizer;
	struct seep_json json;
	struct seep_numbers frames;
	struct written_frame *written; /* by number in frames */
	size_t capacity;
	struct seep_buffer frame_text;
};

static void write_line(struct seep_json *json, const struct seep_location *location,
		       const struct seep_line *line)
{
	struct json_object *object = seep_json_new(json);

	seep_json_add_text(json, object, "function", line->function);
	seep_json_add_text(json, object, "module", location->module);
	seep_json_add_text(json, object, "build_id", location->build_id);
	seep_json_add_uint(json, object, "offset", location->offset);
	seep_json_add_text(json, object, "file", line->source);
	seep_json_add_uint(json, object, "line", line->line ? line->line : SEEP_UNKNOWN);
	seep_json_add_bool(json, object, "inlined", line->inlined);
	seep_json_write(json, object);
}

static void write_location(struct json_report *report, const struct seep_location *location)
{
	for (size_t i = 0; i < location->num_lines; i++) {
		if (i > 0)
			seep_buffer_putc(report->json.out, ',');
		write_line(&report->json, location, &location->lines[i]);
	}
}

/* Stacks share most of their frames, so each is formatted once and copied from then on. */
static int write_frame(struct json_report *report, const struct seep_site *site, uint64_t frame)
{
	uint64_t key = seep_report_frame_key(report->symbolizer, site, frame);
	struct seep_buffer *out = report->json.out;
	struct written_frame *written;
	uint32_t number;
	bool is_new;
	int err;

	err = seep_array_reserve(&report->written, &report->capacity, report->frames.count,
				 sizeof(*report->written));
	if (!err)
		err = seep_numbers_get(&report->frames, key, &number, &is_new);
	if (err)
		return err;
	written = &report->written[number];
	if (is_new) {
		report->json.out = &report->frame_text;
		written->start = report->frame_text.length;
		write_location(report, seep_symbolizer_resolve(report->symbolizer,
							       site->process->id, frame));
		written->length = report->frame_text.length - written->start;
		report->json.out = out;
	}
	seep_buffer_append(out, report->frame_text.data + written->start, written->length);
	return report->frame_text.error ? report->frame_text.error : out->error;
}

static int write_site(struct json_report *report, const struct seep_site *site)
{
	struct seep_json *json = &report->json;
	struct json_object *object = seep_json_new(json);
	int err = 0;

	seep_json_add_id(json, object, "id", site->id);
	seep_json_add_int(json, object, "pid", site->process->pid);
	seep_json_add_text(json, object, "kind", seep_kind_key(site->kind));
	seep_json_add_counts(json, object, &site->counts);
	seep_json_add_uint(json, object, "live_objects", site->live_objects);
	seep_json_add_uint(json, object, "live_bytes", site->live_bytes);
	if (report->snapshot->seq > 1) {
		seep_json_add_int(json, object, "live_bytes_change", site->live_bytes_change);
		seep_json_add_int(json, object, "live_objects_change", site->live_objects_change);
	} else {
		seep_json_add_null(json, object, "live_bytes_change");
		seep_json_add_null(json, object, "live_objects_change");
	}
	seep_json_add_seconds(json, object, "oldest_s", site->oldest_ns);
	seep_json_add(json, object, "lifetimes_us_log2",
		      seep_json_new_histogram(json, site->lifetimes));
	if (site->ages_known)
		seep_json_add(json, object, "ages_us_log2",
			      seep_json_new_histogram(json, site->ages));
	else
		seep_json_add_null(json, object, "ages_us_log2");
	seep_json_add_details(json, object, site->details);
	seep_json_add_verdict(json, object, site->judgement, site->kind);
	/* Without frames nothing is known of the end either. */
	seep_json_add_text(json, object, "stack_end",
			   site->stack->num_frames ? seep_end_key(site->stack->end) : NULL);
	seep_json_write_open(json, object);
	seep_buffer_puts(json->out, ",\"stack\":[");
	for (size_t i = 0; !err && i < site->stack->num_frames; i++) {
		if (i > 0)
			seep_buffer_putc(json->out, ',');
		err = write_frame(report, site, site->stack->frames[i]);
	}
	seep_buffer_puts(json->out, "]}");
	return err;
}

static int write_sites(struct json_report *report, size_t top)
{
	size_t count = report->snapshot->num_sites < top ? report->snapshot->num_sites : top;
	int err = 0;

	seep_buffer_puts(report->json.out, ",\"sites\":[");
	for (size_t i = 0; !err && i < count; i++) {
		if (i > 0)
			seep_buffer_putc(report->json.out, ',');
		err = write_site(report, &report->snapshot->sites[i]);
	}
	seep_buffer_putc(report->json.out, ']');
	return err;
}

static int render_json(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		       const struct seep_report_options *options, struct seep_buffer *buffer)
{
	struct json_report report = {
		.snapshot = snapshot,
		.symbolizer = symbolizer,
		.frame_text = SEEP_BUFFER_INIT,
	};
	int err;

	seep_json_init(&report.json, buffer);
	seep_json_write_head(&report.json, snapshot);
	seep_json_write_processes(&report.json, snapshot);
	err = write_sites(&report, options->top);
	if (!err)
		err = seep_json_write_callers(&report.json, snapshot, symbolizer);
	seep_json_write_tail(&report.json, snapshot);
	seep_buffer_putc(buffer, '\n');
	free(report.written);
	seep_buffer_done(&report.frame_text);
	seep_numbers_done(&report.frames);
	seep_json_done(&report.json);
	return err ? err : buffer->error;
}

const struct seep_report_format seep_report_json = {
	.name = "json",
	.render = render_json,
};
