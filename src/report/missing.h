/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions without a name in the stacks of a report, and what would give them one. */
#ifndef SEEP_REPORT_MISSING_H
#define SEEP_REPORT_MISSING_H

#include "base/buffer.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

/*
 * Appends "Names are missing: libc.so.6 (the package libc6-dbg has them)." for the stacks of the
 * @top sites with live objects that have most; nothing if every function has a name.
 */
void seep_report_append_missing(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
				struct seep_symbolizer *symbolizer, size_t top);

#endif
