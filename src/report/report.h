/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reports: a snapshot in, bytes out. Each format is one struct seep_report_format; all of them
 * append to a buffer and do no I/O, so that they can be tested against golden files.
 */
#ifndef SEEP_REPORT_REPORT_H
#define SEEP_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_answer;
struct seep_html_history;

struct seep_report_options {
	enum seep_metric metric; /* folded, flame graph, HTML */
	size_t top;		 /* text, JSON: sites shown; SIZE_MAX: all */
	bool color;		 /* text: SGR sequences */
	size_t columns;		 /* text: the width of lines; 0: 100 */
	bool verbose;		 /* text: build IDs, offsets, every frame and every zero loss */
	const struct seep_answer *answer; /* JSON, HTML: of the snapshot; NULL: nobody asked */
	const struct seep_html_history *history; /* HTML: what was before; NULL: it is not known */
};

struct seep_report_format {
	const char *name; /* "text": see formats/formats.h */
	/*
	 * Appends the report. 0 or -errno (-ENOMEM, or -E2BIG past the limit of a buffer); after a
	 * failure the buffer may hold a part of it.
	 */
	int (*render)(const struct seep_snapshot *snapshot, struct seep_symbolizer *symbolizer,
		      const struct seep_report_options *options, struct seep_buffer *buffer);
};

#endif
