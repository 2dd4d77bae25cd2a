// SPDX-License-Identifier: GPL-2.0-only
#include "app/status.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/units.h"
#include "report/words.h"

/* ECMA-48: carriage return, then EL (erase to the end of the line). */
static const char clear_line[] = "\r\033[K";

/* Whether the line stands on the terminal: a fact of the terminal, not of a trace. */
static bool shown;

bool seep_status_wanted(void)
{
	return isatty(STDERR_FILENO);
}

/* Of each kind that there is something of, in its own unit: bytes of two kinds are no sum. */
static void append_live(struct seep_buffer *line, const uint64_t live[SEEP_KIND_COUNT])
{
	char text[SEEP_UNIT_MAX];
	bool any = false;

	for (enum seep_kind kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (!live[kind])
			continue;
		seep_buffer_puts(line, any ? ", " : "");
		any = true;
		if (seep_kind_is_counted(kind))
			seep_words_append_number(line, live[kind], seep_kind_noun(kind));
		else
			seep_buffer_printf(line, "%s of %s", seep_format_bytes(text, live[kind]),
					   kind == SEEP_KIND_MEMORY ? seep_kind_key(kind) :
								      seep_kind_plural(kind));
	}
	seep_buffer_puts(line, any ? " live" : "nothing live");
}

void seep_status_show(uint64_t elapsed_ns, uint64_t events_per_s,
		      const struct seep_tracer_status *status)
{
	char elapsed[SEEP_UNIT_MAX], events[SEEP_UNIT_MAX];
	SEEP_AUTO_BUFFER struct seep_buffer live = SEEP_BUFFER_INIT;
	char losses[SEEP_UNIT_MAX];

	append_live(&live, status->live);
	fprintf(stderr, "%s%s  %s events/s  %s  %s losses", clear_line,
		seep_format_duration(elapsed, elapsed_ns), seep_format_count(events, events_per_s),
		live.data, seep_format_count(losses, status->losses));
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
