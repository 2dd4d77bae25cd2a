/* SPDX-License-Identifier: GPL-2.0-only */
/* The verdict for people: what leaks comes first, everything else is a line. */
#ifndef SEEP_TEXT_VERDICT_H
#define SEEP_TEXT_VERDICT_H

#include "model/snapshot.h"
#include "report/report.h"
#include "verdict/baseline.h"

/* The sites that something is to fail for, and those that are passed over. */
struct seep_accusation {
	size_t num;
	const struct seep_site *const *sites; /* the worst first */
	size_t num_suppressed;
	const struct seep_site *const *suppressed; /* of which the user does not want to hear */
	const char *baseline;			   /* its name, raw; NULL: there is none. Of it: */
	const struct seep_standing *standings;	   /* how each of the sites stands */
	size_t num_known;			   /* that are not worse than there */
	const struct seep_site *const *known;
	const struct seep_standing *known_standings;
};

/*
 * Appends what is to be said of the sites of @snapshot that are accused, of which options->top are shown,
 * and of the others. 0 or -errno, as seep_report_format.
 */
int seep_verdict_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
			const struct seep_accusation *accusation,
			const struct seep_report_options *options, struct seep_buffer *buffer);

#endif
