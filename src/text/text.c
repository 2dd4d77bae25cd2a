// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text report: what is outstanding and what it is worth, for people at a terminal. render_text
 * puts the head, a line for each kind, processes, circumstances and losses, then the sites
 * (sites.c). Each fact is put together in a note and then wrapped to the columns of the layout, so
 * that no line of it has to know its width. Rows are bounded by options->top and by the limits of
 * each part.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/go_words.h"
#include "report/losses.h"
#include "report/names.h"
#include "report/report.h"
#include "report/words.h"
#include "text/callers.h"
#include "text/layout.h"
#include "text/overhead.h"
#include "text/processes.h"
#include "text/sites.h"
#include "text/text.h"

/*
 * Facts have a label of LABEL_COLUMNS, then text; a scope (PIDs, path or command) is cut in the
 * header.
 */
#define LABEL_COLUMNS 12
#define SCOPE_COLUMNS 40

#define TRACING_MAX 10 /* processes of which is said how they are traced, unless verbose */
#define GO_MAX	    10 /* processes of Go, unless verbose */

struct text {
	const struct seep_snapshot *snapshot;
	const struct seep_report_options *options;
	struct seep_layout layout;
	struct seep_buffer note; /* the line being put together */
};

/* Shows the note behind @label and empties it. */
static void put_fact(struct text *text, enum seep_style style, const char *label)
{
	seep_buffer_printf(text->layout.out, "  %-*s", LABEL_COLUMNS - 2, label);
	seep_layout_wrap(&text->layout, style, LABEL_COLUMNS, text->note.data);
	seep_layout_reset(&text->layout, &text->note);
}

/* "seep final report, pid 1234 (server), 1 min 00 s into the trace, 2026-11-20T10:00:00.000Z" */
static void put_header(struct text *text)
{
	const struct seep_snapshot *snapshot = text->snapshot;
	struct seep_buffer *note = &text->note;
	char unit[SEEP_UNIT_MAX], time[SEEP_CLOCK_TEXT_MAX];

	seep_buffer_puts(note, "seep ");
	if (snapshot->final)
		seep_buffer_puts(note, "final report");
	else
		seep_buffer_printf(note, "report %" PRIu64, snapshot->seq);
	seep_buffer_puts(note, ", ");
	seep_text_append_scope(note, snapshot, SCOPE_COLUMNS, true);
	seep_buffer_printf(note, ", %s into the trace",
			   seep_format_duration(unit, snapshot->elapsed_ns));
	if (snapshot->since_ns)
		seep_buffer_printf(note, ", from %s on",
				   seep_format_duration(unit, snapshot->since_ns));
	seep_buffer_printf(note, ", %s", seep_clock_format_utc(time, snapshot->utc_ns));
	seep_layout_wrap(&text->layout, SEEP_STYLE_STRONG, 0, note->data);
	seep_layout_reset(&text->layout, note);
	seep_buffer_putc(text->layout.out, '\n');
}

/* How much there is more of the kind, in what it is measured by, than in the last report. */
static void append_change(struct text *text, enum seep_kind kind)
{
	/* Summed over sites: the snapshot has no totals of the report before. */
	struct seep_totals change = {0}; /* as if signed, but it may wrap around */

	if (text->snapshot->seq == 1)
		return;
	for (size_t i = 0; i < text->snapshot->num_sites; i++) {
		const struct seep_site *site = &text->snapshot->sites[i];

		if (site->kind != kind)
			continue;
		change.live_bytes += (uint64_t)site->live_bytes_change;
		change.live_objects += (uint64_t)site->live_objects_change;
	}
	if (text->snapshot->since_ns &&
	    change.live_bytes == text->snapshot->totals[kind].live_bytes &&
	    change.live_objects == text->snapshot->totals[kind].live_objects)
		return; /* nothing shrank */
	seep_buffer_puts(&text->note, ", ");
	seep_words_append_change(&text->note, kind, (int64_t)change.live_bytes,
				 (int64_t)change.live_objects,
				 text->snapshot->totals[kind].estimated);
	seep_buffer_puts(&text->note, text->snapshot->since_ns ? " net of what shrank" :
								 " since the last report");
}

