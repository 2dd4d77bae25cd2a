// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of sites: for each kind the first options->top, the rest summed up in a line, and what
 * has no stack of its own after that. The text report calls put_sites, the verdict put_list and
 * JUnit put_one, for sites that they chose. A site is a head line, what is known of its objects,
 * its judgement and its stack, in this order.
 */
#include "text/sites.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/units.h"
#include "report/missing.h"
#include "report/names.h"
#include "report/words.h"
#include "text/callers.h"
#include "text/stack.h"
#include "verdict/judgement.h"

#define EVIDENCE_SHOWN 2 /* sentences, and as many of advice, unless verbose */

/* What all sites of a list share; the scratch buffers are reused from site to site. */
struct site_list {
	const struct seep_layout *layout;
	const struct seep_snapshot *snapshot;
	bool verbose;
	bool with_changes; /* since the report before, where there is one */
	struct seep_text_stack stack;
	struct seep_buffer clean; /* scratch */
};

/* Either will do: kinds that are counted may have objects without bytes. */
static bool is_live(const struct seep_site *site)
{
	return site->live_objects > 0 || site->live_bytes > 0;
}

/* "    8 socket, 2 pipe", and below it the examples. */
static void put_details(struct site_list *list, const struct seep_details *details)
{
	struct seep_buffer *line = &list->clean;
	char count[SEEP_UNIT_MAX];

	seep_layout_reset(list->layout, line);
	for (size_t i = 0; i < details->num_groups; i++)
		seep_buffer_printf(line, "%s%s %s", i ? ", " : "",
				   seep_format_count(count, details->groups[i].objects),
				   details->groups[i].name);
	if (line->length > 0) {
		seep_layout_pad(list->layout, SEEP_TEXT_STACK_INDENT);
		seep_layout_wrap(list->layout, SEEP_STYLE_PLAIN, SEEP_TEXT_STACK_INDENT,
				 line->data);
	}
	/* One in a line; they come from the target, so they are cleaned. */
	for (size_t i = 0; i < details->num_examples; i++) {
		seep_layout_reset(list->layout, line);
		seep_buffer_puts(line, i ? "      " : "e.g.  ");
		seep_text_append_clean(line, details->examples[i], SIZE_MAX);
		seep_layout_pad(list->layout, SEEP_TEXT_STACK_INDENT);
		seep_layout_wrap(list->layout, SEEP_STYLE_FAINT, SEEP_TEXT_STACK_INDENT + 6,
				 line->data);
	}
}

/*
 * A sentence of evidence ("- ") or advice ("> "); continued lines begin behind the mark. It may
 * come from a capture, so it is cleaned.
 */
static void put_sentence(struct site_list *list, const char *before, const char *sentence)
{
	struct seep_buffer *line = &list->clean;

	seep_layout_reset(list->layout, line);
	seep_buffer_puts(line, before);
	seep_text_append_clean(line, sentence, SIZE_MAX);
	seep_layout_pad(list->layout, SEEP_TEXT_STACK_INDENT);
	seep_layout_wrap(list->layout, SEEP_STYLE_PLAIN, SEEP_TEXT_STACK_INDENT + 2, line->data);
}

/* In a buffer of its own: put_sentence uses the scratch buffer of the list. */
static void put_correlated(struct site_list *list, const struct seep_judgement *judgement)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;

	seep_buffer_puts(&line, "it grows together with: ");
	seep_text_append_correlated(&line, list->stack.symbolizer, judgement);
	put_sentence(list, "- ", line.data);
	seep_layout_reset(list->layout, &line);
}

/* What it is taken for, why, and what to do; of what is no reason to worry only the first. */
static void put_judgement(struct site_list *list, const struct seep_judgement *judgement)
{
	enum seep_class class = seep_judgement_class(judgement);
	/* Only what grows is shown with its evidence and in the style of a warning. */
	bool alarm = seep_class_grows(class);
	size_t shown = list->verbose ? SIZE_MAX : alarm ? EVIDENCE_SHOWN : 0;
	struct seep_buffer *line = &list->clean;

	/* Nothing to say yet, which early reports would say of every site. */
	if (class == SEEP_CLASS_UNKNOWN && !list->verbose)
		return;
	seep_layout_reset(list->layout, line);
	seep_buffer_puts(line, judgement->class);
	if (alarm) {
		seep_buffer_printf(line, ", %s, %s",
				   judgement->severity ? judgement->severity : "harmless",
				   seep_sureness_key(seep_judgement_sureness(judgement)));
	}
	seep_layout_pad(list->layout, SEEP_TEXT_STACK_INDENT);
	seep_layout_wrap(list->layout, alarm ? SEEP_STYLE_WARNING : SEEP_STYLE_STRONG,
			 SEEP_TEXT_STACK_INDENT, line->data);
	for (size_t i = 0; i < judgement->num_evidence && i < shown; i++)
		put_sentence(list, "- ", judgement->evidence[i]);
	if (judgement->num_correlated && list->verbose)
		put_correlated(list, judgement);
	for (size_t i = 0; i < judgement->num_advice && i < shown; i++)
		put_sentence(list, "> ", judgement->advice[i]);
}

