// SPDX-License-Identifier: GPL-2.0-only
/*
 * The text of a verdict: findings first, because a reader of a log stops at what failed; then
 * against the baseline, then a line each for classes, processes and losses. Called by detect, by
 * trace with --fail-on, and by JUnit for the output of the suite (with top 0). The list of sites is
 * that of the text report.
 */
#include "text/verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/entries.h"
#include "report/headline.h"
#include "report/losses.h"
#include "report/missing.h"
#include "report/names.h"
#include "report/naming.h"
#include "report/words.h"
#include "text/answer.h"
#include "text/callers.h"
#include "text/layout.h"
#include "text/processes.h"
#include "text/sites.h"
#include "text/stack.h"
#include "verdict/judgement.h"

#define SCOPE_COLUMNS 40

struct verdict_text {
	const struct seep_snapshot *snapshot;
	struct seep_symbolizer *symbolizer;
	const struct seep_findings *findings;
	struct seep_layout layout;
	struct seep_buffer line;
};

/* How many sites there are of each class. */
static void put_classes(struct verdict_text *text)
{
	size_t suppressed = text->findings->num_suppressed;
	size_t counts[SEEP_CLASS_COUNT] = {0}, unjudged = 0;
	char number[SEEP_UNIT_MAX];

	for (size_t i = 0; i < text->snapshot->num_sites; i++) {
		const struct seep_judgement *judgement = text->snapshot->sites[i].judgement;

		if (judgement)
			counts[seep_judgement_class(judgement)]++;
		else
			unjudged++;
	}
	if (!text->snapshot->num_sites)
		return;
	seep_buffer_puts(&text->line, "All sites:");
	for (int i = SEEP_CLASS_COUNT - 1; i >= 0; i--) {
		if (counts[i])
			seep_buffer_printf(&text->line, " %s %s,",
					   seep_format_count(number, counts[i]),
					   seep_class_key((enum seep_class)i));
	}
	/* Arenas and stacks of threads: what is in them is judged. */
	if (unjudged)
		seep_buffer_printf(&text->line, " %s not judged,",
				   seep_format_count(number, unjudged));
	/* The last comma. */
	text->line.data[text->line.length - 1] = '.';
	/* They are among those that were counted. */
	if (suppressed)
		seep_buffer_printf(&text->line, " %s of them %s suppressed.",
				   seep_format_count(number, suppressed),
				   suppressed == 1 ? "is" : "are");
	seep_buffer_putc(text->layout.out, '\n');
	seep_layout_wrap(&text->layout, SEEP_STYLE_PLAIN, 0, text->line.data);
	seep_layout_reset(&text->layout, &text->line);
}

/* What it is now, and what it was. */
static void put_status(struct verdict_text *text, const char *label, const struct seep_site *site,
		       const struct seep_baseline_status *status)
{
	struct seep_buffer *line = &text->line;

	seep_buffer_printf(line, "%-7s%s: ", label, seep_baseline_status_key(status->type));
	seep_naming_append(line, text->symbolizer, site);
	seep_buffer_printf(line, ", %s", seep_class_key(seep_judgement_class(site->judgement)));
	if (seep_interval_known(&site->judgement->rate)) {
		seep_buffer_puts(line, ", ");
		seep_words_append_rate_of(line, site, site->judgement->rate.value);
	}
	/* A new site has nothing to be compared with. */
	if (status->type != SEEP_BASELINE_NEW) {
		seep_buffer_printf(line, "; was %s", seep_class_key(status->class));
		if (seep_interval_known(&status->rate)) {
			seep_buffer_puts(line, ", ");
			seep_words_append_rate(line, site->kind, status->rate.value);
		}
	}
	/* Four columns of indent and seven of label: continued lines begin behind the label. */
	seep_layout_pad(&text->layout, 4);
	seep_layout_wrap(&text->layout, SEEP_STYLE_PLAIN, 11, line->data);
	seep_layout_reset(&text->layout, line);
}

/*
 * First what is new or worse, with the numbers of the list above, then what the baseline knows.
 * Without a list (top is 0, as for JUnit) there are no numbers to refer to.
 */
static void put_baseline(struct verdict_text *text, size_t top)
{
	const struct seep_findings *findings = text->findings;
	char label[sizeof("#") + 20];

	if (!top || (!findings->num && !findings->num_known))
		return;
	seep_buffer_puts(&text->line, "Compared with ");
	seep_text_append_clean_elided(&text->line, findings->baseline, SCOPE_COLUMNS);
	seep_buffer_putc(&text->line, ':');
	seep_buffer_putc(text->layout.out, '\n');
	seep_layout_wrap(&text->layout, SEEP_STYLE_PLAIN, 0, text->line.data);
	seep_layout_reset(&text->layout, &text->line);
	for (size_t i = 0; i < findings->num && i < top; i++) {
		snprintf(label, sizeof(label), "#%zu", i + 1);
		put_status(text, label, findings->sites[i], &findings->statuses[i]);
	}
	/* Known sites have no number, as they are not in the list above. */
	for (size_t i = 0; i < findings->num_known && i < top; i++)
		put_status(text, "-", findings->known[i], &findings->known_statuses[i]);
}

