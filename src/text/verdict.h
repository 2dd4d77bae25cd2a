/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict for people: what leaks comes first, everything else is a line. */
#ifndef SEEP_TEXT_VERDICT_H
#define SEEP_TEXT_VERDICT_H

#include "model/snapshot.h"
#include "report/report.h"
#include "verdict/answer.h"
#include "verdict/gate.h"

/*
 * Appends @answer, what is to be said of the findings in @snapshot, of which options->top are
 * shown, and of the others. 0 or -errno, as seep_report_format.
 */
int seep_verdict_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			const struct seep_answer *answer, const struct seep_report_options *options,
			struct seep_buffer *buffer);

#endif
