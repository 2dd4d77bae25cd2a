// SPDX-License-Identifier: GPL-2.0-only
/*
 * One object for each view: the counts, everything that grows, with TOUCH_SITES growth stacks of a
 * process, and the results that came since the view before, each with the last report of its trace
 * (seep.report). That one is text already, so results are written, not built.
 */
#include "json/watch.h"

#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "json/fields.h"
#include "json/parts.h"
#include "json/stack.h"

#define SCHEMA "seep.watch/1"

/* Of the growth stacks of a process; the rest is counted. */
#define TOUCH_SITES 16

static struct json_object *new_counts(struct seep_json *json, const struct seep_watch_view *view)
{
	struct json_object *counts = seep_json_new(json);

	seep_json_add_uint(json, counts, "watched", view->num_watched);
	seep_json_add_uint(json, counts, "seen", view->num_seen);
	seep_json_add_uint(json, counts, "unwatched", view->num_unwatched);
	seep_json_add_uint(json, counts, "growing", seep_watch_view_num_growing(view));
	seep_json_add_uint(json, counts, "traced", view->num_traced);
	seep_json_add_uint(json, counts, "probed", view->num_probed);
	return counts;
}

/* What a rate is told by: the same members for processes and groups. */
static void add_track(struct seep_json *json, struct json_object *object,
		      const struct seep_track_growth *growth, const struct seep_interval *eta_s)
{
	seep_json_add_signed(json, object, "grown", growth->grown);
	seep_json_add_real(json, object, "span_s", growth->span_s);
	seep_json_add_real(json, object, "rate_per_s", growth->rate.value);
	seep_json_add_real(json, object, "rate_low", growth->rate.low);
	seep_json_add_real(json, object, "rate_high", growth->rate.high);
	seep_json_add_text(json, object, "pattern", seep_pattern_key(growth->pattern));
	seep_json_add_real(json, object, "eta_s", eta_s->value);
}

static struct json_object *new_growth(struct seep_json *json,
				      const struct seep_watch_growth *growth)
{
	struct json_object *object = seep_json_new(json);

	seep_json_add_text(json, object, "what", seep_watch_kind(growth->value)->key);
	add_track(json, object, &growth->track, &growth->eta_s);
	seep_json_add_text(json, object, "limit",
			   growth->limit < SEEP_LIMIT_COUNT ? seep_limit_key(growth->limit) : NULL);
	seep_json_add_text(json, object, "severity", seep_severity_key(growth->severity));
	return object;
}

