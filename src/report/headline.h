/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first sentence of every answer: which process, how fast, until when, and the one place to
 * look; or for how long nothing was found, or why nothing is decided and what to do. The same words
 * in text, HTML and JUnit. What is appended is clean.
 */
#ifndef SEEP_REPORT_HEADLINE_H
#define SEEP_REPORT_HEADLINE_H

#include "base/buffer.h"
#include "report/entries.h"
#include "symbol/symbolizer.h"
#include "verdict/answer.h"

struct seep_headline {
	const struct seep_snapshot *snapshot;
	const struct seep_answer *answer;
	const struct seep_entries *entries; /* of the findings */
	struct seep_symbolizer *symbolizer;
};

/* Of all processes. */
void seep_headline_append(struct seep_buffer *buffer, const struct seep_headline *headline);

/* Of one of several: "read_headers leaks 164 KiB/s", "grows by 20 KiB/s", "watched for 3 s". */
void seep_headline_append_process(struct seep_buffer *buffer, const struct seep_headline *headline,
				  const struct seep_answer_process *of);

/*
 * The one deadline of a process: which limit it meets first, and in how many seconds.
 * SEEP_LIMIT_COUNT: none that is known, or so late that it is none.
 */
enum seep_limit seep_headline_deadline(const struct seep_answer_process *of, double *ret_eta_s);

#endif
