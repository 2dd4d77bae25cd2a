// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each process gets an outcome by the first of these that is true: it has a finding; its memory or
 * one of its sites grows; it ended, and nothing that it allocated is left; it was watched for too
 * short a time, or something grows that was not; and else none. Called once for each report that is
 * judged; the time is that of the sites, for each process that has ended.
 */
#include "verdict/answer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "verdict/judgement.h"
#include "verdict/pending.h"

/* What grows by less than this share of its process is not what the process grows by. */
#define PART_SHARE 0.25

static const char *const outcomes[] = {
#define OUTCOME_KEY(name, key, text) [SEEP_OUTCOME_##name] = key,
	SEEP_OUTCOMES(OUTCOME_KEY)
#undef OUTCOME_KEY
};

static const char *const reasons[] = {
#define REASON_KEY(name, key) [SEEP_REASON_##name] = key,
	SEEP_REASONS(REASON_KEY)
#undef REASON_KEY
};

const char *seep_outcome_key(enum seep_outcome outcome)
{
	return outcomes[outcome];
}

const char *seep_reason_key(enum seep_reason reason)
{
	return reasons[reason];
}

/* What is being answered. */
struct question {
	const struct seep_snapshot *snapshot;
	const struct seep_findings *findings;
	struct seep_symbolizer *symbolizer;
};

static bool of_bytes(const struct seep_site *site)
{
	return !seep_kind_is_counted(site->kind);
}

/* Bytes come before objects: a byte is a byte, but what is a descriptor worth? */
static bool grows_faster(const struct seep_site *site, const struct seep_site *than)
{
	if (!than || of_bytes(site) != of_bytes(than))
		return !than || of_bytes(site);
	return site->judgement->rate.value > than->judgement->rate.value;
}

/* What is slower than any leak that would have been seen is not worth a word. */
static bool grows(const struct seep_site *site, const struct seep_answer_process *of)
{
	return seep_judgement_class(site->judgement) == SEEP_CLASS_GROWTH &&
	       (!of_bytes(site) || site->judgement->rate.value >= of->visible_rate);
}

/* Of findings: growth is the weaker one, and what is left at the end the stronger. */
static bool leaks(const struct seep_site *site)
{
	return seep_judgement_class(site->judgement) != SEEP_CLASS_GROWTH;
}

/*
 * The heaps of a process are sorted: the fastest first. One that has not been watched for long
 * enough to be growth on its own is what the process grows by, if that is certain and a part of it
 * matters.
 */
static const struct seep_heap_judgement *find_heap(const struct seep_answer_process *of,
						   bool process_grows)
{
	const struct seep_process_judgement *judgement = of->process->judgement;

	for (size_t i = 0; judgement && i < judgement->num_heaps; i++) {
		const struct seep_heap_judgement *heap = &judgement->heaps[i];
		bool grows = strcmp(heap->class, seep_class_key(SEEP_CLASS_GROWTH)) == 0 &&
			     heap->rate.value >= of->visible_rate;

		if (grows || (process_grows && heap->rate.low > 0 &&
			      heap->rate.value >= PART_SHARE * judgement->rate.value))
			return heap;
	}
	return NULL;
}

/* The findings are sorted by severity; the first that leaks is the worst, or else the first. */
static void add_finding(struct seep_answer_process *of, const struct seep_site *site)
{
	if (!of->num_findings++ || (leaks(site) && !leaks(of->worst)))
		of->worst = site;
}

/*
 * What of a process grows fastest: of class growth, of what is young, and of all that rises and is
 * not judged yet; and the site of memory that has most. NULL: nothing.
 */
struct fastest {
	const struct seep_site *growing;
	const struct seep_site *young;
	const struct seep_site *rising;
	const struct seep_site *largest;
	/* As fast as one may leak without being told, of which only a part of the calls is seen. */
	double hidden_rate;
};

/* Few large blocks, as a pool takes them, rise for long before there are enough to judge. */
static bool rises(const struct seep_site *site)
{
	return seep_judgement_class(site->judgement) == SEEP_CLASS_WARMING_UP &&
	       site->judgement->rate.low > 0;
}

static void add_site(const struct question *question, struct seep_answer_process *of,
		     struct fastest *fastest, const struct seep_site *site)
{
	/* Names are resolved for it, so it is asked once, at the end. */
	if (question->snapshot->final)
		seep_outstanding_add(&of->outstanding, site, question->symbolizer);
	if (!site->judgement)
		return;
	if (grows(site, of) && grows_faster(site, fastest->growing))
		fastest->growing = site;
	if (seep_site_is_young(site, of->watched_s) && grows_faster(site, fastest->young))
		fastest->young = site;
	if (rises(site) && grows_faster(site, fastest->rising))
		fastest->rising = site;
	/* The list of findings is gone through last: there may be many sites. */
	if (site->kind == SEEP_KIND_MEMORY &&
	    (!fastest->largest || site->live_bytes > fastest->largest->live_bytes) &&
	    !seep_pending_is_told(site, question->findings))
		fastest->largest = site;
}

