// SPDX-License-Identifier: GPL-2.0-only
/*
 * Totals, processes, losses, overhead and circumstances in the HTML report.
 *
 * Each section is plain HTML, readable without a script, and leaves out what was not measured. Of
 * the processes PROCESSES_MAX are listed, the others counted.
 */
#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "report/go_words.h"
#include "report/losses.h"
#include "report/missing.h"
#include "report/names.h"
#include "report/words.h"
#include "text/processes.h"
#include "verdict/judgement.h"
#include "web/html_facts.h"

/* Sites, the largest first, whose stacks are searched for functions without a name. */
#define NAMES_SITES 1000
/* A machine may have thousands of processes; as many rows would hide the sections below. */
#define PROCESSES_MAX	   200
#define PROCESSES_MAX_TEXT "200"

/* A cell of a table: the note. */
static void put_cell(struct seep_html_page *page)
{
	seep_html_put_note_in(page, "td", "");
}

/* The class aligns numbers to the right, see html.css. */
static void put_number(struct seep_html_page *page)
{
	seep_html_put_note_in(page, "td", " class=\"n\"");
}

/* A column: what stands above it, and whether it has numbers. */
struct head {
	const char *text;
	bool number;
};

/* Opens the table; the caller closes tbody, table and the element that lets it scroll. */
static void put_heads(struct seep_html_page *page, const struct head *heads, size_t count)
{
	seep_html_put(page, "<div class=\"wide\"><table><thead><tr>");
	for (size_t i = 0; i < count; i++)
		seep_buffer_printf(page->out, "<th scope=\"col\"%s>%s</th>",
				   heads[i].number ? " class=\"n\"" : "", heads[i].text);
	seep_html_put(page, "</tr></thead>\n<tbody>\n");
}

#define PUT_HEADS(page, heads) put_heads(page, heads, sizeof(heads) / sizeof((heads)[0]))

/*
 * A row for each traced kind; a kind that was not traced must not look like one of which there is
 * nothing.
 */
void seep_html_put_totals(struct seep_html_page *page)
{
	static const struct head heads[] = {
		{"Kind", false}, {"Alive", false}, {"Made", false}, {"Released", false}};

	seep_html_put(page, "<section id=\"totals\"><h2>Totals</h2>\n");
	PUT_HEADS(page, heads);
	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		const struct seep_totals *totals = &page->snapshot->totals[kind];

		if (!totals->traced)
			continue;
		seep_html_put(page, "<tr>");
		seep_html_append_kind(&page->note, kind);
		seep_html_put_note_in(page, "th", " scope=\"row\"");
		seep_words_append_amount(&page->note, kind, totals->live_bytes,
					 totals->live_objects, totals->estimated);
		put_cell(page);
		seep_words_append_amount(&page->note, kind, totals->counts.alloc_bytes,
					 totals->counts.allocs, totals->estimated);
		put_cell(page);
		seep_words_append_amount(&page->note, kind, totals->counts.free_bytes,
					 totals->counts.frees, totals->estimated);
		put_cell(page);
		seep_html_put(page, "</tr>\n");
	}
	seep_html_put(page, "</tbody></table></div></section>\n");
}

/* An amount, or "unknown". */
static void append_bytes(struct seep_buffer *note, uint64_t bytes)
{
	char text[SEEP_UNIT_MAX];

	seep_buffer_puts(note, bytes == SEEP_UNKNOWN ? "unknown" : seep_format_bytes(text, bytes));
}

/* One row: what seep counted, what the kernel says of the process, and what follows from both. */
static void put_process(struct seep_html_page *page, const struct seep_process *process)
{
	const struct seep_process_judgement *judgement = process->judgement;
	struct seep_buffer *note = &page->note;

	seep_buffer_printf(page->out, "<tr><th scope=\"row\">");
	seep_report_append_process_pid(note, process);
	seep_text_append_place(note, ", ", process);
	seep_html_put_note(page);
	seep_html_put(page, "</th>");
	seep_buffer_puts(note, seep_words_mark(process->totals[SEEP_KIND_MEMORY].estimated));
	append_bytes(note, process->totals[SEEP_KIND_MEMORY].live_bytes);
	put_number(page);
	/* A process that ended has no resident memory any more. */
	if (process->exited)
		seep_buffer_puts(note, "ended");
	else
		append_bytes(note, process->rss_bytes);
	put_number(page);
	append_bytes(note, process->anon_bytes);
	put_number(page);
	append_bytes(note, process->pss_bytes);
	put_number(page);
	append_bytes(note, process->pre_attach_bytes);
	put_number(page);
	if (seep_words_has_tracing(process))
		seep_words_append_tracing(note, process);
	if (process->go) {
		seep_buffer_puts(note, note->length ? "; Go " : "Go ");
		seep_go_words_append_heap(note, process->go);
		seep_buffer_puts(note, "; ");
		seep_go_words_append_collections(note, process->go);
	}
	/* A process that was not judged has an empty cell. */
	for (size_t i = 0; judgement && i < judgement->num_evidence; i++) {
		seep_buffer_puts(note, note->length ? "; " : "");
		seep_text_append_clean(note, judgement->evidence[i], SIZE_MAX);
	}
	put_cell(page);
	seep_html_put(page, "</tr>\n");
}

