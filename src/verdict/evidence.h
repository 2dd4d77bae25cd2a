/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A verdict in words: sentences that say what was found, with the numbers. Text without
 * control characters. What to do about it is in advice.h.
 */
#ifndef SEEP_VERDICT_EVIDENCE_H
#define SEEP_VERDICT_EVIDENCE_H

#include <stdlib.h>

#include "growth/cause.h"
#include "growth/process.h"
#include "verdict/verdict.h"

#define SEEP_SENTENCES_MAX 12

struct seep_sentences {
	size_t count;
	char *texts[SEEP_SENTENCES_MAX];
};

/*
 * 0, and the sentences are the caller's, to be freed by seep_sentences_done; -ENOMEM. The most
 * telling come first.
 */
int seep_evidence_of_site(const struct seep_verdict *verdict, struct seep_sentences *ret_evidence);
/* @cause: NULL for none. It is the first sentence, with what to do about it. */
int seep_evidence_of_process(const struct seep_process_verdict *verdict,
			     const struct seep_cause *cause, struct seep_sentences *ret_evidence);

static inline void seep_sentences_done(struct seep_sentences *sentences)
{
	for (size_t i = 0; i < sentences->count; i++)
		free(sentences->texts[i]);
	sentences->count = 0;
}

#endif