/*
 * What is stored does not say how long each process was watched, nor does a process that ended
 * before it was looked at.
 */
static double watched_s(const struct question *question, const struct seep_process *process)
{
	if (process->judgement && process->judgement->observed_s > 0)
		return process->judgement->observed_s;
	return (double)question->snapshot->elapsed_ns / (double)SEEP_NS_PER_S;
}

static void decide_not(struct seep_answer_process *of, enum seep_reason reason, double needed_s)
{
	of->outcome = SEEP_OUTCOME_UNDECIDED;
	of->reason = reason;
	of->needed_s = needed_s;
}

/* What was watched to its end, or not for long enough. True if that decides. */
static bool answer_ended(const struct question *question, struct seep_answer_process *of)
{
	if (!of->process->exited || !question->snapshot->final)
		return false;
	if (!of->outstanding.blocks)
		return true;
	if (of->watched_s >= SEEP_OBSERVED_LEAST_S)
		return false;
	decide_not(of, SEEP_REASON_ENDED, NAN);
	return true;
}

/* Is the site that is warming up a part of what the process grows by? */
static bool is_part(const struct seep_site *rising, const struct seep_answer_process *of)
{
	return rising && of_bytes(rising) &&
	       rising->judgement->rate.value >= PART_SHARE * of->process->judgement->rate.value;
}

/*
 * Does this site have most of what was allocated since the trace began, and that a part of what the
 * process has grown by? A buffer that doubles does so too seldom to have a trend of its own.
 */
static bool has_most(const struct seep_site *largest, const struct seep_answer_process *of)
{
	const struct seep_process *process = of->process;
	double grown = process->judgement->rate.value * of->watched_s;

	return largest && (double)largest->live_bytes >= PART_SHARE * grown &&
	       largest->live_bytes > process->totals[SEEP_KIND_MEMORY].live_bytes / 2;
}

/* Of a process that grows, and of which no site does: what it is, as far as sites have it. */
static const struct seep_site *find_part(const struct fastest *fastest,
					 const struct seep_answer_process *of)
{
	if (is_part(fastest->rising, of))
		return fastest->rising;
	return has_most(fastest->largest, of) ? fastest->largest : NULL;
}

/*
 * Has its memory become more for certain, be it less and less? That is no growth of a process by
 * itself, but with a site that grows and is not judged yet it is more than undecided.
 */
static bool has_risen(const struct seep_answer_process *of)
{
	const struct seep_process_judgement *judgement = of->process->judgement;

	return judgement && judgement->rate.low >= of->visible_rate;
}

/* Are ever more mappings the worst of it? Not if memory is used up before. */
static bool has_too_many_mappings(const struct seep_process *process, bool process_grows)
{
	const struct seep_process_judgement *judgement = process->judgement;

	if (!judgement || !(judgement->mappings_rate.value > 0))
		return false;
	return !process_grows || !(judgement->eta_s.value < judgement->mappings_eta_s.value);
}

/* Is the growth of the heap that of this site, which the runtime itself tells of? */
static bool is_in_heap(const struct seep_site *site, const struct seep_heap_judgement *heap)
{
	return site->kind == SEEP_KIND_OBJECT &&
	       site->judgement->rate.high >= PART_SHARE * heap->rate.value;
}

static void answer_process(const struct question *question, struct seep_answer_process *of,
			   const struct fastest *fastest)
{
	bool process_grows;

	if (of->num_findings) {
		of->outcome = leaks(of->worst) ? SEEP_OUTCOME_LEAK : SEEP_OUTCOME_GROWTH;
		return;
	}
	/* What suppressed and known sites explain is no news. */
	process_grows = seep_pending_growth(of->process, question->findings);
	of->worst = fastest->growing;
	of->heap = find_heap(of, process_grows);
	if (of->worst && of->heap && is_in_heap(of->worst, of->heap))
		of->heap = NULL;
	of->mappings_grow = has_too_many_mappings(of->process, process_grows);
	if (of->worst || of->heap || of->mappings_grow || process_grows) {
		of->outcome = SEEP_OUTCOME_GROWTH;
		if (process_grows && !of->worst && !of->heap)
			of->worst = find_part(fastest, of);
		return;
	}
	if (answer_ended(question, of))
		return;
	if (of->watched_s < SEEP_OBSERVED_LEAST_S) {
		decide_not(of, SEEP_REASON_TOO_SHORT, SEEP_DURATION_LEAST_S);
		return;
	}
	of->worst = fastest->young;
	if (of->worst && has_risen(of))
		of->outcome = SEEP_OUTCOME_GROWTH;
	else if (of->worst)
		decide_not(of, SEEP_REASON_GROWING, seep_site_needed_s(of->worst, of->watched_s));
}

