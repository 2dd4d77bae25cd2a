// SPDX-License-Identifier: GPL-2.0-only
#include "app/status.h"

#include <stdio.h>
#include <unistd.h>

#include "base/units.h"

/* ECMA-48: carriage return, then EL (erase to the end of the line). */
static const char clear_line[] = "\r\033[K";

/* Whether the line stands on the terminal: a fact of the terminal, not of a trace. */
static bool shown;

bool seep_status_wanted(void)
{
	return isatty(STDERR_FILENO);
}

void seep_status_show(uint64_t elapsed_ns, uint64_t events_per_s,
		      const struct seep_tracer_status *status)
{
	char elapsed[SEEP_UNIT_MAX], events[SEEP_UNIT_MAX];
	char bytes[SEEP_UNIT_MAX], losses[SEEP_UNIT_MAX];

	fprintf(stderr, "%s%s  %s events/s  %s live  %s losses", clear_line,
		seep_format_duration(elapsed, elapsed_ns), seep_format_count(events, events_per_s),
		seep_format_bytes(bytes, status->live_bytes),
		seep_format_count(losses, status->losses));
	fflush(stderr);
	shown = true;
}

/* Also the hook of the log, so it must do nothing if there is no line. */
void seep_status_clear(void)
{
	if (!shown)
		return;
	fputs(clear_line, stderr);
	fflush(stderr);
	shown = false;
}
