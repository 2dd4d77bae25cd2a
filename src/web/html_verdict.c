// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first screen of the HTML report: what was found, how bad it is, and how much of it there is.
 *
 * seep_html_put_verdict puts title, badges, the worst site in a sentence, and tiles with the
 * numbers. It says less than is known where little was watched: whether it is too early for a
 * verdict is asked before "No leak found" is printed.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/losses.h"
#include "report/names.h"
#include "report/words.h"
#include "verdict/judgement.h"
#include "web/html_stack.h"
#include "web/html_verdict.h"

/* A ratio without an upper bound; the limit keeps its conversion to an integer defined. */
#define COVERAGE_MAX 1000.0 /* a share */

static size_t num_leaks(const struct seep_html_page *page)
{
	return page->alarms.by_class[SEEP_CLASS_LEAK];
}

/* Something grows, and it is not known yet whether it goes on; or nothing is known of any site. */
static bool is_too_early(const struct seep_html_page *page)
{
	return page->alarms.by_class[SEEP_CLASS_WARMING_UP] > 0 ||
	       page->alarms.by_class[SEEP_CLASS_UNKNOWN] == page->alarms.num_judged;
}

/* What the headline looks like: a class of the style. */
static const char *mood_of(const struct seep_html_page *page)
{
	/* Alarms are sorted, so the first one is the worst leak and decides the colour. */
	if (num_leaks(page) > 0)
		return seep_severity_key(seep_judgement_severity(page->alarms.sites[0]->judgement));
	if (page->alarms.num_sites > 0)
		return "growth";
	return page->alarms.num_judged > 0 && !is_too_early(page) ? "fine" : "open";
}

/*
 * From the worst to the best: leaks, growth, nothing, nothing known. "So far" stands where the time
 * was too short to call it clean.
 */
static void put_title(struct seep_html_page *page)
{
	struct seep_buffer *note = &page->note;

	if (num_leaks(page) > 0) {
		seep_words_append_number(note, num_leaks(page), "leak");
		seep_buffer_puts(note, " found");
	} else if (page->alarms.num_sites > 0) {
		seep_words_append_number(note, page->alarms.num_sites, "site");
		seep_buffer_puts(note, page->alarms.num_sites == 1 ? " grows" : " grow");
		seep_buffer_puts(note, ", no leak found");
	} else if (page->alarms.num_judged > 0) {
		seep_buffer_puts(note,
				 is_too_early(page) ? "No leak found so far" : "No leak found");
	} else {
		seep_buffer_puts(note, "No verdict yet");
	}
	seep_html_put_note_in(page, "h1", "");
	seep_html_put(page, "\n");
}

/* How many of each severity, the worst first. */
static void put_severities(struct seep_html_page *page)
{
	size_t growing = page->alarms.num_sites - num_leaks(page);

	if (page->alarms.num_sites == 0)
		return;
	seep_html_put(page, "<p class=\"badges\">");
	for (int i = SEEP_SEVERITY_COUNT - 1; i >= 0; i--) {
		size_t count = page->alarms.by_severity[i];

		if (count > 0)
			seep_buffer_printf(page->out, "<span class=\"badge %s\">%zu %s</span> ",
					   seep_severity_key(i), count, seep_severity_key(i));
	}
	if (growing > 0)
		seep_buffer_printf(page->out, "<span class=\"badge growth\">%zu growing</span>",
				   growing);
	seep_html_put(page, "</p>\n");
}

/* Nothing if the growth reaches no limit that is known. */
static void append_eta(struct seep_buffer *note, const struct seep_judgement *judgement)
{
	if (!judgement->limit || !isfinite(judgement->eta_s.value))
		return;
	seep_buffer_puts(note, " At this rate, ");
	seep_text_append_clean(note, seep_html_limit_text(judgement->limit), SIZE_MAX);
	seep_buffer_puts(note, " is used up in ");
	seep_words_append_seconds(note, judgement->eta_s.value);
	seep_buffer_putc(note, '.');
}

/* The first alarm is the worst; the caller knows that there is one. */
static void put_worst(struct seep_html_page *page)
{
	const struct seep_site *site = page->alarms.sites[0];
	const struct seep_judgement *judgement = site->judgement;

	seep_html_put(page, "<p class=\"lead\">");
	if (page->alarms.num_sites > 1)
		seep_html_put(page, "The worst: ");
	seep_html_note_function(page, site);
	seep_html_put_note_in(page, "code", "");
	seep_buffer_puts(&page->note, " in ");
	seep_report_append_process_pid(&page->note, site->process);
	seep_buffer_puts(&page->note, num_leaks(page) > 0 ? " leaks " : " grows by ");
	seep_words_append_rate(&page->note, site->kind, judgement->rate.value);
	seep_buffer_putc(&page->note, '.');
	append_eta(&page->note, judgement);
	seep_html_put_note(page);
	seep_html_put(page, "</p>\n");
}

/* "12 sites were watched for 1 h 00 min: 7 steady, 2 cache." */
static void put_watched(struct seep_html_page *page)
{
	struct seep_buffer *note = &page->note;
	const char *before = ": ";
	char text[SEEP_UNIT_MAX];

	seep_words_append_number(note, page->snapshot->num_sites, "site");
	seep_buffer_printf(note, " watched for %s",
			   seep_format_duration(text, page->snapshot->elapsed_ns));
	/* Classes are in the order of their enum, leaks last: the most alarming is named first. */
	for (int class = SEEP_CLASS_COUNT - 1; class >= 0; class --) {
		if (page->alarms.by_class[class] == 0)
			continue;
		seep_buffer_printf(note, "%s%s %s", before,
				   seep_format_count(text, page->alarms.by_class[class]),
				   class == SEEP_CLASS_UNKNOWN ? "with too little to go by" :
								 seep_class_key(class));
		before = ", ";
	}
	seep_buffer_putc(note, '.');
	/* Early in a trace: says what to wait for. */
	if (page->alarms.num_judged == 0)
		seep_buffer_puts(note, " What is alive is listed below; whether it leaks takes a "
				       "few intervals to tell.");
	else if (page->alarms.by_class[SEEP_CLASS_WARMING_UP] > 0)
		seep_buffer_printf(note, " Warming-up: %s.",
				   seep_class_text(SEEP_CLASS_WARMING_UP));
	seep_html_put_note_in(page, "p", "");
	seep_html_put(page, "\n");
}

