/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict for people: what leaks comes first, everything else is a line. */
#ifndef SEEP_REPORT_VERDICT_H
#define SEEP_REPORT_VERDICT_H

#include "model/snapshot.h"
#include "report/report.h"

/*
 * Appends what is to be said of @culprits, @num of the sites of @snapshot, the worst first, of which
 * options->top are shown; and of the others. @suppressed: how many the user did not want to hear of. 0 or
 * -errno, as seep_report_format.
 */
int seep_verdict_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			const struct seep_site *const *culprits, size_t num, size_t suppressed,
			const struct seep_report_options *options, struct seep_buffer *buffer);

#endif
