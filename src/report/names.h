/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names under which functions, processes and measures are shown in every format. What is
 * appended is clean (base/text.h).
 */
#ifndef SEEP_REPORT_NAMES_H
#define SEEP_REPORT_NAMES_H

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

/* "malloc", "server+0x1267" for a function without a name, "0x7f..." for code of no file. */
void seep_report_append_function(struct seep_buffer *buffer, const struct seep_location *location,
				 const struct seep_line *line);

/* The same for people: the short form of a name (shorten.h). */
void seep_report_append_short_function(struct seep_buffer *buffer,
				       const struct seep_location *location,
				       const struct seep_line *line);

/* "server", or "server-1234" if the snapshot has several processes. */
void seep_report_append_process(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
				const struct seep_process *process);

/* "server (PID 7)" */
void seep_report_append_process_pid(struct seep_buffer *buffer, const struct seep_process *process);

/*
 * A stack in one line has no room to say that it is partial. So a marker stands in place of the
 * missing callers: "[partial: no_table]", or "[no stack]" if the frames never arrived. Appends
 * nothing for a complete stack.
 */
void seep_report_append_marker(struct seep_buffer *buffer, const struct seep_stack *stack);

/* "live bytes", for people. */
const char *seep_report_metric_text(enum seep_metric metric);

#endif
