// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first section: the answer in the words that text and JSON have, the processes that need a
 * look, what all sites are, and tiles with the numbers.
 *
 * Every sentence is that of the answer (report/headline.h); nothing is concluded here.
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

/* Of many processes those that need a look. */
#define PROCESSES_SHOWN 20
#define TRACING_MAX	5 /* of which is said how they are traced */

static const char *look_of_leak(const struct seep_site *site)
{
	return seep_severity_key(seep_judgement_severity(site->judgement));
}

/* What the section looks like: a class of the style. */
static const char *mood_of(const struct seep_html_page *page)
{
	const struct seep_entries *leaks = &page->answer.leaks;

	switch (page->answer.answer->outcome) {
	case SEEP_OUTCOME_LEAK:
		return look_of_leak(leaks->entries[0].sites[0]);
	case SEEP_OUTCOME_GROWTH:
		return "growth";
	case SEEP_OUTCOME_NONE:
		return "fine";
	default:
		return "open";
	}
}

static void put_outcome(struct seep_html_page *page, const char *look, enum seep_outcome outcome)
{
	seep_buffer_printf(page->out, "<span class=\"badge %s\">%s</span>", look,
			   seep_outcome_key(outcome));
}

/* The sentence that text and JSON begin with, too. */
static void put_title(struct seep_html_page *page)
{
	const struct seep_answer *answer = page->answer.answer;

	put_outcome(page, mood_of(page), answer->outcome);
	seep_headline_append(&page->note, &page->answer.headline);
	seep_html_put_note_in(page, "h1", "");
	seep_html_put(page, "\n");
	if (answer->command_exit > 0)
		seep_buffer_printf(page->out, "<p>The command ended with exit status %d.</p>\n",
				   answer->command_exit);
}

/* How fast its memory grows, if it does: the other kinds are in the sentence. */
static void note_growth(struct seep_html_page *page, const struct seep_answer_process *of)
{
	const struct seep_process_judgement *judgement = of->process->judgement;

	if (judgement && of->outcome != SEEP_OUTCOME_NONE && judgement->rate.value > 0)
		seep_words_append_rate(&page->note, SEEP_KIND_MEMORY, judgement->rate.value);
}

/* "22 h 10 min", and the name of the limit in @limit; nothing without a deadline. */
static void note_deadline(struct seep_html_page *page, const struct seep_answer_process *of,
			  struct seep_buffer *limit)
{
	double eta_s;
	enum seep_limit first = seep_headline_deadline(of, &eta_s);

	if (first == SEEP_LIMIT_COUNT)
		return;
	seep_words_append_seconds(&page->note, eta_s);
	seep_buffer_puts(limit, seep_limit_text(first));
}

static void put_process(struct seep_html_page *page, const struct seep_answer_process *of)
{
	SEEP_AUTO_BUFFER struct seep_buffer limit = SEEP_BUFFER_INIT;

	seep_html_put(page, "<tr><th scope=\"row\">");
	seep_report_append_process_pid(&page->note, of->process);
	seep_html_put_note(page);
	seep_html_put(page, "</th><td>");
	put_outcome(page,
		    of->outcome == SEEP_OUTCOME_LEAK   ? look_of_leak(of->worst) :
		    of->outcome == SEEP_OUTCOME_GROWTH ? "growth" :
							 "open",
		    of->outcome);
	seep_html_put(page, "</td>");
	note_growth(page, of);
	seep_html_put_note_in(page, "td", " class=\"n\" data-head=\"grows by\"");
	seep_html_put(page, "<td class=\"n\" data-head=\"time left\">");
	note_deadline(page, of, &limit);
	seep_html_put_note(page);
	seep_html_put(page, "</td>");
	seep_headline_append_process(&page->note, &page->answer.headline, of);
	seep_html_put_note_in(page, "td", "");
	seep_html_put(page, "</tr>\n");
}

/* Of several processes those that need a look, the worst first; the healthy ones are counted. */
static void put_processes(struct seep_html_page *page)
{
	const struct seep_answer *answer = page->answer.answer;
	size_t healthy = answer->counts[SEEP_OUTCOME_NONE];
	size_t shown = 0;

	if (answer->num < 2 || healthy == answer->num)
		return;
	seep_html_put(page, "<div class=\"wide\"><table class=\"answers\"><thead><tr>"
			    "<th scope=\"col\">Process</th><th scope=\"col\">Answer</th>"
			    "<th scope=\"col\" class=\"n\">Memory grows by</th>"
			    "<th scope=\"col\" class=\"n\">Time left</th>"
			    "<th scope=\"col\">What</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < answer->num && shown < PROCESSES_SHOWN; i++) {
		if (answer->processes[i].outcome == SEEP_OUTCOME_NONE)
			continue;
		put_process(page, &answer->processes[i]);
		shown++;
	}
	seep_html_put(page, "</tbody></table></div>\n");
	if (answer->num - healthy > shown)
		seep_buffer_printf(page->out,
				   "<p class=\"more\">%zu more are not listed here.</p>\n",
				   answer->num - healthy - shown);
	if (!healthy)
		return;
	seep_buffer_puts(&page->note, "No leak was found in ");
	seep_words_append_number(&page->note, healthy, "other process");
	seep_buffer_putc(&page->note, '.');
	seep_html_put_note_in(page, "p", " class=\"more\"");
}

