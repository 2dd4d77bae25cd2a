/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of the text reports that says which growing sites belong together. */
#ifndef SEEP_TEXT_CALLERS_H
#define SEEP_TEXT_CALLERS_H

#include "report/entries.h"
#include "symbol/symbolizer.h"
#include "text/layout.h"
#include "verdict/gate.h"
#include "verdict/judgement.h"

/*
 * A line for each function below which several findings grow, the worst few of them, unless the
 * entries say it already; behind an empty line if there are any. 0 or -ENOMEM.
 */
int seep_text_put_callers(const struct seep_layout *layout, struct seep_symbolizer *symbolizer,
			  const struct seep_findings *findings, const struct seep_entries *entries);
/* The same of the sites of a snapshot that grow. */
int seep_text_put_callers_of_snapshot(const struct seep_layout *layout,
				      struct seep_symbolizer *symbolizer,
				      const struct seep_snapshot *snapshot);

/* Appends "open descriptors (0.98), accept_connection (0.95)": what it grows together with. */
void seep_text_append_correlated(struct seep_buffer *buffer, struct seep_symbolizer *symbolizer,
				 const struct seep_judgement *judgement);

#endif