/* Losses that were expected do not make a report incomplete. */
static bool is_incomplete(const struct seep_snapshot *snapshot)
{
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (seep_snapshot_lost(snapshot, loss) &&
		    !seep_report_loss_is_expected(snapshot, loss))
			return true;
	}
	return false;
}

/* The note is the large number; @more is what stands small below it, or "". */
static void put_tile(struct seep_html_page *page, const char *term, const char *more)
{
	seep_buffer_printf(page->out, "<div><dt>%s</dt>", term);
	seep_html_put_note_in(page, "dd", "");
	if (more[0]) {
		seep_html_put(page, "<dd class=\"more\">");
		seep_html_put_text(page, more);
		seep_html_put(page, "</dd>");
	}
	seep_html_put(page, "</div>\n");
}

/* A tile for each kind: bytes with the number of objects below, or the number alone. */
static void put_live(struct seep_html_page *page, enum seep_kind kind)
{
	const struct seep_totals *totals = &page->snapshot->totals[kind];
	SEEP_AUTO_BUFFER struct seep_buffer more = SEEP_BUFFER_INIT;
	SEEP_AUTO_BUFFER struct seep_buffer term = SEEP_BUFFER_INIT;
	char text[SEEP_UNIT_MAX];

	seep_buffer_printf(&term, "Live %s%s", seep_kind_key(kind),
			   kind == SEEP_KIND_MEMORY ? "" : "s");
	if (seep_kind_is_counted(kind)) {
		seep_buffer_puts(&page->note, seep_format_count(text, totals->live_objects));
	} else {
		seep_buffer_puts(&page->note, seep_format_bytes(text, totals->live_bytes));
		seep_words_append_number(&more, totals->live_objects, seep_kind_noun(kind));
	}
	put_tile(page, term.data, more.data);
}

/* The processes that are alive and whose memory could be read; how many these are stands below. */
static void put_resident(struct seep_html_page *page)
{
	const struct seep_snapshot *snapshot = page->snapshot;
	uint64_t rss_bytes = 0;
	size_t known = 0;
	SEEP_AUTO_BUFFER struct seep_buffer more = SEEP_BUFFER_INIT;
	char text[SEEP_UNIT_MAX];

	for (size_t i = 0; i < snapshot->num_processes; i++) {
		const struct seep_process *process = &snapshot->processes[i];

		if (process->exited || process->rss_bytes == SEEP_UNKNOWN)
			continue;
		rss_bytes += process->rss_bytes;
		known++;
	}
	/* No tile is better than one with 0, which nobody has measured. */
	if (known == 0)
		return;
	seep_words_append_number(&more, known, "process");
	seep_buffer_puts(&page->note, seep_format_bytes(text, rss_bytes));
	put_tile(page, "Resident", more.data);
}

/* How much of what the kernel sees grow the report is about. */
static void put_coverage(struct seep_html_page *page)
{
	const struct seep_snapshot *snapshot = page->snapshot;
	double share = seep_process_coverage(snapshot->processes, snapshot->num_processes);
	char text[SEEP_UNIT_MAX];

	if (!snapshot->totals[SEEP_KIND_MEMORY].traced || isnan(share))
		return;
	share = fmin(share, COVERAGE_MAX);
	seep_buffer_puts(&page->note,
			 seep_format_percent(text, (uint64_t)llround(1000 * share), 1000));
	put_tile(page, "Explained by sites", "of what became resident");
}

static void put_tiles(struct seep_html_page *page)
{
	const struct seep_snapshot *snapshot = page->snapshot;
	SEEP_AUTO_BUFFER struct seep_buffer more = SEEP_BUFFER_INIT;
	char text[SEEP_UNIT_MAX];

	seep_html_put(page, "<dl class=\"tiles\">\n");
	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (snapshot->totals[kind].traced)
			put_live(page, kind);
	}
	put_resident(page);
	put_coverage(page);
	seep_buffer_puts(&page->note, seep_format_duration(text, snapshot->elapsed_ns));
	seep_words_append_number(&more, snapshot->seq, "report");
	put_tile(page, "Traced for", more.data);
	seep_buffer_puts(&page->note, seep_format_count(text, snapshot->num_sites));
	put_tile(page, "Sites", "");
	seep_html_put(page, "</dl>\n");
}

/*
 * The parts in the order of a reader's questions: is there a leak, how bad, where, can I trust it,
 * how much is there.
 */
void seep_html_put_verdict(struct seep_html_page *page)
{
	seep_buffer_printf(page->out,
			   "<section id=\"verdict\" class=\"verdict %s\" aria-label=\"Verdict\">\n",
			   mood_of(page));
	put_title(page);
	put_severities(page);
	if (page->alarms.num_sites > 0)
		put_worst(page);
	put_watched(page);
	/* Close to the verdict, because it limits what the verdict is worth. */
	if (is_incomplete(page->snapshot))
		seep_html_put(page, "<p class=\"warning\">The trace did not see everything: "
				    "<a href=\"#losses\">what was lost</a>.</p>\n");
	put_tiles(page);
	seep_html_put(page, "</section>\n");
}
