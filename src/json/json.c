// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON report (docs/report.schema.json). What there is much of, sites and frames, goes to the
 * output one by one, so that no tree of the whole report is in memory.
 */
#include "json/json.h"
#include "report/report.h"
#include "json/answer.h"
#include "json/callers.h"
#include "json/fields.h"
#include "json/parts.h"
#include "json/stack.h"
#include "json/verdict.h"

/* One rendering; the frames of all its sites are shared in stacks. */
struct json_report {
	const struct seep_snapshot *snapshot;
	struct seep_json json;
	struct seep_json_stacks stacks;
};

/* The first report has nothing to compare with, so its changes are null, not 0. */
static int write_site(struct json_report *report, const struct seep_site *site)
{
	struct seep_json *json = &report->json;
	struct json_object *object = seep_json_new(json);

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
	seep_json_add_sampling(json, object, site->sampling);
	seep_json_add_details(json, object, site->details);
	seep_json_add_verdict(json, object, site->judgement, site->kind);
	return seep_json_write_site(&report->stacks, json, object, site);
}

/* Sites are sorted by live bytes, so the first ones are the largest. */
static int write_sites(struct json_report *report, size_t top)
{
	size_t count = report->snapshot->num_sites < top ? report->snapshot->num_sites : top;
	int error = 0;

	seep_buffer_puts(report->json.out, ",\"sites\":[");
	for (size_t i = 0; !error && i < count; i++) {
		if (i > 0)
			seep_buffer_putc(report->json.out, ',');
		error = write_site(report, &report->snapshot->sites[i]);
	}
	seep_buffer_putc(report->json.out, ']');
	return error;
}

static int render_json(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		       const struct seep_report_options *options, struct seep_buffer *buffer)
{
	struct json_report report = {.snapshot = snapshot};
	int error;

	seep_json_init(&report.json, buffer);
	seep_json_stacks_init(&report.stacks, symbolizer);
	/* The order of the schema's members; the tail closes the object, also after a failure. */
	seep_json_write_head(&report.json, snapshot);
	seep_json_write_processes(&report.json, snapshot);
	error = write_sites(&report, options->top);
	if (!error)
		error = seep_json_write_callers(&report.json, snapshot, symbolizer);
	if (!error && options->answer)
		error = seep_json_write_answer(&report.json, snapshot, options->answer, symbolizer);
	seep_json_write_tail(&report.json, snapshot);
	/* One report is one line, so that a file of them is JSON Lines. */
	seep_buffer_putc(buffer, '\n');
	seep_json_stacks_done(&report.stacks);
	seep_json_done(&report.json);
	return error ? error : buffer->error;
}

const struct seep_report_format seep_report_json = {
	.name = "json",
	.render = render_json,
};
