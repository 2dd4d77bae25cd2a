/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The JSON report, schema seep.report/1 (docs/report.schema.json). What there is much of, sites and
 * frames, goes to the output one by one, so that no tree of the whole report is in memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/intern.h"
#include "report/json_fields.h"
#include "report/json_verdict.h"
#include "report/report.h"
#include "report/walk.h"

#define SCHEMA	    "seep.report/1"
#define SITE_ID_MAX 17

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

static void add_counts(struct seep_json *json, struct json_object *object,
		       const struct seep_counts *counts)
{
	seep_json_add_uint(json, object, "allocs", counts->allocs);
	seep_json_add_uint(json, object, "frees", counts->frees);
	seep_json_add_uint(json, object, "alloc_bytes", counts->alloc_bytes);
	seep_json_add_uint(json, object, "free_bytes", counts->free_bytes);
}

static struct json_object *new_host(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	struct json_object *host = seep_json_new(json);

	seep_json_add_text(json, host, "name", snapshot->host_name);
	seep_json_add_text(json, host, "kernel", snapshot->kernel);
	seep_json_add_text(json, host, "arch", snapshot->arch);
	return host;
}

static struct json_object *new_scope(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	struct json_object *scope = seep_json_new(json);

	seep_json_add_text(json, scope, "type", snapshot->scope_type);
	seep_json_add_text(json, scope, "value", snapshot->scope_value);
	return scope;
}

static struct json_object *new_filters(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	struct json_object *filters = seep_json_new(json);

	/* No limit is UINT64_MAX, which is written as null. */
	_Static_assert(SEEP_UNKNOWN == UINT64_MAX, "no limit is written as null");
	seep_json_add_seconds(json, filters, "min_age_s", snapshot->min_age_ns);
	seep_json_add_uint(json, filters, "min_size_bytes", snapshot->min_size_bytes);
	seep_json_add_uint(json, filters, "max_size_bytes", snapshot->max_size_bytes);
	return filters;
}

static void add_totals(struct seep_json *json, struct json_object *object,
		       const struct seep_totals *totals)
{
	add_counts(json, object, &totals->counts);
	seep_json_add_uint(json, object, "live_objects", totals->live_objects);
	seep_json_add_uint(json, object, "live_bytes", totals->live_bytes);
}

/* By kind, of the traced ones. */
static struct json_object *new_totals(struct seep_json *json, const struct seep_totals *totals)
{
	struct json_object *all = seep_json_new(json);

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		struct json_object *object;

		if (!totals[kind].traced)
			continue;
		object = seep_json_new(json);
		add_totals(json, object, &totals[kind]);
		seep_json_add(json, all, seep_kind_key(kind), object);
	}
	return all;
}

static void add_container(struct seep_json *json, struct json_object *process,
			  const char *container, const char *pod)
{
	struct json_object *object;

	if (!container) {
		seep_json_add_null(json, process, "container");
		return;
	}
	object = seep_json_new(json);
	seep_json_add_text(json, object, "id", container);
	seep_json_add_text(json, object, "pod", pod);
	seep_json_add(json, process, "container", object);
}

static struct json_object *new_process(struct seep_json *json, const struct seep_process *process)
{
	struct json_object *object = seep_json_new(json);
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_json_add_int(json, object, "pid", process->pid);
	seep_json_add_uint(json, object, "inner_pid",
			   process->inner_pid ? (uint64_t)process->inner_pid : SEEP_UNKNOWN);
	if (process->start_utc_ns == SEEP_UNKNOWN)
		seep_json_add_null(json, object, "start_time");
	else
		seep_json_add_text(json, object, "start_time",
				   seep_clock_format_utc(time, process->start_utc_ns));
	seep_json_add_text(json, object, "comm", process->comm);
	seep_json_add_text(json, object, "exe", process->exe);
	seep_json_add_text(json, object, "cgroup", process->cgroup);
	add_container(json, object, process->container, process->pod);
	seep_json_add_bool(json, object, "exited", process->exited);
	seep_json_add_bool(json, object, "attached_late", process->attached_late);
	seep_json_add_uint(json, object, "rss_bytes", process->rss_bytes);
	add_totals(json, object, &process->totals[SEEP_KIND_MEMORY]);
	seep_json_add(json, object, "totals", new_totals(json, process->totals));
	seep_json_add_uint(json, object, "fd_limit", process->fd_limit);
	seep_json_add_seconds(json, object, "fd_limit_eta_s", process->fd_limit_eta_ns);
	seep_json_add_uint(json, object, "pre_attach_bytes", process->pre_attach_bytes);
	seep_json_add_coverage(json, object, process->judgement);
	return object;
}

static void write_head(struct json_report *report)
{
	const struct seep_snapshot *snapshot = report->snapshot;
	struct seep_json *json = &report->json;
	struct json_object *head = seep_json_new(json);
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_json_add_text(json, head, "schema", SCHEMA);
	seep_json_add_uint(json, head, "seq", snapshot->seq);
	seep_json_add_bool(json, head, "final", snapshot->final);
	seep_json_add_text(json, head, "time", seep_clock_format_utc(time, snapshot->utc_ns));
	seep_json_add_seconds(json, head, "elapsed_s", snapshot->elapsed_ns);
	seep_json_add_seconds(json, head, "interval_s", snapshot->interval_ns);
	seep_json_add(json, head, "host", new_host(json, snapshot));
	seep_json_add(json, head, "scope", new_scope(json, snapshot));
	seep_json_add(json, head, "filters", new_filters(json, snapshot));
	seep_json_add_bool(json, head, "sampled", false);
	seep_json_add(json, head, "totals", new_totals(json, snapshot->totals));
	seep_json_write_open(json, head);
}