/* One kind alone has three lines: what is live, what was allocated and what was released. */
static void put_totals(struct text *text, enum seep_kind kind)
{
	const struct seep_totals *totals = &text->snapshot->totals[kind];
	const struct seep_counts *counts = &totals->counts;
	bool estimated = totals->estimated;
	struct seep_buffer *note = &text->note;

	seep_words_append_amount(note, kind, totals->live_bytes, totals->live_objects, estimated);
	append_change(text, kind);
	put_fact(text, SEEP_STYLE_STRONG, text->snapshot->since_ns ? "grown" : "live");
	seep_words_append_amount(note, kind, counts->alloc_bytes, counts->allocs, estimated);
	put_fact(text, SEEP_STYLE_PLAIN, kind == SEEP_KIND_MEMORY ? "allocated" : "made");
	seep_words_append_amount(note, kind, counts->free_bytes, counts->frees, estimated);
	put_fact(text, SEEP_STYLE_PLAIN, "released");
}

/* One of several kinds: a line. */
static void put_kind(struct text *text, enum seep_kind kind)
{
	const struct seep_totals *totals = &text->snapshot->totals[kind];
	const char *mark = seep_words_mark(totals->estimated);
	char made[SEEP_UNIT_MAX], released[SEEP_UNIT_MAX];

	seep_words_append_amount(&text->note, kind, totals->live_bytes, totals->live_objects,
				 totals->estimated);
	if (text->snapshot->since_ns)
		seep_buffer_puts(&text->note, " more");
	append_change(text, kind);
	seep_buffer_printf(&text->note, "; %s%s made, %s%s released", mark,
			   seep_format_count(made, totals->counts.allocs), mark,
			   seep_format_count(released, totals->counts.frees));
	put_fact(text, SEEP_STYLE_STRONG, seep_kind_key(kind));
}

/* Several kinds have a line each; one kind alone has room for three. */
static void put_kinds(struct text *text)
{
	bool several = seep_snapshot_num_kinds(text->snapshot) > 1;

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (!text->snapshot->totals[kind].traced)
			continue;
		if (several)
			put_kind(text, kind);
		else
			put_totals(text, kind);
	}
}

/* Of the process that is nearest to the end of its descriptors. */
static void put_fd_limit(struct text *text)
{
	const struct seep_snapshot *snapshot = text->snapshot;
	const struct seep_process *nearest = NULL;
	char limit[SEEP_UNIT_MAX], time[SEEP_UNIT_MAX];

	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct seep_process *process = &snapshot->processes[i];

		/*
		 * UINT64_MAX is no limit. An unknown time is the largest number, so a process with
		 * a known one is nearer.
		 */
		if (!process->exited && process->fd_limit != UINT64_MAX &&
		    (!nearest || process->fd_limit_eta_ns < nearest->fd_limit_eta_ns))
			nearest = process;
	}
	if (!nearest || !snapshot->totals[SEEP_KIND_FD].traced)
		return;
	/* Of several processes a limit is only worth a line if one of them approaches it. */
	if (snapshot->num_processes > 1 && nearest->fd_limit_eta_ns == SEEP_UNKNOWN)
		return;
	if (snapshot->num_processes > 1) {
		seep_report_append_process_pid(&text->note, nearest);
		seep_buffer_puts(&text->note, ": ");
	}
	seep_buffer_printf(&text->note, "%s descriptors at most",
			   seep_format_count(limit, nearest->fd_limit));
	if (nearest->fd_limit_eta_ns != SEEP_UNKNOWN)
		seep_buffer_printf(&text->note, ", reached in %s if it goes on like this",
				   seep_format_duration(time, nearest->fd_limit_eta_ns));
	put_fact(text, SEEP_STYLE_PLAIN, "limit");
}

