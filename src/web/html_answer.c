// SPDX-License-Identifier: GPL-2.0-only
#include "web/html_answer.h"

#include <stdlib.h>

#include "verdict/gate.h"
#include "verdict/judgement.h"
#include "verdict/pending.h"

static void count_classes(struct seep_html_answer *html, const struct seep_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_judgement *judgement = snapshot->sites[i].judgement;

		if (judgement)
			html->by_class[seep_judgement_class(judgement)]++;
	}
}

/* By the rules that hold without options: leaks are findings. */
static int make_own(struct seep_html_answer *html, const struct seep_snapshot *snapshot,
		    struct seep_symbolizer *symbolizer)
{
	const struct seep_findings *findings;
	int error = seep_gate_new(SEEP_CLASS_LEAK, &html->gate);

	if (!error)
		error = seep_gate_find(html->gate, snapshot, symbolizer, &findings);
	if (!error)
		error = seep_answer_make(snapshot, findings, symbolizer, &html->own);
	html->answer = &html->own;
	return error;
}

/* What grows is an entry in the same way as what leaks. */
static int join(struct seep_html_answer *html, const struct seep_snapshot *snapshot,
		struct seep_symbolizer *symbolizer)
{
	const struct seep_findings *findings = html->answer->findings;
	int error = seep_entries_join(findings->sites, findings->num, symbolizer, &html->leaks);

	if (!error)
		error = seep_pending_find(snapshot, findings, &html->pending, &html->num_pending);
	if (!error)
		error = seep_entries_join(html->pending, html->num_pending, symbolizer,
					  &html->growing);
	return error;
}

int seep_html_answer_make(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			  const struct seep_answer *answer, struct seep_html_answer *ret_answer)
{
	int error = 0;

	*ret_answer = (struct seep_html_answer){.answer = answer};
	if (!answer)
		error = make_own(ret_answer, snapshot, symbolizer);
	if (!error)
		error = join(ret_answer, snapshot, symbolizer);
	if (error)
		return error;
	count_classes(ret_answer, snapshot);
	ret_answer->headline = (struct seep_headline){snapshot, ret_answer->answer,
						      &ret_answer->leaks, symbolizer};
	return 0;
}

void seep_html_answer_done(struct seep_html_answer *answer)
{
	seep_entries_done(&answer->leaks);
	seep_entries_done(&answer->growing);
	free(answer->pending);
	seep_answer_done(&answer->own);
	seep_gate_free(answer->gate);
}
