// SPDX-License-Identifier: GPL-2.0-only
/*
 * A sentence for each outcome, for one process or for the sum of many. Names of functions and
 * scopes come from the target: they are cleaned and cut. The process's own growth gives the
 * deadline, so that there is one for each process.
 */
#include "report/headline.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/names.h"
#include "report/words.h"
#include "verdict/judgement.h"

#define NAME_COLUMNS  48 /* of a function: a C++ template may fill pages */
#define SCOPE_COLUMNS 40

/* Eta of more than this is no deadline that anybody plans for. */
#define FAR_S (365.0 * 24 * 3600)

static void append_name(struct seep_buffer *buffer, const struct seep_headline *headline,
			const struct seep_site *site)
{
	seep_entry_append_name(buffer, headline->symbolizer, site, NAME_COLUMNS);
}

/* Does what grows end before, as pages of a mapping do? */
static bool ends_before(const struct seep_process_judgement *process)
{
	const struct seep_cause *cause = process->cause;

	return cause && cause->kind == SEEP_CAUSE_TOUCHED &&
	       (double)(cause->mapping_bytes - cause->touched_bytes) <
		       process->rate.value * process->eta_s.value;
}

/*
 * By the growth of all of its memory, if that is known; else, and of what is not memory, by the
 * site.
 */
enum seep_limit seep_headline_deadline(const struct seep_answer_process *of, double *ret_eta_s)
{
	const struct seep_process_judgement *process = of->process->judgement;
	const struct seep_judgement *site = of->worst ? of->worst->judgement : NULL;
	bool by_process = process && (!of->worst || !seep_kind_is_counted(of->worst->kind)) &&
			  process->eta_s.value < INFINITY && process->limit;
	const char *key = by_process ? process->limit : site ? site->limit : NULL;
	double eta_s = by_process ? process->eta_s.value : site ? site->eta_s.value : NAN;

	if (of->mappings_grow && process) {
		key = seep_limit_key(SEEP_LIMIT_MAP_COUNT);
		eta_s = process->mappings_eta_s.value;
	}
	/* A NAN, and what is far away, says nothing. */
	if (of->outcome <= SEEP_OUTCOME_UNDECIDED || !key || !(eta_s < FAR_S) ||
	    (by_process && ends_before(process)))
		return SEEP_LIMIT_COUNT;
	*ret_eta_s = eta_s;
	return seep_limit_find(key);
}

/* "; the memory of the machine is used up in 27 h": of the limit that is met first. */
static void append_deadline(struct seep_buffer *buffer, const struct seep_answer_process *of)
{
	double eta_s;
	enum seep_limit limit = seep_headline_deadline(of, &eta_s);

	if (limit == SEEP_LIMIT_COUNT)
		return;
	seep_buffer_printf(buffer, "; %s is used up in ", seep_limit_text(limit));
	seep_words_append_seconds(buffer, eta_s);
}

/* The entries of this process; the worst of them, and what they leak of its kind. */
struct share {
	const struct seep_entry *worst;
	size_t num;
	double per_s;
};

static struct share share_of(const struct seep_headline *headline,
			     const struct seep_answer_process *of)
{
	struct share share = {0};

	for (size_t i = 0; i < headline->entries->num; i++) {
		const struct seep_entry *entry = &headline->entries->entries[i];

		if (entry->sites[0]->process != of->process)
			continue;
		share.num++;
		if (!share.worst)
			share.worst = entry;
		if (entry->sites[0]->kind == share.worst->sites[0]->kind && entry->per_s > 0)
			share.per_s += entry->per_s;
	}
	return share;
}

static const char *verb_of(const struct seep_judgement *judgement)
{
	return seep_judgement_sureness(judgement) == SEEP_SURENESS_LIKELY ? "likely leaks" :
									    "leaks";
}

/* "leaks 378 KiB/s in 3 places, 82 % of it in read_headers" */
static void append_leak(struct seep_buffer *buffer, const struct seep_headline *headline,
			const struct seep_answer_process *of, const char *verb)
{
	struct share share = share_of(headline, of);
	const struct seep_site *site = of->worst;

	seep_buffer_printf(buffer, "%s ", verb);
	if (!share.worst) {
		seep_words_append_rate_of(buffer, site, site->judgement->rate.value);
		seep_buffer_puts(buffer, " in ");
		append_name(buffer, headline, site);
		return;
	}
	seep_words_append_rate_of(buffer, share.worst->sites[0], share.per_s);
	if (share.num > 1) {
		seep_buffer_printf(buffer, " in %zu places, ", share.num);
		if (share.worst->per_s > 0 && share.per_s > 0) {
			seep_words_append_share(buffer, share.worst->per_s / share.per_s);
			seep_buffer_puts(buffer, " of it");
		} else {
			seep_buffer_puts(buffer, "most");
		}
	}
	seep_buffer_puts(buffer, " in ");
	append_name(buffer, headline, share.worst->sites[0]);
	if (headline->answer->findings->baseline)
		seep_buffer_puts(buffer, ", new or worse than in the baseline");
}

