/* SPDX-License-Identifier: GPL-2.0-only */
/* What tracing costs, as a line of the text report. */
#ifndef SEEP_TEXT_OVERHEAD_H
#define SEEP_TEXT_OVERHEAD_H

#include "base/buffer.h"
#include "model/snapshot.h"

/* "3.1 % of a CPU in the targets, 4,115 events/s, 900 ns program + 600 ns probe each; ..." */
void seep_text_append_overhead(struct seep_buffer *note, const struct seep_snapshot *snapshot);

#endif