/*
 * Of what is seen in windows a slow leak may hide in what is not known; but a leak makes the
 * process grow.
 */
static void allow_for_windows(struct seep_answer_process *of, const struct fastest *fastest)
{
	const struct seep_process_judgement *judgement = of->process->judgement;
	double hidden = fastest->hidden_rate;

	if (judgement && seep_interval_known(&judgement->rate))
		hidden = fmin(hidden, judgement->rate.high);
	of->visible_rate = fmax(of->visible_rate, hidden);
}

/* The worst first; among equals the one that grows faster, then the order of the snapshot. */
static int compare(const void *left, const void *right)
{
	const struct seep_answer_process *a = left, *b = right;
	double rate_a = a->process->judgement ? a->process->judgement->rate.value : 0;
	double rate_b = b->process->judgement ? b->process->judgement->rate.value : 0;

	if (a->outcome != b->outcome)
		return a->outcome < b->outcome ? 1 : -1;
	/* NAN has no place in an order. */
	if (rate_a < rate_b || rate_a > rate_b)
		return rate_a < rate_b ? 1 : -1;
	return (a->process > b->process) - (a->process < b->process);
}

/*
 * The worst outcome is that of all. But a process that came and went says nothing against others
 * that were watched for long: what is undecided there counts only if nothing was decided.
 */
static void conclude(struct seep_answer *answer)
{
	bool none = false, undecided = false;

	answer->outcome = SEEP_OUTCOME_NONE;
	for (size_t i = 0; i < answer->num; i++) {
		const struct seep_answer_process *of = &answer->processes[i];

		answer->counts[of->outcome]++;
		if (of->outcome > SEEP_OUTCOME_UNDECIDED && of->outcome > answer->outcome)
			answer->outcome = of->outcome;
		none |= of->outcome == SEEP_OUTCOME_NONE;
		undecided |= of->outcome == SEEP_OUTCOME_UNDECIDED && !of->process->exited;
	}
	if (answer->outcome != SEEP_OUTCOME_NONE || (none && !undecided))
		return;
	answer->outcome = SEEP_OUTCOME_UNDECIDED;
	answer->reason = SEEP_REASON_NO_PROCESS;
	for (size_t i = 0; i < answer->num; i++) {
		if (answer->processes[i].outcome == SEEP_OUTCOME_UNDECIDED) {
			answer->reason = answer->processes[i].reason;
			return;
		}
	}
}

static void begin(const struct question *question, const struct seep_process *process,
		  struct seep_answer_process *of)
{
	of->process = process;
	of->watched_s = watched_s(question, process);
	of->needed_s = NAN;
	of->visible_rate = seep_visible_rate(of->watched_s);
}

/* One pass over the findings and one over the sites, each of which knows its process. */
int seep_answer_make(const struct seep_snapshot *snapshot, const struct seep_findings *findings,
		     struct seep_symbolizer *symbolizer, struct seep_answer *ret_answer)
{
	const struct question question = {snapshot, findings, symbolizer};
	const struct seep_process *first = snapshot->processes;
	/* One more than needed: calloc of nothing may return NULL. */
	size_t num = snapshot->num_processes, room = num + 1;
	SEEP_AUTO_FREE struct fastest *fastest = calloc(room, sizeof(*fastest));
	struct seep_answer_process *processes = calloc(room, sizeof(*processes));

	*ret_answer = (struct seep_answer){
		.num = num, .processes = processes, .findings = findings, .command_exit = -1};
	if (!processes || !fastest)
		return -ENOMEM;
	for (size_t i = 0; i < num; i++)
		begin(&question, &first[i], &processes[i]);
	for (size_t i = 0; i < findings->num; i++)
		add_finding(&processes[findings->sites[i]->process - first], findings->sites[i]);
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];
		size_t at = (size_t)(site->process - first);

		add_site(&question, &processes[at], &fastest[at], site);
		if (site->sampling && site->judgement)
			fastest[at].hidden_rate =
				fmax(fastest[at].hidden_rate, site->judgement->rate.high);
	}
	for (size_t i = 0; i < num; i++)
		answer_process(&question, &processes[i], &fastest[i]);
	/* Afterwards: what is told as growth is measured by the rate that exact numbers show. */
	for (size_t i = 0; i < num; i++)
		allow_for_windows(&processes[i], &fastest[i]);
	qsort(processes, num, sizeof(*processes), compare);
	conclude(ret_answer);
	return 0;
}

void seep_answer_done(struct seep_answer *answer)
{
	free(answer->processes);
	*answer = (struct seep_answer){0};
}