/* "has 172 more mappings per minute; vm.max_map_count is used up in 5 min 47 s" */
static void append_mappings(struct seep_buffer *buffer, const struct seep_answer_process *of)
{
	const struct seep_process_judgement *judgement = of->process->judgement;
	uint64_t per_minute = (uint64_t)llround(60 * judgement->mappings_rate.value);

	seep_buffer_puts(buffer, "has ");
	seep_words_append_number(buffer, per_minute, "more mapping");
	seep_buffer_puts(buffer, " per minute");
}

/* ", 97 % of it in pages of an old mapping that are touched now (...)" */
static void append_cause(struct seep_buffer *buffer, const struct seep_cause *cause)
{
	if (!cause) {
		seep_buffer_puts(buffer, ", and no traced site is certain to be the reason");
		return;
	}
	seep_buffer_puts(buffer, ", ");
	seep_words_append_share(buffer, cause->share);
	seep_buffer_puts(buffer, " of it in ");
	seep_cause_append_text(buffer, cause);
}

/*
 * "does not grow itself, but processes below it that are not traced grow by 150 KiB/s". A capture
 * does not say what it is.
 */
static void append_outside(struct seep_buffer *buffer,
			   const struct seep_process_judgement *judgement)
{
	seep_buffer_puts(buffer, "does not grow itself, but ");
	if (judgement->cause)
		seep_cause_append_text(buffer, judgement->cause);
	else
		seep_buffer_puts(buffer, "what it has made beside it");
	seep_buffer_printf(buffer, " %s by ",
			   judgement->cause ? seep_cause_verb(judgement->cause->kind) : "grows");
	seep_words_append_rate(buffer, SEEP_KIND_MEMORY, judgement->rate.value);
}

/* "grows by 20.1 KiB/s, most of what is traced in read_headers" */
static void append_growth(struct seep_buffer *buffer, const struct seep_headline *headline,
			  const struct seep_answer_process *of)
{
	const struct seep_process_judgement *judgement = of->process->judgement;
	bool by_site = of->worst && (seep_kind_is_counted(of->worst->kind) || !judgement ||
				     !(judgement->rate.value > 0));

	seep_buffer_puts(buffer, "grows by ");
	if (by_site)
		seep_words_append_rate_of(buffer, of->worst, of->worst->judgement->rate.value);
	else
		seep_words_append_rate(buffer, SEEP_KIND_MEMORY, judgement->rate.value);
	if (of->worst) {
		seep_buffer_puts(buffer, by_site ? " in " : ", most of what is traced in ");
		append_name(buffer, headline, of->worst);
	}
	if (of->heap) {
		seep_buffer_puts(buffer, of->worst ? "; the heap of " : ", the heap of ");
		seep_text_append_clean(buffer, of->heap->name, SIZE_MAX);
		seep_buffer_puts(buffer, " by ");
		seep_words_append_rate(buffer, SEEP_KIND_MEMORY, of->heap->rate.value);
		if (of->heap->num_sites) {
			seep_buffer_puts(buffer, ", most of it for ");
			append_name(buffer, headline, of->heap->sites[0]);
		}
	}
	if (!of->worst && !of->heap)
		append_cause(buffer, judgement ? judgement->cause : NULL);
}

static void append_none(struct seep_buffer *buffer, const struct seep_headline *headline,
			const struct seep_answer_process *of)
{
	if (of->process->exited) {
		seep_buffer_printf(buffer, "has no leak: it ended, and had released all that %s",
				   of->process->sampled ? "was seen being allocated" :
							  "it allocated");
		return;
	}
	seep_buffer_printf(buffer, "no %sleak was found, and one of more than ",
			   headline->answer->findings->baseline ? "new or worse " : "");
	seep_words_append_rate(buffer, SEEP_KIND_MEMORY, of->visible_rate);
	seep_buffer_puts(buffer, " would have been");
}

/* "ended after 0.2 s with 500 objects (48.8 KiB) outstanding, 400 of them of make_list" */
static void append_ended(struct seep_buffer *buffer, const struct seep_headline *headline,
			 const struct seep_answer_process *of)
{
	char bytes[SEEP_UNIT_MAX];

	seep_buffer_puts(buffer, "ended after ");
	seep_words_append_seconds(buffer, of->watched_s);
	seep_buffer_printf(buffer, " with %s", of->process->sampled ? "about " : "");
	seep_words_append_number(buffer, of->outstanding.blocks, "block");
	seep_buffer_printf(buffer, " (%s%s) not released, from ",
			   seep_words_mark(of->process->sampled),
			   seep_format_bytes(bytes, of->outstanding.bytes));
	seep_words_append_number(buffer, of->outstanding.num_sites, "site");
	seep_buffer_puts(buffer, of->outstanding.num_sites > 1 ? ", most in " : ": ");
	append_name(buffer, headline, of->outstanding.largest);
}