static struct json_object *new_process(struct seep_json *json,
				       const struct seep_watch_process *process)
{
	struct json_object *object = seep_json_new(json), *list = seep_json_new_array(json);

	seep_json_add_int(json, object, "pid", process->pid);
	seep_json_add_int(json, object, "parent", process->parent);
	seep_json_add_text(json, object, "comm", process->comm);
	seep_json_add_text(json, object, "cgroup", process->cgroup);
	seep_json_add_text(json, object, "state", seep_watch_state_key(process->standing.state));
	seep_json_add_uint(json, object, "traces", process->standing.tries);
	seep_json_add_uint(json, object, "rss_bytes", process->now.rss_bytes);
	seep_json_add_uint(json, object, "pss_bytes", process->pss_bytes);
	seep_json_add_uint(json, object, "heap_bytes", process->heap_bytes);
#define ADD_VALUE(name, key, text, unit, least, kinds, limits)                                     \
	seep_json_add_uint(json, object, key, process->now.values[SEEP_WATCH_##name]);
	SEEP_WATCH_VALUES(ADD_VALUE)
#undef ADD_VALUE
	for (size_t i = 0; i < process->num_growths; i++)
		seep_json_append(json, list, new_growth(json, &process->growths[i]));
	seep_json_add(json, object, "growth", list);
	return object;
}

static struct json_object *new_touches(struct seep_json *json, const struct seep_touches *touches)
{
	struct json_object *object = seep_json_new(json), *lost = seep_json_new(json);

	seep_json_add_uint(json, object, "samples", touches->samples);
	seep_json_add_uint(json, object, "period", touches->period);
	seep_json_add_real(json, object, "faults", touches->faults);
	seep_json_add_real(json, object, "seconds", touches->span_s);
	seep_json_add_real(json, object, "counted_s", touches->open_s);
	seep_json_add_real(json, object, "cost_ms", touches->cost_ns / SEEP_NS_PER_MS);
	seep_json_add_uint(json, object, "partial", touches->partial);
	seep_json_add_uint(json, object, "of_files", touches->of_files);
	seep_json_add_uint(json, object, "stacks", touches->num_sites);
#define ADD_LOSS(name, text) seep_json_add_uint(json, lost, #name, touches->name);
	SEEP_TOUCH_LOSSES(ADD_LOSS)
#undef ADD_LOSS
	seep_json_add_uint(json, lost, "threads", touches->threads_left_out);
	seep_json_add(json, object, "lost", lost);
	return object;
}

static void write_touch_site(struct seep_json_stacks *stacks, struct seep_json *json,
			     const struct seep_touches *touches, const struct seep_touch_site *site)
{
	struct json_object *object = seep_json_new(json);

	seep_json_add_uint(json, object, "samples", site->samples);
	seep_json_add_real(json, object, "share", site->faults / touches->faults);
	/* A failure is kept in the buffer. */
	(void)seep_json_write_site(stacks, json, object, &site->site);
}

static void write_touches(struct seep_json *json, const struct seep_touches *touches)
{
	struct seep_json_stacks stacks;

	seep_json_write_open(json, new_touches(json, touches));
	seep_buffer_puts(json->out, ",\"sites\":[");
	seep_json_stacks_init(&stacks, touches->symbolizer);
	for (size_t i = 0; i < touches->num_sites && i < TOUCH_SITES; i++) {
		if (i > 0)
			seep_buffer_putc(json->out, ',');
		write_touch_site(&stacks, json, touches, &touches->sites[i]);
	}
	seep_json_stacks_done(&stacks);
	seep_buffer_puts(json->out, "]}");
}

/* Stacks are written, not built. */
static void write_process(struct seep_json *json, const struct seep_watch_process *process)
{
	seep_json_write_open(json, new_process(json, process));
	seep_buffer_puts(json->out, ",\"growth_stacks\":");
	if (process->touches)
		write_touches(json, process->touches);
	else
		seep_buffer_puts(json->out, "null");
	seep_buffer_putc(json->out, '}');
}

static struct json_object *new_cgroup(struct seep_json *json,
				      const struct seep_watch_cgroup *cgroup)
{
	struct json_object *object = seep_json_new(json), *growth = NULL;

	seep_json_add_text(json, object, "path", cgroup->path);
	seep_json_add_uint(json, object, "processes", cgroup->num_processes);
	seep_json_add_uint(json, object, "current_bytes", cgroup->current_bytes);
#define ADD_VALUE(name, key, text, stat)                                                           \
	seep_json_add_uint(json, object, key, cgroup->values[SEEP_WATCH_CGROUP_##name]);
	SEEP_WATCH_CGROUP_VALUES(ADD_VALUE)
#undef ADD_VALUE
	seep_json_add_uint(json, object, "max_bytes", cgroup->memory.max);
	seep_json_add_real(json, object, "pressure_pct", cgroup->pressure_pct);
	seep_json_add_uint(json, object, "oom_events", cgroup->oom_events);
	seep_json_add_uint(json, object, "oom_kills", cgroup->oom_kills);
	if (cgroup->grows < SEEP_WATCH_CGROUP_COUNT) {
		growth = seep_json_new(json);
		seep_json_add_text(json, growth, "what", seep_watch_cgroup_key(cgroup->grows));
		add_track(json, growth, &cgroup->growth, &cgroup->eta_s);
	}
	seep_json_add(json, object, "growth", growth);
	return object;
}

static struct json_object *new_overhead(struct seep_json *json, const struct seep_watch_view *view)
{
	struct json_object *object = seep_json_new(json);

	seep_json_add_real(json, object, "machine_cpu_pct", view->cpu_pct);
	seep_json_add_uint(json, object, "seep_rss_bytes", view->rss_bytes);
	return object;
}

static void write_head(struct seep_json *json, const struct seep_watch_view *view)
{
	struct json_object *object = seep_json_new(json);
	struct json_object *cgroups = seep_json_new_array(json);
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_json_add_text(json, object, "schema", SCHEMA);
	seep_json_add_uint(json, object, "seq", view->seq);
	seep_json_add_bool(json, object, "final", view->final);
	seep_json_add_text(json, object, "time", seep_clock_format_utc(time, view->utc_ns));
	seep_json_add_real(json, object, "elapsed_s", view->elapsed_s);
	seep_json_add_real(json, object, "interval_s", view->interval_s);
	seep_json_add_host(json, object, view->host_name, view->kernel, view->arch);
	seep_json_add_scope(json, object, view->scope_type, view->scope_value);
	seep_json_add(json, object, "processes", new_counts(json, view));
	for (size_t i = 0; i < view->num_cgroups; i++)
		seep_json_append(json, cgroups, new_cgroup(json, view->cgroups[i]));
	seep_json_add(json, object, "cgroups", cgroups);
	seep_json_add(json, object, "overhead", new_overhead(json, view));
	seep_json_write_open(json, object);
}

static void write_result(struct seep_json *json, const struct seep_result *result)
{
	struct json_object *object = seep_json_new(json), *leaks = seep_json_new_array(json);
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_json_add_uint(json, object, "number", result->number);
	seep_json_add_int(json, object, "pid", result->pid);
	seep_json_add_text(json, object, "comm", result->comm);
	seep_json_add_text(json, object, "time", seep_clock_format_utc(time, result->utc_ns));
	seep_json_add_real(json, object, "begun_s", result->begun_s);
	seep_json_add_real(json, object, "traced_s", result->traced_s);
	seep_json_add_text(json, object, "outcome", seep_outcome_key(result->outcome));
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (result->leaks & SEEP_KIND_BIT(kind))
			seep_json_append_text(json, leaks, seep_kind_key((enum seep_kind)kind));
	}
	seep_json_add(json, object, "leaks", leaks);
	seep_json_add_bool(json, object, "ended", result->ended);
	seep_json_add_bool(json, object, "oom_killed", result->oom_killed);
	seep_json_add_text(json, object, "headline", result->headline);
	seep_json_add_text(json, object, "function", result->function);
	seep_json_write_open(json, object);
	seep_buffer_puts(json->out, ",\"report\":");
	/* A line of its own, with the line break at its end. */
	if (result->json)
		seep_buffer_append(json->out, result->json, strcspn(result->json, "\n"));
	else
		seep_buffer_puts(json->out, "null");
	seep_buffer_putc(json->out, '}');
}

int seep_json_watch(const struct seep_watch_view *view, struct seep_buffer *buffer)
{
	struct seep_json json;
	bool first = true;

	seep_json_init(&json, buffer);
	write_head(&json, view);
	seep_buffer_puts(buffer, ",\"growing\":[");
	for (size_t i = 0; i < view->num_growing; i++) {
		if (i > 0)
			seep_buffer_putc(buffer, ',');
		write_process(&json, view->growing[i]);
	}
	seep_buffer_puts(buffer, "],\"results\":[");
	for (size_t i = 0; i < view->results->num; i++) {
		if (view->results->list[i].number < view->first_new)
			continue;
		if (!first)
			seep_buffer_putc(buffer, ',');
		first = false;
		write_result(&json, &view->results->list[i]);
	}
	seep_buffer_puts(buffer, "]}\n");
	seep_json_done(&json);
	return buffer->error;
}
