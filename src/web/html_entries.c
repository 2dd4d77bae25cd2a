// SPDX-License-Identifier: GPL-2.0-only
/*
 * What leaks and what else grows: a card for each entry, with evidence, advice and stack of its
 * worst site, and the list of its sites if there are several.
 *
 * The first CARDS_OPEN are open, and CARDS_MAX at most are in each section: the table of all sites,
 * which the script makes, has the others. Before them stand the functions below which several sites
 * grow, as one mistake often shows at many sites.
 */
#include <math.h>

#include "base/text.h"
#include "report/names.h"
#include "report/words.h"
#include "text/callers.h"
#include "verdict/judgement.h"
#include "web/html_entries.h"
#include "web/html_stack.h"

#define NAME_COLUMNS 80 /* of each function in a heading */

#define CARDS_MAX      50
#define CARDS_MAX_TEXT "50"
#define CARDS_OPEN     5 /* that are seen at once */
#define CALLERS_MAX    5
#define EVIDENCE_OPEN  4  /* of the sentences */
#define PARTS_MAX      20 /* sites of an entry that are listed */

/* A class of the style: of leaks the severity, of the rest one for all. */
static const char *look_of(const struct seep_judgement *judgement)
{
	return seep_judgement_class(judgement) == SEEP_CLASS_LEAK ?
		       seep_severity_key(seep_judgement_severity(judgement)) :
		       seep_class_key(SEEP_CLASS_GROWTH);
}

/* Only of a leak it matters how severe it is: the class of anything else stands alone. */
static void put_badge(struct seep_html_page *page, const struct seep_judgement *judgement)
{
	enum seep_severity severity = seep_judgement_class(judgement) == SEEP_CLASS_LEAK ?
					      seep_judgement_severity(judgement) :
					      SEEP_SEVERITY_NONE;

	seep_buffer_printf(page->out, "<span class=\"badge %s\">%s%s%s</span>", look_of(judgement),
			   severity == SEEP_SEVERITY_NONE ? "" : seep_severity_key(severity),
			   severity == SEEP_SEVERITY_NONE ? "" : " ",
			   seep_class_key(seep_judgement_class(judgement)));
}

/* The function by which the entry is known, where it is, and the calls that lead to it. */
static void put_head(struct seep_html_page *page, const struct seep_site *site)
{
	seep_html_put(page, "<header>");
	put_badge(page, site->judgement);
	seep_html_put(page, "<h3><code>");
	seep_entry_append_name(&page->note, page->symbolizer, site, NAME_COLUMNS);
	seep_html_put_note(page);
	seep_html_put(page, "</code> ");
	seep_html_note_place(page, site);
	seep_html_put_note_in(page, "span", " class=\"place\"");
	seep_html_put(page, "</h3></header>\n");
	seep_html_note_path(page, site);
	seep_html_put_note_in(page, "p", " class=\"path\"");
	seep_html_put(page, "\n");
}

/*
 * When threads or descriptors run out. Of memory the process has the only deadline, which is that
 * of the answer. A site that does not reach a limit has an infinite or unknown time.
 */
static void put_limit(struct seep_html_page *page, const struct seep_site *site)
{
	SEEP_AUTO_BUFFER struct seep_buffer term = SEEP_BUFFER_INIT;
	const char *limit = site->judgement->limit;

	if (!seep_kind_is_counted(site->kind) || !limit || !isfinite(site->judgement->eta_s.value))
		return;
	seep_words_append_seconds(&page->note, site->judgement->eta_s.value);
	seep_buffer_puts(&term, "Uses up ");
	seep_text_append_clean(&term, seep_html_limit_text(limit), SIZE_MAX);
	seep_buffer_puts(&term, " in");
	seep_html_put_fact(page, term.data);
}

/* "With: 3 more below parse_request": the other sites of the group that it is in. */
static void put_caller(struct seep_html_page *page, const struct seep_site *site)
{
	const struct seep_caller_group *group = seep_caller_group_of(&page->callers, site);

	if (!group)
		return;
	seep_buffer_printf(&page->note, "%zu more below ", group->num_sites - 1);
	seep_caller_group_append_function(&page->note, group, page->symbolizer);
	seep_html_put_fact(page, "With");
}