/* Memory that the sites do not explain. */
static void put_processes(struct verdict_text *text)
{
	for (size_t i = 0; i < text->snapshot->num_processes; i++) {
		const struct seep_process *process = &text->snapshot->processes[i];
		const struct seep_process_judgement *judgement = process->judgement;

		/*
		 * Other states of health are of no interest at the end of a trace; the first
		 * sentence says how much memory is not explained.
		 */
		if (!judgement || !judgement->num_evidence ||
		    (!judgement->cause &&
		     strcmp(judgement->health, seep_health_key(SEEP_HEALTH_UNEXPLAINED)) != 0))
			continue;
		seep_report_append_process_pid(&text->line, process);
		seep_buffer_printf(&text->line, ": %s.", judgement->evidence[0]);
		seep_layout_wrap(&text->layout, SEEP_STYLE_WARNING, 0, text->line.data);
		seep_layout_reset(&text->layout, &text->line);
		/* The second one says what to do. */
		if (judgement->cause && judgement->num_evidence > 1) {
			seep_buffer_printf(&text->line, "> %s", judgement->evidence[1]);
			seep_layout_pad(&text->layout, 4);
			seep_layout_wrap(&text->layout, SEEP_STYLE_PLAIN, 6, text->line.data);
			seep_layout_reset(&text->layout, &text->line);
		}
	}
}

/* What the verdict of a process rests on, if that is not all of its calls. */
static void put_tracing(struct verdict_text *text)
{
	for (size_t i = 0; i < text->snapshot->num_processes; i++) {
		const struct seep_process *process = &text->snapshot->processes[i];

		if (!process->sampled && process->mode != SEEP_TRACING_WINDOWS)
			continue;
		seep_report_append_process_pid(&text->line, process);
		seep_buffer_puts(&text->line, ": ");
		seep_words_append_tracing(&text->line, process);
		seep_buffer_putc(&text->line, '.');
		seep_layout_wrap(&text->layout, SEEP_STYLE_PLAIN, 0, text->line.data);
		seep_layout_reset(&text->layout, &text->line);
	}
}

/* What a verdict about a process does not cover. */
static void put_untraced(struct verdict_text *text)
{
	for (size_t i = 0; i < text->snapshot->num_processes; i++) {
		const struct seep_process *process = &text->snapshot->processes[i];
		const struct seep_process_judgement *judgement = process->judgement;
		bool one = judgement && judgement->num_untraced == 1;

		/* That these grow is said already. */
		if (!judgement || !judgement->num_untraced ||
		    (judgement->cause && judgement->cause->kind == SEEP_CAUSE_DESCENDANTS))
			continue;
		seep_buffer_puts(&text->line, "Note: ");
		seep_words_append_number(&text->line, judgement->num_untraced, "process");
		seep_buffer_puts(&text->line, " below ");
		seep_report_append_process(&text->line, text->snapshot, process);
		seep_buffer_printf(&text->line, " %s not traced; --children traces %s as well.",
				   one ? "is" : "are", one ? "it" : "them");
		seep_layout_wrap(&text->layout, SEEP_STYLE_PLAIN, 0, text->line.data);
		seep_layout_reset(&text->layout, &text->line);
	}
}

/* Only those that may hide a leak: an expected loss is no reason to doubt the verdict. */
static void put_losses(struct verdict_text *text)
{
	for (enum seep_loss loss = 0; loss < SEEP_LOSS_COUNT; loss++) {
		if (!seep_snapshot_lost(text->snapshot, loss) ||
		    seep_report_loss_is_expected(text->snapshot, loss))
			continue;
		seep_buffer_puts(&text->line, "Loss: ");
		seep_report_append_loss(&text->line, text->snapshot, loss);
		seep_buffer_putc(&text->line, '.');
		seep_layout_wrap(&text->layout, SEEP_STYLE_WARNING, 0, text->line.data);
		seep_layout_reset(&text->layout, &text->line);
	}
}

/*
 * One entry for each leak: its worst site whole, of the others how many there are and how fast all
 * of them are together.
 */
