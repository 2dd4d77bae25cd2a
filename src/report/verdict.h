/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict for people: what leaks comes first, everything else is a line. */
#ifndef SEEP_REPORT_VERDICT_H
#define SEEP_REPORT_VERDICT_H

#include "model/snapshot.h"
#include "report/report.h"

/* Sites of a snapshot that a trace is to fail for. */
struct seep_accused {
	const struct seep_site *const *sites; /* the worst first */
	size_t num_sites;
	const struct seep_site *const *suppressed; /* of which the user did not want to hear */
	size_t num_suppressed;
};

/*
 * Appends what is to be said of the @accused, of whom options->top are shown, and of the other sites. 0 or
 * -errno, as seep_report_format.
 */
int seep_verdict_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			const struct seep_accused *accused,
			const struct seep_report_options *options, struct seep_buffer *buffer);

#endif
