/* SPDX-License-Identifier: GPL-2.0-only */
/* Reports of what is different between two snapshots, as report.h has those of one. */
#ifndef SEEP_REPORT_DIFF_H
#define SEEP_REPORT_DIFF_H

#include "base/buffer.h"
#include "model/compare.h"
#include "report/fold.h"
#include "report/report.h"
#include "symbol/symbolizer.h"

struct seep_diff_side {
	const char *capture; /* its name, raw */
	struct seep_symbolizer *symbolizer;
};

struct seep_diff {
	const struct seep_comparison *comparison;
	struct seep_diff_side before;
	struct seep_diff_side after;
};

struct seep_diff_format {
	const char *name; /* "text": see formats/formats.h */
	/*
	 * Appends the report; the metric is that of the comparison, options->top holds for each
	 * type of change of each kind. 0 or -errno, as in seep_report_format.
	 */
	int (*render)(const struct seep_diff *diff, const struct seep_report_options *options,
		      struct seep_buffer *buffer);
};

/* The one that knows the stack of @change. */
struct seep_symbolizer *seep_diff_symbolizer(const struct seep_diff *diff,
					     const struct seep_change *change);

/* Appends a doubt of the comparison as a clean sentence without its full stop. */
void seep_diff_append_doubt(struct seep_buffer *text, const struct seep_diff *diff,
			    enum seep_doubt doubt);

/* seep_report_fold for a change: the program stands in place of the process. */
int seep_diff_fold(const struct seep_diff *diff, const struct seep_change *change, seep_fold_fn fn,
		   void *context);

#endif
