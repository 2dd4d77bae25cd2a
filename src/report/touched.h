/* SPDX-License-Identifier: GPL-2.0-only */
/* Growth stacks in one sentence. */
#ifndef SEEP_REPORT_TOUCHED_H
#define SEEP_REPORT_TOUCHED_H

#include "base/buffer.h"
#include "watch/touches.h"

/*
 * Appends "New memory is first written in: make_session (FILE:41) 83 %, parse (FILE:7) 9 %, of 412
 * samples in 10.0 s." Stacks are joined by their innermost function that is of no standard library.
 * Clean. There are samples.
 */
void seep_touched_append(struct seep_buffer *buffer, const struct seep_touches *touches);

#endif