/* @number: in a list of sites; 0: it is in none. */
static void put_site(struct site_list *list, const struct seep_site *site, size_t number)
{
	const struct seep_totals *totals = &list->snapshot->totals[site->kind];
	bool counted = seep_kind_is_counted(site->kind);
	/* The share is of what the kind is measured by: objects or bytes. */
	uint64_t part = counted ? site->live_objects : site->live_bytes;
	uint64_t whole = counted ? totals->live_objects : totals->live_bytes;
	struct seep_buffer *line = &list->clean;
	char unit[SEEP_UNIT_MAX];

	seep_layout_reset(list->layout, line);
	if (number)
		seep_buffer_printf(line, "#%-3zu", number);
	seep_words_append_amount(line, site->kind, site->live_bytes, site->live_objects,
				 site->sampling != NULL);
	if (whole > 0)
		seep_buffer_printf(line, ", %s of %s", seep_format_percent(unit, part, whole),
				   list->snapshot->since_ns ? "the growth" : "live");
	/*
	 * A report since a moment shows growth already; the change since the last report would
	 * confuse. So it would in a verdict, for which the last report is the last look, a moment
	 * ago.
	 */
	if (list->with_changes && list->snapshot->seq > 1 && !list->snapshot->since_ns) {
		seep_buffer_puts(line, ", ");
		seep_words_append_change(line, site->kind, site->live_bytes_change,
					 site->live_objects_change, site->sampling != NULL);
	}
	if (site->oldest_ns != SEEP_UNKNOWN)
		seep_buffer_printf(line, ", oldest %s",
				   seep_format_duration(unit, site->oldest_ns));
	if (list->snapshot->num_processes > 1) {
		seep_buffer_puts(line, ", ");
		seep_report_append_process_pid(line, site->process);
	}
	if (list->verbose)
		seep_buffer_printf(line, ", site %016" PRIx64, site->id);
	if (number)
		seep_buffer_putc(list->layout->out, '\n');
	seep_layout_wrap(list->layout, SEEP_STYLE_STRONG, SEEP_TEXT_STACK_INDENT, line->data);
	if (site->judgement)
		put_judgement(list, site->judgement);
	if (site->details)
		put_details(list, site->details);
	seep_text_stack_put(&list->stack, site);
}

/* Why the list is empty: nothing was seen, everything was released, or the filter hides it. */
static void put_empty(struct site_list *list)
{
	const struct seep_snapshot *snapshot = list->snapshot;
	uint64_t allocs = 0, frees = 0;
	char count[SEEP_UNIT_MAX], age[SEEP_UNIT_MAX];
	struct seep_buffer *line = &list->clean;

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		allocs += snapshot->totals[kind].counts.allocs;
		frees += snapshot->totals[kind].counts.frees;
	}
	seep_format_count(count, allocs);
	if (snapshot->since_ns)
		seep_buffer_puts(line, "No site grew.");
	else if (allocs == 0)
		seep_buffer_puts(line, "Nothing outstanding: no allocation was seen yet.");
	else if (allocs == frees)
		seep_buffer_printf(line,
				   "Nothing outstanding: all %s%s objects that were seen being "
				   "allocated have been released.",
				   seep_words_mark(seep_snapshot_is_sampled(snapshot)), count);
	else if (snapshot->min_age_ns == 0)
		seep_buffer_puts(line, "Nothing outstanding.");
	else
		seep_buffer_printf(line, "Nothing outstanding that is older than %s.",
				   seep_format_duration(age, snapshot->min_age_ns));
	seep_buffer_putc(list->layout->out, '\n');
	seep_layout_wrap(list->layout, SEEP_STYLE_STRONG, 0, line->data);
}

/* What the sites of a kind add up to that are not listed one by one. */
struct unlisted {
	struct seep_totals rest;
	struct seep_totals origins[SEEP_ORIGIN_COUNT];
};

static void add_unlisted(struct seep_totals *totals, const struct seep_site *site)
{
	totals->live_bytes += site->live_bytes;
	totals->live_objects += site->live_objects;
	totals->estimated |= site->sampling != NULL;
}

/*
 * "12 more sites hold 1.50 MiB in 96 objects.": so that the amounts of a kind add up to its total.
 */
static void put_rest(struct site_list *list, enum seep_kind kind, size_t count,
		     const struct seep_totals *rest)
{
	struct seep_buffer *out = list->layout->out;

	if (list->snapshot->since_ns)
		seep_buffer_printf(out, "\n%zu more site%s grew by ", count, count == 1 ? "" : "s");
	else
		seep_buffer_printf(out, "\n%zu more site%s hold%s ", count, count == 1 ? "" : "s",
				   count == 1 ? "s" : "");
	seep_words_append_amount(out, kind, rest->live_bytes, rest->live_objects, rest->estimated);
	seep_buffer_puts(out, ".\n");
}