/*
 * What /proc says of the living processes, to compare with the live bytes: sites cannot explain
 * what was allocated before the attach.
 */
static void put_resident(struct text *text)
{
	const struct seep_snapshot *snapshot = text->snapshot;
	uint64_t rss_bytes = 0, before_bytes = 0;
	bool rss_known = false;
	char unit[SEEP_UNIT_MAX];

	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct seep_process *process = &snapshot->processes[i];

		if (process->exited)
			continue;
		if (process->rss_bytes != SEEP_UNKNOWN) {
			rss_bytes += process->rss_bytes;
			rss_known = true;
		}
		if (process->attached_late && process->pre_attach_bytes != SEEP_UNKNOWN)
			before_bytes += process->pre_attach_bytes;
	}
	if (!rss_known)
		return;
	seep_buffer_puts(&text->note, seep_format_bytes(unit, rss_bytes));
	if (before_bytes > 0)
		seep_buffer_printf(&text->note,
				   "; %s of memory from before the attach is not in this report",
				   seep_format_bytes(unit, before_bytes));
	put_fact(text, SEEP_STYLE_PLAIN, "resident");
}

/* What the sites were filtered by: a reader must not take the amounts for all there is. */
static void put_filters(struct text *text)
{
	const struct seep_snapshot *snapshot = text->snapshot;
	bool has_max = snapshot->max_size_bytes != UINT64_MAX;
	struct seep_buffer *note = &text->note;
	char unit[SEEP_UNIT_MAX];

	if (snapshot->min_age_ns > 0)
		seep_buffer_printf(note, "older than %s",
				   seep_format_duration(unit, snapshot->min_age_ns));
	if (snapshot->min_size_bytes > 0)
		seep_buffer_printf(note, "%sof at least %s", note->length ? ", " : "",
				   seep_format_bytes(unit, snapshot->min_size_bytes));
	if (has_max)
		seep_buffer_printf(note, "%sof at most %s", note->length ? ", " : "",
				   seep_format_bytes(unit, snapshot->max_size_bytes));
	if (note->length > 0)
		put_fact(text, SEEP_STYLE_PLAIN, "only");
	if (snapshot->sample_bytes > 0) {
		seep_buffer_printf(note, "one block in %s on average; numbers with ~ are estimates",
				   seep_format_bytes(unit, snapshot->sample_bytes));
		put_fact(text, SEEP_STYLE_PLAIN, "sampled");
	}
}

/* How many stacks are whole, and why the others end; not shown if all are whole, unless verbose. */
static void put_ends(struct text *text)
{
	const uint64_t *ends = text->snapshot->ends;
	uint64_t sum = 0;
	char unit[SEEP_UNIT_MAX];

	for (enum seep_end end = 0; end < SEEP_END_COUNT; end++)
		sum += ends[end];
	if (sum == 0 || (sum == ends[SEEP_END_COMPLETE] && !text->options->verbose))
		return;
	seep_buffer_printf(&text->note, "whole for %s of the allocations",
			   seep_format_percent(unit, ends[SEEP_END_COMPLETE], sum));
	for (enum seep_end end = 0; end < SEEP_END_COUNT; end++) {
		if (end != SEEP_END_COMPLETE && ends[end] > 0)
			seep_buffer_printf(&text->note, "; %s: %s",
					   seep_format_percent(unit, ends[end], sum),
					   seep_end_text(end));
	}
	put_fact(text, SEEP_STYLE_PLAIN, "stacks");
}

static enum seep_style loss_style(const struct text *text, enum seep_loss loss)
{
	if (!seep_snapshot_lost(text->snapshot, loss))
		return SEEP_STYLE_FAINT;
	if (seep_report_loss_is_expected(text->snapshot, loss))
		return SEEP_STYLE_PLAIN;
	return SEEP_STYLE_WARNING;
}