/* In the order of the snapshot, alive or not. */
void seep_html_put_processes(struct seep_html_page *page)
{
	static const struct head heads[] = {{"Process", false},
					    {"Live memory", true},
					    {"Resident", true},
					    {"Anonymous", true},
					    {"PSS", true},
					    {"Before the trace", true},
					    {"What is known of it", false}};
	size_t count = page->snapshot->num_processes;
	size_t shown = count < PROCESSES_MAX ? count : PROCESSES_MAX;

	if (count == 0)
		return;
	seep_html_put(page, "<section id=\"processes\"><h2>Processes</h2>\n");
	PUT_HEADS(page, heads);
	for (size_t i = 0; i < shown; i++)
		put_process(page, &page->snapshot->processes[i]);
	seep_html_put(page, "</tbody></table></div>\n");
	if (count > shown)
		seep_buffer_printf(page->out,
				   "<p class=\"more\">%zu more; " PROCESSES_MAX_TEXT
				   " are shown here.</p>\n",
				   count - shown);
	seep_html_put(page, "</section>\n");
}

/* A list of the losses, of which those that were expected are not marked. How many there are. */
static size_t put_lost(struct seep_html_page *page)
{
	char text[SEEP_UNIT_MAX];
	size_t count = 0;

	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (!seep_snapshot_lost(page->snapshot, loss))
			continue;
		seep_html_put(page, count++ ? "" : "<ul class=\"losses\">\n");
		seep_buffer_printf(
			page->out, "<li%s><b>%s</b> ",
			seep_report_loss_is_expected(page->snapshot, loss) ? "" : " class=\"lost\"",
			seep_format_count(text, page->snapshot->losses[loss]));
		seep_html_put_text(page, seep_report_loss_text(page->snapshot, loss));
		seep_html_put(page, "</li>\n");
	}
	seep_html_put(page, count ? "</ul>\n" : "");
	return count;
}

/* How the stacks of the allocations end. */
static void put_ends(struct seep_html_page *page)
{
	const uint64_t *ends = page->snapshot->ends;
	char share[SEEP_UNIT_MAX];
	uint64_t sum = 0;

	/* Without any stack there is nothing to take a share of. */
	for (enum seep_end end = 0; end < SEEP_END_COUNT; end++)
		sum += ends[end];
	if (sum == 0)
		return;
	seep_html_put(page, "<h3>Stacks</h3>\n<ul class=\"losses\">\n");
	for (enum seep_end end = 0; end < SEEP_END_COUNT; end++) {
		if (ends[end] == 0)
			continue;
		seep_buffer_puts(&page->note, seep_format_percent(share, ends[end], sum));
		seep_html_put(page, "<li>");
		seep_html_put_note_in(page, "b", "");
		seep_buffer_printf(&page->note, " %s: %s",
				   end == SEEP_END_COMPLETE ? "whole" : "partial",
				   seep_end_text(end));
		seep_html_put_note(page);
		seep_html_put(page, "</li>\n");
	}
	seep_html_put(page, "</ul>\n");
}

/* The section is there in any case: that nothing was lost is worth knowing, too. */
void seep_html_put_losses(struct seep_html_page *page)
{
	struct seep_missing missing = {0};

	seep_html_put(page, "<section id=\"losses\"><h2>What was not seen</h2>\n");
	if (put_lost(page) == 0)
		seep_html_put(page, "<p>Nothing: no loss was counted.</p>\n");
	else
		seep_html_put(page, "<p class=\"faint\">All else in this report is without what is "
				    "listed here.</p>\n");
	put_ends(page);
	seep_missing_add_largest(&missing, page->symbolizer, page->snapshot, NAMES_SITES);
	seep_missing_append(&page->note, &missing);
	if (page->note.length)
		seep_html_put_note_in(page, "p", "");
	seep_html_put(page, "</section>\n");
}

/* NAN and what a damaged capture may have are left out. */
static void put_percent(struct seep_html_page *page, double percent, const char *term)
{
	uint64_t tenths;

	if (!isfinite(percent) || percent < 0 || percent > 1e9)
		return;
	tenths = (uint64_t)llround(percent * 10);
	seep_buffer_printf(&page->note, "%" PRIu64 ".%" PRIu64 " %% of a CPU", tenths / 10,
			   tenths % 10);
	seep_html_put_fact(page, term);
}

/* What was not measured has no line. */
static void put_duration(struct seep_html_page *page, uint64_t ns, const char *term)
{
	char text[SEEP_UNIT_MAX];

	if (ns == SEEP_UNKNOWN)
		return;
	seep_buffer_puts(&page->note, seep_format_duration(text, ns));
	seep_html_put_fact(page, term);
}

static void put_bytes(struct seep_html_page *page, uint64_t bytes, const char *term)
{
	if (bytes == SEEP_UNKNOWN)
		return;
	append_bytes(&page->note, bytes);
	seep_html_put_fact(page, term);
}

