/* SPDX-License-Identifier: GPL-2.0-only */
/* The capture that a trace writes (-o): every snapshot with its judgements goes into it. */
#ifndef SEEP_APP_CAPTURE_H
#define SEEP_APP_CAPTURE_H

#include "app/config.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_capture;

/* 0, or -errno after saying what is wrong. NULL if none is asked for. */
int seep_capture_new(const struct seep_capture_settings *settings,
		     struct seep_capture **ret_capture);
void seep_capture_free(struct seep_capture *capture);

/*
 * Adds a snapshot. What fails is said once, counts as a failed output, and is tried again next
 * time.
 */
void seep_capture_write(struct seep_capture *capture, const struct seep_snapshot *snapshot,
			struct seep_symbolizer *symbolizer);
/* Did writing ever fail? */
bool seep_capture_failed(const struct seep_capture *capture);

#endif
