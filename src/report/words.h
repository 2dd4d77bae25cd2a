/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers of verdicts in words. */
#ifndef SEEP_REPORT_WORDS_H
#define SEEP_REPORT_WORDS_H

#include "base/buffer.h"
#include "model/snapshot.h"

/* "1.50 KiB/s", "2.4 descriptors/h": growth of a kind per second, by the hour if it is slow. */
void seep_words_append_rate(struct seep_buffer *buffer, enum seep_kind kind, double per_s);
/* Seconds as a duration; "ever" for what is infinite. */
void seep_words_append_seconds(struct seep_buffer *buffer, double seconds);

#endif
