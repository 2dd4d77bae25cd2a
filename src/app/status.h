/* SPDX-License-Identifier: GPL-2.0-only */
/* The status line: one line on the terminal that is written over, and gone before anything else. */
#ifndef SEEP_APP_STATUS_H
#define SEEP_APP_STATUS_H

#include <stdint.h>

#include "trace/tracer.h"

/* True if standard error is a terminal: only then there is a status line. */
bool seep_status_wanted(void);

/*
 * Shows the line: @elapsed_ns since the start, @events_per_s of the last second, and @status.
 */
void seep_status_show(uint64_t elapsed_ns, uint64_t events_per_s,
		      const struct seep_tracer_status *status);

/* Removes the line if it is shown. */
void seep_status_clear(void);

#endif
