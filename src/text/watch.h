/* SPDX-License-Identifier: GPL-2.0-only */
/* What is watched, as a text: what grows, the worst first, and what traces have found. */
#ifndef SEEP_TEXT_WATCH_H
#define SEEP_TEXT_WATCH_H

#include "base/buffer.h"
#include "report/report.h"
#include "watch/view.h"

/*
 * Appends @view; options->top processes at most. Results that are new come with their whole text,
 * and in the last view all of them. 0 or -errno, as seep_report_format.
 */
int seep_text_watch(const struct seep_watch_view *view, const struct seep_report_options *options,
		    struct seep_buffer *buffer);

#endif