static void append_undecided(struct seep_buffer *buffer, const struct seep_headline *headline,
			     const struct seep_answer_process *of)
{
	switch (of->reason) {
	case SEEP_REASON_ENDED:
		append_ended(buffer, headline, of);
		return;
	case SEEP_REASON_GROWING:
		append_name(buffer, headline, of->worst);
		seep_buffer_puts(buffer, " grows by ");
		seep_words_append_rate_of(buffer, of->worst, of->worst->judgement->rate.value);
		seep_buffer_puts(buffer, ", which takes ");
		seep_words_append_seconds(buffer, of->needed_s);
		seep_buffer_puts(buffer, " to judge (-d)");
		return;
	default:
		seep_buffer_puts(buffer, of->process->exited ? "ended after " : "was watched for ");
		seep_words_append_seconds(buffer, of->watched_s);
		seep_buffer_puts(buffer, ", and a verdict takes ");
		seep_words_append_seconds(buffer, of->needed_s);
	}
}

/* Nothing in the process, but what it has made. */
static bool grows_outside(const struct seep_answer_process *of)
{
	const struct seep_process_judgement *judgement = of->process->judgement;

	return judgement && !of->worst && !of->heap &&
	       strcmp(judgement->health, seep_health_key(SEEP_HEALTH_OUTSIDE)) == 0;
}

void seep_headline_append_process(struct seep_buffer *buffer, const struct seep_headline *headline,
				  const struct seep_answer_process *of)
{
	/* Found by what it has left, see --at-exit. */
	if (of->outcome == SEEP_OUTCOME_LEAK && of->outstanding.blocks &&
	    seep_judgement_class(of->worst->judgement) != SEEP_CLASS_LEAK) {
		append_ended(buffer, headline, of);
		return;
	}
	switch (of->outcome) {
	case SEEP_OUTCOME_LEAK:
		append_leak(buffer, headline, of, verb_of(of->worst->judgement));
		append_deadline(buffer, of);
		break;
	case SEEP_OUTCOME_GROWTH:
		if (of->mappings_grow)
			append_mappings(buffer, of);
		else if (grows_outside(of))
			append_outside(buffer, of->process->judgement);
		else
			append_growth(buffer, headline, of);
		append_deadline(buffer, of);
		break;
	case SEEP_OUTCOME_UNDECIDED:
		append_undecided(buffer, headline, of);
		break;
	default:
		append_none(buffer, headline, of);
	}
}

/* "server (PID 7) leaks ..., watched for 36.0 s" */
static void append_single(struct seep_buffer *buffer, const struct seep_headline *headline)
{
	const struct seep_answer_process *of = headline->answer->processes;
	bool sentence = of->outcome > SEEP_OUTCOME_UNDECIDED || of->process->exited ||
			of->reason == SEEP_REASON_TOO_SHORT;

	if (of->outcome == SEEP_OUTCOME_UNDECIDED)
		seep_buffer_puts(buffer, "Undecided: ");
	seep_report_append_process_pid(buffer, of->process);
	seep_buffer_puts(buffer, sentence ? " " : ": ");
	seep_headline_append_process(buffer, headline, of);
	/* The other sentences say it themselves. */
	if (of->outcome > SEEP_OUTCOME_UNDECIDED || !sentence) {
		seep_buffer_puts(buffer, "; watched for ");
		seep_words_append_seconds(buffer, of->watched_s);
	}
}

/* "2 of 14 processes leak, 1 grows, 11 do not" */
static void append_many(struct seep_buffer *buffer, const struct seep_headline *headline)
{
	static const struct {
		enum seep_outcome outcome;
		const char *one, *many;
	} words[] = {
		{SEEP_OUTCOME_LEAK, "leaks", "leak"},
		{SEEP_OUTCOME_GROWTH, "grows", "grow"},
		{SEEP_OUTCOME_NONE, "does not leak", "do not leak"},
		{SEEP_OUTCOME_UNDECIDED, "is undecided", "are undecided"},
	};
	const struct seep_answer *answer = headline->answer;
	bool first = true;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t count = answer->counts[words[i].outcome];

		if (!count)
			continue;
		seep_buffer_printf(buffer, "%s%zu ", first ? "" : ", ", count);
		if (first)
			seep_buffer_printf(buffer, "of %zu processes ", answer->num);
		seep_buffer_puts(buffer, count == 1 ? words[i].one : words[i].many);
		first = false;
	}
	seep_buffer_puts(buffer, "; ");
	seep_words_append_scope(buffer, headline->snapshot, SCOPE_COLUMNS);
	seep_buffer_puts(buffer, ", watched for ");
	seep_words_append_seconds(buffer, (double)headline->snapshot->elapsed_ns / 1e9);
}

void seep_headline_append(struct seep_buffer *buffer, const struct seep_headline *headline)
{
	if (headline->answer->num == 1) {
		append_single(buffer, headline);
	} else if (headline->answer->num > 1) {
		append_many(buffer, headline);
	} else {
		seep_buffer_puts(buffer, "Undecided: no process was seen in ");
		seep_words_append_seconds(buffer, (double)headline->snapshot->elapsed_ns / 1e9);
		seep_buffer_puts(buffer, " (");
		seep_words_append_scope(buffer, headline->snapshot, SCOPE_COLUMNS);
		seep_buffer_putc(buffer, ')');
	}
	seep_buffer_putc(buffer, '.');
}
