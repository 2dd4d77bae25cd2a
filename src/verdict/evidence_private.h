/* SPDX-License-Identifier: GPL-2.0-only */
/* What sentences are written with: evidence.c (sites), evidence_process.c. */
#ifndef SEEP_VERDICT_EVIDENCE_PRIVATE_H
#define SEEP_VERDICT_EVIDENCE_PRIVATE_H

#include "verdict/evidence.h"

#define SEEP_EVIDENCE_TEXT 64

/* After a failure nothing is added any more. */
struct seep_evidence_writer {
	struct seep_sentences *sentences;
	int error;
};

/* A number of bytes or objects, without what they are. */
const char *seep_evidence_amount(char text[SEEP_EVIDENCE_TEXT], bool in_bytes, double value);
/* Small shares keep two digits: one object in a thousand is what slow leaks look like. */
const char *seep_evidence_percent(char text[SEEP_EVIDENCE_TEXT], double share);
/* What rates like this are told by; how many seconds that is. */
double seep_evidence_time_unit(double rate, const char **ret_unit);

__attribute__((format(printf, 2, 3))) void seep_evidence_say(struct seep_evidence_writer *writer,
							     const char *format, ...);
/* Nothing without a limit, and nothing if the limit is never met at this rate. */
void seep_evidence_say_eta(struct seep_evidence_writer *writer, const struct seep_interval *eta_s,
			   enum seep_limit limit);
/* 0, or the first error: then there are no sentences. */
int seep_evidence_finish(struct seep_evidence_writer *writer);

#endif
