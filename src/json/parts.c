// SPDX-License-Identifier: GPL-2.0-only
/*
 * Head, processes and tail of the report: seep_json_write_head opens the object, further members
 * follow, seep_json_write_tail closes it. The JSON report puts "sites" between them, the HTML
 * report its own tables; that is why they are written one after the other instead of built as one.
 */
#include "json/parts.h"

#include "base/clock.h"
#include "model/sampling.h"
#include "json/go_figures.h"
#include "json/verdict.h"

#define SCHEMA "seep.report/1"

/* Of the whole trace, or since the moment that the report begins with; not of an interval. */
void seep_json_add_counts(struct seep_json *json, struct json_object *object,
			  const struct seep_counts *counts)
{
	seep_json_add_uint(json, object, "allocs", counts->allocs);
	seep_json_add_uint(json, object, "frees", counts->frees);
	seep_json_add_uint(json, object, "alloc_bytes", counts->alloc_bytes);
	seep_json_add_uint(json, object, "free_bytes", counts->free_bytes);
}

void seep_json_add_host(struct seep_json *json, struct json_object *object, const char *name,
			const char *kernel, const char *arch)
{
	struct json_object *host = seep_json_new(json);

	seep_json_add_text(json, host, "name", name);
	seep_json_add_text(json, host, "kernel", kernel);
	seep_json_add_text(json, host, "arch", arch);
	seep_json_add(json, object, "host", host);
}

void seep_json_add_scope(struct seep_json *json, struct json_object *object, const char *type,
			 const char *value)
{
	struct json_object *scope = seep_json_new(json);

	seep_json_add_text(json, scope, "type", type);
	seep_json_add_text(json, scope, "value", value);
	seep_json_add(json, object, "scope", scope);
}

/* Which objects the report leaves out because of options. */
static struct json_object *new_filters(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	struct json_object *filters = seep_json_new(json);

	/* No limit is UINT64_MAX, which is written as null. */
	_Static_assert(SEEP_UNKNOWN == UINT64_MAX, "no limit is written as null");
	seep_json_add_seconds(json, filters, "min_age_s", snapshot->min_age_ns);
	seep_json_add_uint(json, filters, "min_size_bytes", snapshot->min_size_bytes);
	seep_json_add_uint(json, filters, "max_size_bytes", snapshot->max_size_bytes);
	seep_json_add_uint(json, filters, "sample_bytes", snapshot->sample_bytes);
	return filters;
}

/* The circumstances that a report shares with each side of a comparison. */
void seep_json_add_settings(struct seep_json *json, struct json_object *object,
			    const struct seep_snapshot *snapshot)
{
	seep_json_add_host(json, object, snapshot->host_name, snapshot->kernel, snapshot->arch);
	seep_json_add_scope(json, object, snapshot->scope_type, snapshot->scope_value);
	seep_json_add(json, object, "filters", new_filters(json, snapshot));
}

/* All losses, also those of 0, so that a consumer finds every key. */
void seep_json_add_losses(struct seep_json *json, struct json_object *object,
			  const struct seep_snapshot *snapshot)
{
	struct json_object *losses = seep_json_new(json);

	/* A loss that cannot be known is null. */
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++)
		seep_json_add_uint(json, losses, seep_loss_key(loss), snapshot->losses[loss]);
	seep_json_add(json, object, "losses", losses);
}

/* What was allocated and released of a kind, and what is live of it now. */
static void add_totals(struct seep_json *json, struct json_object *object,
		       const struct seep_totals *totals)
{
	seep_json_add_counts(json, object, &totals->counts);
	seep_json_add_uint(json, object, "live_objects", totals->live_objects);
	seep_json_add_uint(json, object, "live_bytes", totals->live_bytes);
}

/* By kind, of the traced ones. */
static struct json_object *new_totals(struct seep_json *json, const struct seep_totals *totals)
{
	struct json_object *all = seep_json_new(json);

	/* A kind that was not traced is left out: 0 would say that there was nothing. */
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

/* The pod is null for a container that no pod is known of. */
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

/* 0 is an unknown PID in the process's own namespace, and is written as null. */
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
	seep_json_add_text(json, object, "mode", seep_tracing_mode_key(process->mode));
	seep_json_add_bool(json, object, "sampled", process->sampled);
	seep_json_add_real(json, object, "seen_share", process->seen_share);
	seep_json_add_real(json, object, "probes_cpu_pct", process->probes_cpu_pct);
	seep_json_add_uint(json, object, "rss_bytes", process->rss_bytes);
	seep_json_add_uint(json, object, "anon_bytes", process->anon_bytes);
	seep_json_add_uint(json, object, "pss_bytes", process->pss_bytes);
	/*
	 * Memory has its totals in the process itself, and with the other kinds in "totals" once
	 * more.
	 */
	add_totals(json, object, &process->totals[SEEP_KIND_MEMORY]);
	seep_json_add(json, object, "totals", new_totals(json, process->totals));
	seep_json_add_uint(json, object, "fd_limit", process->fd_limit);
	seep_json_add_seconds(json, object, "fd_limit_eta_s", process->fd_limit_eta_ns);
	seep_json_add_uint(json, object, "pre_attach_bytes", process->pre_attach_bytes);
	seep_json_add_uint(json, object, "unmatched_frees", process->unmatched_frees);
	seep_json_add_uint(json, object, "unmatched_free_bytes", process->unmatched_free_bytes);
	seep_json_add_uint(json, object, "unmatched_frees_unsized",
			   process->unmatched_frees_unsized);
	seep_json_add_go_figures(json, object, process->go);
	seep_json_add_coverage(json, object, process->judgement);
	return object;
}

