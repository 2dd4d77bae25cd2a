/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer for people: its first sentence, the processes if there are several, what also grows.
 */
#ifndef SEEP_TEXT_ANSWER_H
#define SEEP_TEXT_ANSWER_H

#include "report/headline.h"
#include "text/layout.h"

/* The sentence. */
void seep_text_put_headline(const struct seep_layout *layout, const struct seep_headline *headline);

/* A row for each of the worst processes; nothing if there is only one. */
void seep_text_put_answers(const struct seep_layout *layout, const struct seep_headline *headline);

/* What grows beside the findings, in a sentence; nothing if nothing does. 0 or -ENOMEM. */
int seep_text_put_pending(const struct seep_layout *layout, const struct seep_headline *headline);

#endif
