/* SPDX-License-Identifier: GPL-2.0-only */
/* Phrases about processes that are watched; clean, as those of words.h. */
#ifndef SEEP_REPORT_WATCHED_H
#define SEEP_REPORT_WATCHED_H

#include "base/buffer.h"
#include "watch/process.h"
#include "watch/view.h"

/* Of the name of a program. */
#define SEEP_WATCHED_COMMAND_COLUMNS 16

/* "server (PID 1234)" */
void seep_watched_append_name(struct seep_buffer *buffer, const char *comm, pid_t pid);

/* "12.3 MiB", "340": what there is of it now. */
void seep_watched_append_amount(struct seep_buffer *buffer,
				const struct seep_watch_process *process,
				enum seep_watch_value value);

/* "1.50 KiB/s", "12 descriptors/h" */
void seep_watched_append_rate(struct seep_buffer *buffer, const struct seep_watch_growth *growth);

/* "server (PID 12) was killed by the kernel for want of memory; it had 2 GiB resident, ..." */
void seep_watched_append_killed(struct seep_buffer *buffer,
				const struct seep_watch_process *process);

/* Until which time limits are worth a word: a year. */
bool seep_watched_has_deadline(const struct seep_interval *eta_s);

/* "Nothing grows in 300 processes, ...": the first sentences of a view. */
void seep_watched_append_headline(struct seep_buffer *buffer, const struct seep_watch_view *view);

/* "2 of 312 processes were probed": what watching has cost, and whom it has touched. */
void seep_watched_append_cost(struct seep_buffer *buffer, const struct seep_watch_view *view);

#endif