static void put_events(struct seep_html_page *page, const struct seep_overhead *overhead)
{
	char text[SEEP_UNIT_MAX], rate[SEEP_UNIT_MAX];

	if (overhead->events == SEEP_UNKNOWN)
		return;
	seep_buffer_puts(&page->note, seep_format_count(text, overhead->events));
	if (isfinite(overhead->events_per_s) && overhead->events_per_s >= 0)
		seep_buffer_printf(&page->note, ", lately %s per second",
				   seep_format_count(rate,
						     (uint64_t)llround(overhead->events_per_s)));
	seep_html_put_fact(page, "Probe hits");
}

/* Kinds that are traced at system calls have a cost of their own, see put_overhead of text.c. */
static bool sees_calls(const struct seep_snapshot *snapshot)
{
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (SEEP_KINDS_OF_CALLS & SEEP_KIND_BIT(kind) && snapshot->totals[kind].traced)
			return true;
	}
	return false;
}

void seep_html_put_overhead(struct seep_html_page *page)
{
	const struct seep_overhead *overhead = &page->snapshot->overhead;

	seep_html_put(page, "<section id=\"overhead\"><h2>What tracing cost</h2>\n"
			    "<dl class=\"facts\">\n");
	put_percent(page, overhead->target_cpu_pct, "In the targets");
	/* Without probes at system calls there is no such cost to tell. */
	if (sees_calls(page->snapshot))
		put_percent(page, overhead->calls_cpu_pct, "At system calls of all processes");
	put_percent(page, overhead->seep_cpu_pct, "seep itself");
	put_events(page, overhead);
	put_duration(page, overhead->probe_ns_per_event, "The trap of a probe");
	put_duration(page, overhead->bpf_ns_per_event, "The program at it");
	put_bytes(page, overhead->seep_rss_bytes, "Resident memory of seep");
	put_bytes(page, overhead->map_bytes, "Kernel memory of its maps");
	seep_html_put(page,
		      "</dl>\n<p class=\"faint\">In the last interval. The share of a CPU in the "
		      "targets is the number of probe hits times what the trap and the program "
		      "take. What was not measured is not listed.</p></section>\n");
}

/* Which objects are not in the report because of options of the trace. */
static void put_filters(struct seep_html_page *page)
{
	const struct seep_snapshot *snapshot = page->snapshot;
	char text[SEEP_UNIT_MAX];

	if (snapshot->min_age_ns > 0) {
		seep_buffer_puts(&page->note, seep_format_duration(text, snapshot->min_age_ns));
		seep_html_put_fact(page, "Only objects older than");
	}
	if (snapshot->min_size_bytes > 0) {
		append_bytes(&page->note, snapshot->min_size_bytes);
		seep_html_put_fact(page, "Only objects of at least");
	}
	if (snapshot->sample_bytes > 0) {
		append_bytes(&page->note, snapshot->sample_bytes);
		seep_html_put_fact(page, "One block tracked in");
	}
	/* UINT64_MAX is no limit. */
	if (snapshot->max_size_bytes != UINT64_MAX) {
		append_bytes(&page->note, snapshot->max_size_bytes);
		seep_html_put_fact(page, "Only objects of at most");
	}
}

/* Scope, host and times: what somebody needs to place a report that was sent to them. */
void seep_html_put_trace(struct seep_html_page *page)
{
	const struct seep_snapshot *snapshot = page->snapshot;
	struct seep_buffer *note = &page->note;
	char text[SEEP_UNIT_MAX], time[SEEP_CLOCK_TEXT_MAX];

	seep_html_put(page, "<section id=\"trace\"><h2>How it was traced</h2>\n"
			    "<dl class=\"facts\">\n");
	seep_text_append_clean(note, snapshot->scope_type, SIZE_MAX);
	seep_buffer_putc(note, ' ');
	seep_text_append_clean(note, snapshot->scope_value, SIZE_MAX);
	seep_html_put_fact(page, "Scope");
	seep_text_append_clean(note, snapshot->host_name, SIZE_MAX);
	seep_html_put_fact(page, "Host");
	seep_text_append_clean(note, snapshot->kernel, SIZE_MAX);
	seep_buffer_putc(note, ' ');
	seep_text_append_clean(note, snapshot->arch, SIZE_MAX);
	seep_html_put_fact(page, "Kernel");
	seep_buffer_puts(note, seep_clock_format_utc(time, snapshot->utc_ns));
	seep_html_put_fact(page, "Time of this report");
	seep_buffer_puts(note, seep_format_duration(text, snapshot->elapsed_ns));
	seep_html_put_fact(page, "Traced for");
	seep_buffer_printf(note, "%" PRIu64 "%s", snapshot->seq,
			   snapshot->final ? ", the last" : "");
	seep_html_put_fact(page, "Report");
	put_filters(page);
	seep_buffer_puts(note, "seep " SEEP_VERSION);
	seep_html_put_fact(page, "Made by");
	seep_html_put(page, "</dl></section>\n");
}
