/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The answer as the page shows it: the same one that text and JSON have, what leaks and what grows
 * as entries, and how many sites there are of each class.
 */
#ifndef SEEP_WEB_HTML_ANSWER_H
#define SEEP_WEB_HTML_ANSWER_H

#include <stddef.h>

#include "model/snapshot.h"
#include "report/entries.h"
#include "report/headline.h"
#include "symbol/symbolizer.h"
#include "verdict/answer.h"
#include "verdict/class.h"

struct seep_html_answer {
	const struct seep_answer *answer; /* never NULL */
	struct seep_entries leaks;	  /* the findings */
	struct seep_entries growing;	  /* what grows beside them */
	struct seep_headline headline;
	size_t by_class[SEEP_CLASS_COUNT]; /* of all sites that were judged */
	const struct seep_site **pending;  /* the sites of growing, the fastest first */
	size_t num_pending;
	/* What it owns besides. */
	struct seep_gate *gate;
	struct seep_answer own;
};

/*
 * @answer is of @snapshot; NULL: it is made here, as a capture has none. 0 or -ENOMEM; the caller
 * ends it with seep_html_answer_done, also after a failure.
 */
int seep_html_answer_make(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			  const struct seep_answer *answer, struct seep_html_answer *ret_answer);
void seep_html_answer_done(struct seep_html_answer *answer);

#endif
