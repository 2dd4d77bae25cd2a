/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The history of a trace while it runs, for the charts of its HTML report: what each kind, each
 * process and each site had at the snapshots before, in bounded memory. One thread.
 */
#ifndef SEEP_WEB_HTML_RECORDER_H
#define SEEP_WEB_HTML_RECORDER_H

#include "model/snapshot.h"
#include "web/html.h"

/* Sites with a history: those with the most live bytes, 2.3 KiB each at most. */
#define SEEP_HTML_RECORDED_SITES 8192
/* Points that are kept of a site or a process, and of a kind; 24 bytes each. */
#define SEEP_HTML_RECORDED_POINTS 96
#define SEEP_HTML_RECORDED_TOTALS 1024

struct seep_html_recorder;

/* 0 or -ENOMEM. */
int seep_html_recorder_new(struct seep_html_recorder **ret_recorder);
void seep_html_recorder_free(struct seep_html_recorder *recorder);

/*
 * Takes the next snapshot of the trace. What it has no more of is forgotten. 0, or -ENOMEM: then
 * some points are missing.
 */
int seep_html_recorder_add(struct seep_html_recorder *recorder,
			   const struct seep_snapshot *snapshot);

/* For the report of the snapshot that was added last; valid until the next one is. */
const struct seep_html_history *
seep_html_recorder_history(const struct seep_html_recorder *recorder);

#endif