/* Sites or measures whose growth goes along with that of this one: perhaps the same mistake. */
static void put_correlated(struct seep_html_page *page, const struct seep_judgement *judgement)
{
	if (!judgement->num_correlated)
		return;
	seep_text_append_correlated(&page->note, page->symbolizer, judgement);
	seep_html_put_fact(page, "Grows together with");
}

/* What is left at the end of a program has no rate, nor has what has settled. */
static bool has_rate(const struct seep_judgement *judgement)
{
	enum seep_class class = seep_judgement_class(judgement);

	return seep_class_grows(class) || class == SEEP_CLASS_WARMING_UP;
}

/* Of all sites of the entry together. */
static void put_facts(struct seep_html_page *page, const struct seep_entry *entry)
{
	const struct seep_site *site = entry->sites[0];
	const char *sureness = seep_sureness_key(seep_judgement_sureness(site->judgement));
	struct seep_buffer *note = &page->note;

	seep_html_put(page, "<dl class=\"facts\">\n");
	if (has_rate(site->judgement)) {
		if (entry->num_sites == 1)
			seep_words_append_rate_interval(note, site->kind, &site->judgement->rate);
		else
			seep_words_append_rate_of(note, site, entry->per_s);
		seep_html_put_fact(page, "Grows by");
	}
	/* Of what a program has left at its end it is nothing to be sure of. */
	if (sureness) {
		seep_buffer_puts(note, sureness);
		seep_html_put_fact(page, "How sure");
	}
	seep_words_append_amount(note, site->kind, entry->live_bytes, entry->live_objects,
				 entry->estimated);
	seep_html_put_fact(page, "Alive");
	put_limit(page, site);
	seep_report_append_process_pid(note, site->process);
	seep_html_put_fact(page, "Process");
	if (entry->num_sites > 1) {
		seep_buffer_printf(note, "%zu", entry->num_sites);
		seep_html_put_fact(page, "Sites");
	}
	put_caller(page, site);
	put_correlated(page, site->judgement);
	seep_html_put(page, "</dl>\n");
}

/* The sentences from @from to before @to; no list at all without one. */
static void put_sentences(struct seep_html_page *page, const char *look, const char *const *texts,
			  size_t from, size_t to)
{
	if (from >= to)
		return;
	seep_buffer_printf(page->out, "<ul class=\"%s\">\n", look);
	for (size_t i = from; i < to; i++) {
		seep_html_put(page, "<li>");
		seep_html_put_raw(page, texts[i]);
		seep_html_put(page, "</li>\n");
	}
	seep_html_put(page, "</ul>\n");
}

/* One of the sites of an entry: how much it has, how fast it grows, by which calls. */
static void put_part(struct seep_html_page *page, const struct seep_site *site)
{
	seep_buffer_printf(page->out, "<li data-site=\"%zu\">",
			   (size_t)(site - page->snapshot->sites));
	if (has_rate(site->judgement)) {
		seep_words_append_rate_of(&page->note, site, site->judgement->rate.value);
		seep_buffer_puts(&page->note, ", ");
	}
	seep_words_append_amount(&page->note, site->kind, site->live_bytes, site->live_objects,
				 site->sampling != NULL);
	seep_html_put_note_in(page, "b", "");
	seep_html_put(page, " ");
	seep_html_note_place(page, site);
	seep_html_put_note_in(page, "span", " class=\"place\"");
	seep_html_note_path(page, site);
	seep_html_put_note_in(page, "span", " class=\"path\"");
	seep_html_put(page, "</li>\n");
}

static void put_parts(struct seep_html_page *page, const struct seep_entry *entry)
{
	size_t shown = entry->num_sites < PARTS_MAX ? entry->num_sites : PARTS_MAX;

	if (entry->num_sites == 1)
		return;
	seep_buffer_printf(page->out,
			   "<details><summary>Its %zu sites</summary>\n<ul class=\"parts\">\n",
			   entry->num_sites);
	for (size_t i = 0; i < shown; i++)
		put_part(page, entry->sites[i]);
	if (entry->num_sites > shown)
		seep_buffer_printf(page->out, "<li class=\"more\">%zu more</li>\n",
				   entry->num_sites - shown);
	seep_html_put(page, "</ul></details>\n");
}

