/* SPDX-License-Identifier: GPL-2.0-only */
/* What matters of the figures of Go's runtime, in two phrases of at most 68 columns as a rule. */
#ifndef SEEP_REPORT_GO_WORDS_H
#define SEEP_REPORT_GO_WORDS_H

#include "base/buffer.h"
#include "model/go_figures.h"

/* "1.24.4: heap 12.3 MiB live, 30.1 MiB held, collects at 24.0 MiB" */
void seep_go_words_append_heap(struct seep_buffer *buffer, const struct seep_go_figures *figures);

/* "limit 64.0 MiB; 12 collections, 1.3 per minute, paused 200 µs each" */
void seep_go_words_append_collections(struct seep_buffer *buffer,
				      const struct seep_go_figures *figures);

#endif
