/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Losses as sentences, for this snapshot.
 */
#ifndef SEEP_REPORT_LOSSES_H
#define SEEP_REPORT_LOSSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "model/snapshot.h"

/*
 * Processes that ran before the trace release blocks that it never saw: such releases are no
 * surprise if all processes are of that sort.
 */
bool seep_report_loss_is_expected(const struct seep_snapshot *snapshot, enum seep_loss loss);

/* A loss as a sentence, for this snapshot. */
const char *seep_report_loss_text(const struct seep_snapshot *snapshot, enum seep_loss loss);

/* Appends "12 ...": how often it happened, and what. */
void seep_report_append_loss(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
			     enum seep_loss loss);

/*
 * The same behind @before, for the loss with the *number from 0 among those that happened. False,
 * and nothing is appended, if there are not so many: then *number is less by how many there are.
 */
bool seep_report_append_next_loss(struct seep_buffer *buffer, const char *before,
				  const struct seep_snapshot *snapshot, size_t *number);

#endif