/* The first sentences are visible; the rest is folded away with the stack. */
static void put_card(struct seep_html_page *page, const struct seep_entry *entry)
{
	const struct seep_site *site = entry->sites[0];
	const struct seep_judgement *judgement = site->judgement;
	size_t open =
		judgement->num_evidence < EVIDENCE_OPEN ? judgement->num_evidence : EVIDENCE_OPEN;

	/* The script finds the site by its index in the data. */
	seep_buffer_printf(page->out, "<article class=\"card %s\" data-site=\"%zu\">\n",
			   look_of(judgement), (size_t)(site - page->snapshot->sites));
	put_head(page, site);
	put_facts(page, entry);
	seep_html_put(page, "<div class=\"why\">\n");
	put_sentences(page, "evidence", judgement->evidence, 0, open);
	/* Advice is never folded away: it is what a reader is to do. */
	put_sentences(page, "advice", judgement->advice, 0, judgement->num_advice);
	seep_html_put(page, "</div>\n");
	put_parts(page, entry);
	seep_html_put(page, "<details><summary>Stack");
	seep_html_put(page, open < judgement->num_evidence ? " and more evidence" : "");
	seep_html_put(page, "</summary>\n");
	put_sentences(page, "evidence", judgement->evidence, open, judgement->num_evidence);
	seep_html_put_stack(page, site);
	seep_html_put(page, "</details>\n</article>\n");
}

/* The worst, and behind a click the next ones. */
static void put_cards(struct seep_html_page *page, const struct seep_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		/*
		 * The first card that is folded away opens the element, which is closed behind the
		 * last one.
		 */
		if (i == CARDS_OPEN)
			seep_buffer_printf(page->out,
					   "<details class=\"rest\"><summary>%zu more</summary>\n",
					   count - CARDS_OPEN);
		put_card(page, &entries[i]);
	}
	seep_html_put(page, count > CARDS_OPEN ? "</details>\n" : "");
}

/* What several of them have in common. */
static void put_callers(struct seep_html_page *page)
{
	const struct seep_caller_groups *callers = &page->callers;

	if (!callers->count)
		return;
	seep_html_put(page, "<ul class=\"callers\">\n");
	/* The fastest groups come first. */
	for (size_t i = 0; i < callers->count && i < CALLERS_MAX; i++) {
		seep_caller_group_append(&page->note, &callers->groups[i], page->symbolizer);
		seep_html_put_note_in(page, "li", "");
		seep_html_put(page, "\n");
	}
	if (callers->count > CALLERS_MAX)
		seep_buffer_printf(page->out, "<li class=\"more\">%zu more functions</li>\n",
				   callers->count - CALLERS_MAX);
	seep_html_put(page, "</ul>\n");
}

/* The section is missing without an entry; the @first has what the sites have in common. */
static void put_section(struct seep_html_page *page, const char *id, const char *title,
			const struct seep_entries *entries, bool first)
{
	/* Each card has a stack: their number bounds the size of this section. */
	size_t shown = entries->num < CARDS_MAX ? entries->num : CARDS_MAX;

	if (entries->num == 0)
		return;
	seep_buffer_printf(page->out, "<section id=\"%s\"><h2>%s</h2>\n", id, title);
	if (first)
		put_callers(page);
	put_cards(page, entries->entries, shown);
	if (entries->num > shown)
		seep_buffer_printf(page->out,
				   "<p class=\"more\">%zu more; the " CARDS_MAX_TEXT
				   " worst are here, all of them in the table of sites.</p>\n",
				   entries->num - shown);
	seep_html_put(page, "</section>\n");
}

/* Findings may be of what grows only, if that was asked for. */
void seep_html_put_entries(struct seep_html_page *page)
{
	bool leaks = page->answer.answer->outcome == SEEP_OUTCOME_LEAK;

	put_section(page, "leaks", leaks ? "What leaks" : "What grows", &page->answer.leaks, true);
	put_section(page, "growing", leaks ? "What also grows" : "What grows",
		    &page->answer.growing, page->answer.leaks.num == 0);
}