/* SEEP_UNKNOWN is a loss that this trace cannot count; it is not shown at all. */
static void put_losses(struct text *text)
{
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		uint64_t lost = text->snapshot->losses[loss];

		if (lost == SEEP_UNKNOWN || (lost == 0 && !text->options->verbose))
			continue;
		seep_report_append_loss(&text->note, text->snapshot, loss);
		put_fact(text, loss_style(text, loss), "loss");
	}
}

/* Of each process whose calls are not all seen, or not for nothing; a machine may have many. */
static void put_tracing(struct text *text)
{
	const struct seep_snapshot *snapshot = text->snapshot;
	size_t shown = text->options->verbose ? SIZE_MAX : TRACING_MAX, count = 0;

	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct seep_process *process = &snapshot->processes[i];

		if (!seep_words_has_tracing(process) || count++ >= shown)
			continue;
		if (snapshot->num_processes > 1) {
			seep_report_append_process_pid(&text->note, process);
			seep_buffer_puts(&text->note, ": ");
		}
		seep_words_append_tracing(&text->note, process);
		put_fact(text, SEEP_STYLE_PLAIN, "mode");
	}
	if (count > shown) {
		seep_words_append_number(&text->note, count - shown, "more process");
		seep_buffer_puts(&text->note, " (listed with -v)");
		put_fact(text, SEEP_STYLE_PLAIN, "");
	}
}

/* What its runtime says of the memory of each process of Go that lives, or that is alone. */
static void put_go(struct text *text)
{
	const struct seep_snapshot *snapshot = text->snapshot;
	size_t shown = text->options->verbose ? SIZE_MAX : GO_MAX, count = 0;

	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct seep_process *process = &snapshot->processes[i];

		if (!process->go || (process->exited && snapshot->num_processes > 1) ||
		    count++ >= shown)
			continue;
		if (snapshot->num_processes > 1) {
			seep_report_append_process_pid(&text->note, process);
			seep_buffer_puts(&text->note, ", ");
		}
		seep_go_words_append_heap(&text->note, process->go);
		put_fact(text, SEEP_STYLE_PLAIN, "Go");
		seep_go_words_append_collections(&text->note, process->go);
		put_fact(text, SEEP_STYLE_PLAIN, "");
	}
	if (count > shown) {
		seep_words_append_number(&text->note, count - shown, "more process");
		seep_buffer_puts(&text->note, " (listed with -v)");
		put_fact(text, SEEP_STYLE_PLAIN, "");
	}
}

static void put_overhead(struct text *text)
{
	seep_text_append_overhead(&text->note, text->snapshot);
	put_fact(text, SEEP_STYLE_PLAIN, "overhead");
}

/* What the whole trace is about comes first; the sites, which may be many screens, come last. */
static int render_text(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		       const struct seep_report_options *options, struct seep_buffer *buffer)
{
	struct text text = {
		.snapshot = snapshot,
		.options = options,
		.layout = {.out = buffer, .color = options->color, .columns = options->columns},
	};
	int error;

	seep_buffer_init(&text.note);
	/* Reports follow each other on a terminal: an empty line is between them. */
	if (snapshot->seq > 1)
		seep_buffer_putc(buffer, '\n');
	put_header(&text);
	put_kinds(&text);
	put_fd_limit(&text);
	put_resident(&text);
	put_go(&text);
	put_filters(&text);
	put_ends(&text);
	put_losses(&text);
	put_tracing(&text);
	put_overhead(&text);
	error = seep_text_put_processes(&text.layout, snapshot, options);
	if (!error)
		error = seep_text_put_callers_of_snapshot(&text.layout, symbolizer, snapshot);
	seep_buffer_done(&text.note);
	if (error)
		return error;
	seep_text_put_sites(&text.layout, snapshot, symbolizer, options);
	return buffer->error;
}

const struct seep_report_format seep_report_text = {
	.name = "text",
	.render = render_text,
};