/* Of no code that could be blamed: a line. */
static void put_origins(struct site_list *list, enum seep_kind kind,
			const struct seep_totals origins[SEEP_ORIGIN_COUNT])
{
	struct seep_buffer *line = &list->clean;

	seep_layout_reset(list->layout, line);
	for (enum seep_origin origin = 0; origin < SEEP_ORIGIN_COUNT; origin++) {
		if (!origins[origin].live_objects)
			continue;
		seep_buffer_puts(line, line->length ? ", " : "Besides: ");
		seep_words_append_amount(line, kind, origins[origin].live_bytes,
					 origins[origin].live_objects, origins[origin].estimated);
		seep_buffer_printf(line, " %s", seep_origin_text(origin));
	}
	if (!line->length)
		return;
	seep_buffer_puts(line, ".");
	seep_buffer_putc(list->layout->out, '\n');
	seep_layout_wrap(list->layout, SEEP_STYLE_PLAIN, 0, line->data);
}

/* The sites of one kind: the largest, and what the others add up to. How many. */
static size_t put_sites_of(struct site_list *list, enum seep_kind kind, size_t top)
{
	const struct seep_snapshot *snapshot = list->snapshot;
	struct unlisted unlisted = {0};
	size_t live = 0;

	/* The kind is a heading, if there are several and something of this one is live. */
	if (seep_snapshot_num_kinds(snapshot) > 1 && snapshot->totals[kind].live_objects)
		seep_buffer_printf(list->layout->out, "\n%s\n", seep_kind_key(kind));
	/* Sorted by live bytes, then live objects. */
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		/*
		 * Objects whose allocation was not seen lead to no code, so they never take a place
		 * in the list.
		 */
		int origin = seep_origin_of(site->stack);

		if (site->kind != kind || !is_live(site))
			continue;
		if (origin >= 0)
			add_unlisted(&unlisted.origins[origin], site);
		else if (live++ < top)
			put_site(list, site, live);
		else
			add_unlisted(&unlisted.rest, site);
	}
	if (live > top)
		put_rest(list, kind, live - top, &unlisted.rest);
	put_origins(list, kind, unlisted.origins);
	return live;
}

/* A list belongs to one kind of output: the layout and the symbolizer are the caller's. */
static void list_init(struct site_list *list, const struct seep_layout *layout,
		      const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		      bool verbose)
{
	*list = (struct site_list){
		.layout = layout,
		.snapshot = snapshot,
		.verbose = verbose,
	};
	seep_text_stack_init(&list->stack, layout, symbolizer, verbose);
	seep_buffer_init(&list->clean);
}

/* The reset passes a failure of the scratch buffer on to the report. */
static void list_done(struct site_list *list)
{
	seep_text_stack_done(&list->stack);
	seep_layout_reset(list->layout, &list->clean);
	seep_buffer_done(&list->clean);
}

/* Whatever the kind: the order is that of who puts the list together. */
void seep_text_put_numbered(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
			    struct seep_symbolizer *symbolizer,
			    const struct seep_report_options *options, const struct seep_site *site,
			    size_t number)
{
	struct site_list list;

	list_init(&list, layout, snapshot, symbolizer, options->verbose);
	put_site(&list, site, number);
	list_done(&list);
}

void seep_text_put_one(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
		       struct seep_symbolizer *symbolizer,
		       const struct seep_report_options *options, const struct seep_site *site)
{
	seep_text_put_numbered(layout, snapshot, symbolizer, options, site, 0);
}

void seep_text_put_missing(const struct seep_layout *layout, const struct seep_missing *missing)
{
	SEEP_AUTO_BUFFER struct seep_buffer line = SEEP_BUFFER_INIT;

	seep_missing_append(&line, missing);
	if (line.length) {
		seep_buffer_putc(layout->out, '\n');
		seep_layout_wrap(layout, SEEP_STYLE_PLAIN, 0, line.data);
	}
	seep_layout_reset(layout, &line);
}

/* Of the stacks above, once. */
static void put_missing(struct site_list *list, size_t top)
{
	struct seep_missing missing = {0};

	seep_missing_add_largest(&missing, list->stack.symbolizer, list->snapshot, top);
	seep_text_put_missing(list->layout, &missing);
}

void seep_text_put_sites(const struct seep_layout *layout, const struct seep_snapshot *snapshot,
			 struct seep_symbolizer *symbolizer,
			 const struct seep_report_options *options)
{
	struct site_list list;
	size_t live = 0;

	list_init(&list, layout, snapshot, symbolizer, options->verbose);
	list.with_changes = true;
	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++)
		live += put_sites_of(&list, kind, options->top);
	if (live == 0)
		put_empty(&list);
	put_missing(&list, options->top);
	list_done(&list);
}