/* "12 sites: 2 leak, 1 growth, 9 steady; 1 suppressed." */
static void put_classes(struct seep_html_page *page)
{
	const struct seep_findings *findings = page->answer.answer->findings;
	struct seep_buffer *note = &page->note;
	const char *before = ": ";
	char text[SEEP_UNIT_MAX];

	if (!page->snapshot->num_sites)
		return;
	seep_words_append_number(note, page->snapshot->num_sites, "site");
	/* Classes are in the order of their enum, leaks last: the most alarming is named first. */
	for (int class = SEEP_CLASS_COUNT - 1; class >= 0; class --) {
		if (page->answer.by_class[class] == 0)
			continue;
		seep_buffer_printf(note, "%s%s %s", before,
				   seep_format_count(text, page->answer.by_class[class]),
				   class == SEEP_CLASS_UNKNOWN ? "with too little to go by" :
								 seep_class_key(class));
		before = ", ";
	}
	if (findings->num_suppressed)
		seep_buffer_printf(note, "; %zu suppressed", findings->num_suppressed);
	if (findings->num_known)
		seep_buffer_printf(note, "; %zu known from the baseline", findings->num_known);
	seep_buffer_putc(note, '.');
	seep_html_put_note_in(page, "p", " class=\"faint\"");
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

/* What the answer rests on, if that is not all calls; the table of processes has them all. */
static void put_tracing(struct seep_html_page *page)
{
	const struct seep_snapshot *snapshot = page->snapshot;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->num_processes && count < TRACING_MAX; i++) {
		const struct seep_process *process = &snapshot->processes[i];

		if (!process->sampled && process->mode != SEEP_TRACING_WINDOWS)
			continue;
		count++;
		seep_report_append_process_pid(&page->note, process);
		seep_buffer_puts(&page->note, ": ");
		seep_words_append_tracing(&page->note, process);
		seep_buffer_putc(&page->note, '.');
		seep_html_put_note_in(page, "p", " class=\"more\"");
		seep_html_put(page, "\n");
	}
	if (count)
		seep_html_put(page, "<p class=\"more\">Numbers with a ~ are estimates.</p>\n");
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

	seep_buffer_puts(&term, "Live ");
	seep_html_append_kind(&term, kind);
	seep_buffer_puts(&page->note, seep_words_mark(totals->estimated));
	if (seep_kind_is_counted(kind)) {
		seep_buffer_puts(&page->note, seep_format_count(text, totals->live_objects));
	} else {
		seep_buffer_puts(&page->note, seep_format_bytes(text, totals->live_bytes));
		seep_buffer_puts(&more, seep_words_mark(totals->estimated));
		seep_words_append_number(&more, totals->live_objects, seep_kind_noun(kind));
	}
	put_tile(page, term.data, more.data);
}

/* Of a single process, which has no table. */
static void put_growth(struct seep_html_page *page)
{
	const struct seep_answer *answer = page->answer.answer;
	SEEP_AUTO_BUFFER struct seep_buffer limit = SEEP_BUFFER_INIT;

	if (answer->num != 1)
		return;
	note_growth(page, answer->processes);
	if (page->note.length)
		put_tile(page, "Memory grows by", "");
	note_deadline(page, answer->processes, &limit);
	if (page->note.length)
		put_tile(page, "Time left", limit.data);
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
			 seep_words_mark(snapshot->totals[SEEP_KIND_MEMORY].estimated));
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
	put_growth(page);
	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (snapshot->totals[kind].traced)
			put_live(page, kind);
	}
	put_resident(page);
	put_coverage(page);
	seep_buffer_puts(&page->note, seep_format_duration(text, snapshot->elapsed_ns));
	seep_words_append_number(&more, snapshot->seq, "report");
	put_tile(page, "Traced for", more.data);
	seep_html_put(page, "</dl>\n");
}

/*
 * The parts in the order of a reader's questions: is there a leak, where, can I trust it, how much
 * is there.
 */
void seep_html_put_verdict(struct seep_html_page *page)
{
	seep_buffer_printf(page->out,
			   "<section id=\"verdict\" class=\"verdict %s\" aria-label=\"Answer\">\n",
			   mood_of(page));
	put_title(page);
	put_processes(page);
	/* Close to the answer, because it limits what the answer is worth. */
	if (is_incomplete(page->snapshot))
		seep_html_put(page, "<p class=\"warning\">The trace did not see everything: "
				    "<a href=\"#losses\">what was lost</a>.</p>\n");
	put_tracing(page);
	put_tiles(page);
	put_classes(page);
	seep_html_put(page, "</section>\n");
}
