/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTML report: one file with its script, style and data inside; it fetches nothing and forbids
 * itself to (Content-Security-Policy). The answer, what leaks with its stacks, totals and losses
 * are plain HTML; the script adds charts, the table of all sites, a panel for each, and a flame
 * graph.
 *
 * Text of targets is only ever text: escaped in HTML, escaped in the JSON of the data, and shown by
 * textContent.
 */
#ifndef SEEP_WEB_HTML_H
#define SEEP_WEB_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

/* What is alive from this moment until the next point. */
struct seep_html_point {
	uint64_t elapsed_ns; /* since the trace began */
	uint64_t live_objects;
	uint64_t live_bytes;
};

/* The oldest point first. */
struct seep_html_series {
	const struct seep_html_point *points;
	size_t num_points;
};

/*
 * How it was before the snapshot. All of it may be missing; a series of any length is thinned to
 * what a chart can show, with its highest and lowest points.
 */
struct seep_html_history {
	struct seep_html_series totals[SEEP_KIND_COUNT];
	/*
	 * Resident memory, as live_bytes, of the processes of the snapshot: one series for each, in
	 * their order. NULL: it is not known.
	 */
	const struct seep_html_series *resident;
	/*
	 * The series of a site of the snapshot; its points must be valid until the next call. Asked
	 * for one site after the other, so that not all need to be in memory. 0 or -errno, which
	 * ends the rendering. NULL: there are none.
	 */
	int (*site)(void *context, const struct seep_site *site,
		    struct seep_html_series *ret_series);
	void *context;
};

struct seep_answer;

struct seep_html_options {
	enum seep_metric metric; /* that the flame graph begins with */
	const struct seep_answer
		*answer; /* of the snapshot; NULL: it is made from its judgements */
};

/*
 * Appends the report. @history may be NULL. 0 or -errno (-ENOMEM, -E2BIG past the limit of a
 * buffer, or what history->site returned); after a failure the buffer may hold a part of it.
 */
int seep_html_render(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		     const struct seep_html_history *history,
		     const struct seep_html_options *options, struct seep_buffer *buffer);

/* With the history and the answer of the options. */
extern const struct seep_report_format seep_report_html;

#endif