static void put_entries(struct verdict_text *text, const struct seep_entries *entries,
			const struct seep_report_options *options)
{
	for (size_t i = 0; i < entries->num && i < options->top; i++) {
		const struct seep_entry *entry = &entries->entries[i];

		seep_text_put_numbered(&text->layout, text->snapshot, text->symbolizer, options,
				       entry->sites[0], i + 1);
		if (entry->num_sites == 1)
			continue;
		seep_buffer_puts(&text->line, "and ");
		seep_words_append_number(&text->line, entry->num_sites - 1, "more site");
		seep_buffer_puts(&text->line, " of this function; all of them ");
		if (seep_class_grows(seep_judgement_class(entry->sites[0]->judgement))) {
			seep_buffer_puts(&text->line, "grow by ");
			seep_words_append_rate_of(&text->line, entry->sites[0], entry->per_s);
			seep_buffer_puts(&text->line, " and ");
		}
		seep_buffer_puts(&text->line, "hold ");
		seep_words_append_amount(&text->line, entry->sites[0]->kind, entry->live_bytes,
					 entry->live_objects, entry->estimated);
		seep_layout_pad(&text->layout, SEEP_TEXT_STACK_INDENT);
		seep_layout_wrap(&text->layout, SEEP_STYLE_STRONG, SEEP_TEXT_STACK_INDENT,
				 text->line.data);
		seep_layout_reset(&text->layout, &text->line);
	}
	if (entries->num > options->top && options->top)
		seep_buffer_printf(text->layout.out, "\n%zu more leaks are not listed (--top).\n",
				   entries->num - options->top);
}

/* Where a process grows that has no finding: the site that the headline names, whole. */
static void put_growing(struct verdict_text *text, const struct seep_answer *answer,
			size_t num_entries, const struct seep_report_options *options)
{
	size_t number = num_entries;

	for (size_t i = 0; i < answer->num && number < options->top; i++) {
		const struct seep_answer_process *of = &answer->processes[i];

		if (!of->num_findings && of->worst)
			seep_text_put_numbered(&text->layout, text->snapshot, text->symbolizer,
					       options, of->worst, ++number);
	}
}

/* Of the stacks above, and of the functions that the first sentences name. */
static void put_missing(struct verdict_text *text, const struct seep_answer *answer,
			const struct seep_entries *entries)
{
	struct seep_missing missing = {0};

	for (size_t i = 0; i < entries->num; i++)
		seep_missing_add(&missing, text->symbolizer, entries->entries[i].sites[0]);
	for (size_t i = 0; i < answer->num; i++) {
		const struct seep_answer_process *of = &answer->processes[i];

		if (of->worst)
			seep_missing_add(&missing, text->symbolizer, of->worst);
		else if (of->outcome == SEEP_OUTCOME_GROWTH)
			seep_missing_add_process(&missing, of->process);
		if (of->heap && of->heap->num_sites)
			seep_missing_add(&missing, text->symbolizer, of->heap->sites[0]);
	}
	seep_text_put_missing(&text->layout, &missing);
}

/* What a program has left at its end has no rate. */
static bool all_grow(const struct seep_findings *findings)
{
	for (size_t i = 0; i < findings->num; i++) {
		if (!seep_class_grows(seep_judgement_class(findings->sites[i]->judgement)))
			return false;
	}
	return true;
}

/* What failed comes first, so that a reader of a CI log finds it at the top. */
int seep_verdict_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			const struct seep_answer *answer, const struct seep_report_options *options,
			struct seep_buffer *buffer)
{
	const struct seep_findings *findings = answer->findings;
	struct verdict_text text = {
		.snapshot = snapshot,
		.symbolizer = symbolizer,
		.findings = findings,
		.layout = {.out = buffer, .color = options->color, .columns = options->columns},
	};
	struct seep_entries entries;
	struct seep_headline headline = {snapshot, answer, &entries, symbolizer};
	int error = seep_entries_join(findings->sites, findings->num, symbolizer, &entries);

	/* After a failure there are no entries, and the rest is written all the same. */
	if (error)
		entries.num = 0;
	seep_buffer_init(&text.line);
	seep_text_put_headline(&text.layout, &headline);
	seep_text_put_answers(&text.layout, &headline);
	if (!error && all_grow(findings))
		error = seep_text_put_callers(&text.layout, symbolizer, findings, &entries);
	put_entries(&text, &entries, options);
	put_growing(&text, answer, entries.num, options);
	if (!error)
		error = seep_text_put_pending(&text.layout, &headline);
	put_missing(&text, answer, &entries);
	if (findings->baseline)
		put_baseline(&text, options->top);
	put_classes(&text);
	put_processes(&text);
	put_tracing(&text);
	put_untraced(&text);
	put_losses(&text);
	seep_buffer_done(&text.line);
	seep_entries_done(&entries);
	return error ? error : buffer->error;
}