/* Only reports that count from a later moment have this member. */
static struct json_object *new_since(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	struct json_object *since = seep_json_new(json);
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_json_add_text(json, since, "time",
			   seep_clock_format_utc(time, snapshot->since_utc_ns));
	seep_json_add_seconds(json, since, "elapsed_s", snapshot->since_ns);
	return since;
}

/* The object stays open: the callers append their members and then the tail. */
void seep_json_write_head(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	struct json_object *head = seep_json_new(json);
	char time[SEEP_CLOCK_TEXT_MAX];

	seep_json_add_text(json, head, "schema", SCHEMA);
	seep_json_add_uint(json, head, "seq", snapshot->seq);
	seep_json_add_bool(json, head, "final", snapshot->final);
	seep_json_add_text(json, head, "time", seep_clock_format_utc(time, snapshot->utc_ns));
	seep_json_add_seconds(json, head, "elapsed_s", snapshot->elapsed_ns);
	seep_json_add_seconds(json, head, "interval_s", snapshot->interval_ns);
	if (snapshot->since_ns)
		seep_json_add(json, head, "since", new_since(json, snapshot));
	seep_json_add_settings(json, head, snapshot);
	seep_json_add_bool(json, head, "sampled", seep_snapshot_is_sampled(snapshot));
	seep_json_add(json, head, "totals", new_totals(json, snapshot->totals));
	seep_json_write_open(json, head);
}

/* The array is written by hand, so that one process at a time is in memory. */
void seep_json_write_processes(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	seep_buffer_puts(json->out, ",\"processes\":[");
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		if (i > 0)
			seep_buffer_putc(json->out, ',');
		seep_json_write(json, new_process(json, &snapshot->processes[i]));
	}
	seep_buffer_putc(json->out, ']');
}

/* Buckets are powers of two, so the empty ones at the end need not be written. */
struct json_object *seep_json_new_histogram(struct seep_json *json,
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

/* Standard errors; then the share that is never released, with the ends of its 95 % interval. */
void seep_json_add_sampling(struct seep_json *json, struct json_object *site,
			    const struct seep_sampling *sampling)
{
	seep_json_add_bool(json, site, "sampled", sampling);
	if (!sampling)
		return;
	seep_json_add_uint(json, site, "seen_objects", sampling->seen_objects);
	seep_json_add_real(json, site, "allocs_error", sampling->allocs_error);
	seep_json_add_real(json, site, "alloc_bytes_error", sampling->alloc_bytes_error);
	seep_json_add_real(json, site, "live_objects_error", sampling->live_objects_error);
	seep_json_add_real(json, site, "live_bytes_error", sampling->live_bytes_error);
	seep_json_add_real(json, site, "staying", sampling->staying);
	seep_json_add_real(json, site, "staying_low", sampling->staying_low);
	seep_json_add_real(json, site, "staying_high", sampling->staying_high);
	seep_json_add(json, site, "seen_lifetimes_us_log2",
		      seep_json_new_histogram(json, sampling->lifetimes));
	seep_json_add(json, site, "seen_ages_us_log2",
		      seep_json_new_histogram(json, sampling->ages));
}

/* Objects of a site that have a property in common: sockets or pipes, for example. */
static struct json_object *new_group(struct seep_json *json, const struct seep_group *group)
{
	struct json_object *object = seep_json_new(json);

	seep_json_add_text(json, object, "name", group->name);
	seep_json_add_uint(json, object, "objects", group->objects);
	seep_json_add_uint(json, object, "bytes", group->bytes);
	return object;
}

void seep_json_add_details(struct seep_json *json, struct json_object *site,
			   const struct seep_details *details)
{
	struct json_object *object, *groups, *examples;

	/* Null: there is nothing to say of the objects. */
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

/* What is known only at the end of a report, or about it: ends of stacks, losses, cost. */
void seep_json_write_tail(struct seep_json *json, const struct seep_snapshot *snapshot)
{
	const struct seep_overhead *overhead = &snapshot->overhead;
	struct json_object *tail = seep_json_new(json);
	struct json_object *unwind = seep_json_new(json);
	struct json_object *cost = seep_json_new(json);

	/* All ends, also those that no stack has. */
	for (enum seep_end end = 0; end < SEEP_END_COUNT; end++)
		seep_json_add_uint(json, unwind, seep_end_key(end), snapshot->ends[end]);
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
	seep_json_add_losses(json, tail, snapshot);
	seep_json_add(json, tail, "overhead", cost);
	seep_buffer_putc(json->out, ',');
	seep_json_write_close(json, tail);
}