static void write_processes(struct json_report *report)
{
	seep_buffer_puts(report->json.out, ",\"processes\":[");
	for (size_t i = 0; i < report->snapshot->num_processes; i++) {
		if (i > 0)
			seep_buffer_putc(report->json.out, ',');
		seep_json_write(&report->json,
				new_process(&report->json, &report->snapshot->processes[i]));
	}
	seep_buffer_putc(report->json.out, ']');
}

/* Without the empty buckets at its end. */
static struct json_object *new_histogram(struct seep_json *json,
					 const uint64_t counts[SEEP_LIFETIME_BUCKETS])
{
	struct json_object *histogram = seep_json_new_array(json);
	size_t used = SEEP_LIFETIME_BUCKETS;

	while (used > 0 && counts[used - 1] == 0)
		used--;
	for (size_t i = 0; i < used; i++)
		seep_json_append(json, histogram, json_object_new_uint64(counts[i]));
	return histogram;
}

static struct json_object *new_group(struct seep_json *json, const struct seep_group *group)
{
	struct json_object *object = seep_json_new(json);

	seep_json_add_text(json, object, "name", group->name);
	seep_json_add_uint(json, object, "objects", group->objects);
	seep_json_add_uint(json, object, "bytes", group->bytes);
	return object;
}

static void add_details(struct seep_json *json, struct json_object *site,
			const struct seep_details *details)
{
	struct json_object *object, *groups, *examples;

	if (!details) {
		seep_json_add_null(json, site, "details");
		return;
	}
	object = seep_json_new(json);
	groups = seep_json_new_array(json);
	examples = seep_json_new_array(json);
	for (size_t i = 0; i < details->num_groups; i++)
		seep_json_append(json, groups, new_group(json, &details->groups[i]));
	for (size_t i = 0; i < details->num_examples; i++)
		seep_json_append_text(json, examples, details->examples[i]);
	seep_json_add(json, object, "groups", groups);
	seep_json_add(json, object, "examples", examples);
	seep_json_add(json, site, "details", object);
}

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
	char id[SITE_ID_MAX];
	int err = 0;

	snprintf(id, sizeof(id), "%016" PRIx64, site->id);
	seep_json_add_text(json, object, "id", id);
	seep_json_add_int(json, object, "pid", site->process->pid);
	seep_json_add_text(json, object, "kind", seep_kind_key(site->kind));
	add_counts(json, object, &site->counts);
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
	seep_json_add(json, object, "lifetimes_us_log2", new_histogram(json, site->lifetimes));
	if (site->ages_known)
		seep_json_add(json, object, "ages_us_log2", new_histogram(json, site->ages));
	else
		seep_json_add_null(json, object, "ages_us_log2");
	add_details(json, object, site->details);
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

static void write_tail(struct json_report *report)
{
	const struct seep_overhead *overhead = &report->snapshot->overhead;
	struct seep_json *json = &report->json;
	struct json_object *tail = seep_json_new(json);
	struct json_object *unwind = seep_json_new(json);
	struct json_object *losses = seep_json_new(json);
	struct json_object *cost = seep_json_new(json);

	for (enum seep_end end = 0; end < SEEP_END_COUNT; end++)
		seep_json_add_uint(json, unwind, seep_end_key(end), report->snapshot->ends[end]);
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++)
		seep_json_add_uint(json, losses, seep_loss_key(loss),
				   report->snapshot->losses[loss]);
	seep_json_add_uint(json, cost, "events", overhead->events);
	seep_json_add_real(json, cost, "events_per_s", overhead->events_per_s);
	seep_json_add_uint(json, cost, "bpf_ns_per_event", overhead->bpf_ns_per_event);
	seep_json_add_uint(json, cost, "probe_ns_per_event", overhead->probe_ns_per_event);
	seep_json_add_real(json, cost, "target_cpu_pct", overhead->target_cpu_pct);
	seep_json_add_real(json, cost, "calls_cpu_pct", overhead->calls_cpu_pct);
	seep_json_add_real(json, cost, "seep_cpu_pct", overhead->seep_cpu_pct);
	seep_json_add_uint(json, cost, "seep_rss_bytes", overhead->seep_rss_bytes);
	seep_json_add_uint(json, cost, "map_bytes", overhead->map_bytes);
	seep_json_add(json, tail, "unwind", unwind);
	seep_json_add(json, tail, "losses", losses);
	seep_json_add(json, tail, "overhead", cost);
	seep_buffer_putc(json->out, ',');
	seep_json_write_close(json, tail);
	seep_buffer_putc(json->out, '\n');
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
	write_head(&report);
	write_processes(&report);
	err = write_sites(&report, options->top);
	write_tail(&report);
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
