// SPDX-License-Identifier: GPL-2.0-only
#include "report/watched.h"

#include <inttypes.h>
#include <math.h>

#include "base/text.h"
#include "base/units.h"
#include "growth/rise.h"
#include "report/words.h"

#define YEAR_S (365 * 86400.0)

void seep_watched_append_name(struct seep_buffer *buffer, const char *comm, pid_t pid)
{
	seep_text_append_clean_elided(buffer, comm, SEEP_WATCHED_COMMAND_COLUMNS);
	seep_buffer_printf(buffer, " (PID %d)", (int)pid);
}

void seep_watched_append_amount(struct seep_buffer *buffer,
				const struct seep_watch_process *process,
				enum seep_watch_value value)
{
	uint64_t now = process->now.values[value];
	char unit[SEEP_UNIT_MAX];

	if (now == SEEP_UNKNOWN)
		seep_buffer_putc(buffer, '-');
	else if (seep_watch_in_bytes(value))
		seep_buffer_puts(buffer, seep_format_bytes(unit, now));
	else
		seep_buffer_puts(buffer, seep_format_count(unit, now));
}

void seep_watched_append_rate(struct seep_buffer *buffer, const struct seep_watch_growth *growth)
{
	seep_words_append_rate(buffer, seep_watch_kind(growth->value)->limits,
			       growth->track.rate.value);
}

void seep_watched_append_killed(struct seep_buffer *buffer,
				const struct seep_watch_process *process)
{
	char unit[SEEP_UNIT_MAX];

	seep_watched_append_name(buffer, process->comm, process->pid);
	seep_buffer_puts(buffer, " was killed by the kernel for want of memory");
	if (process->now.rss_bytes != SEEP_UNKNOWN)
		seep_buffer_printf(buffer, "; it had %s resident",
				   seep_format_bytes(unit, process->now.rss_bytes));
	if (process->num_growths) {
		seep_buffer_puts(buffer, " and grew by ");
		seep_watched_append_rate(buffer, &process->growths[0]);
	} else {
		seep_buffer_puts(buffer, " and did not grow");
	}
	seep_buffer_puts(buffer, " at the last look before.");
}

bool seep_watched_has_deadline(const struct seep_interval *eta_s)
{
	return eta_s->value < YEAR_S;
}

static void append_watched(struct seep_buffer *buffer, const struct seep_watch_view *view)
{
	seep_buffer_printf(buffer, "%zu process%s watched for ", view->num_watched,
			   view->num_watched == 1 ? "" : "es");
	seep_words_append_seconds(buffer, view->elapsed_s);
}

/* "server (PID 12) grows by 50 KiB/s of memory" */
static void append_worst(struct seep_buffer *buffer, const struct seep_watch_process *process)
{
	const struct seep_watch_growth *growth = &process->growths[0];

	seep_watched_append_name(buffer, process->comm, process->pid);
	seep_buffer_puts(buffer, " grows by ");
	seep_watched_append_rate(buffer, growth);
	if (seep_watch_in_bytes(growth->value))
		seep_buffer_printf(buffer, " of %s", seep_watch_kind(growth->value)->text);
	if (seep_watched_has_deadline(&growth->eta_s)) {
		seep_buffer_printf(buffer, ", and %s is used up in ",
				   seep_limit_text(growth->limit));
		seep_words_append_seconds(buffer, growth->eta_s.value);
	}
}

void seep_watched_append_headline(struct seep_buffer *buffer, const struct seep_watch_view *view)
{
	size_t growing = seep_watch_view_num_growing(view);
	size_t leaks = seep_results_num_leaks(view->results);

	if (leaks) {
		seep_words_append_number(buffer, leaks, "trace");
		seep_buffer_puts(buffer, " found a leak. ");
	}
	/* What grows comes first in the list. */
	if (growing) {
		append_worst(buffer, view->growing[0]);
		if (growing > 1) {
			seep_buffer_puts(buffer, "; ");
			seep_words_append_number(buffer, growing - 1, "other");
			seep_buffer_puts(buffer, growing == 2 ? " grows, too" : " grow, too");
		}
	} else if (view->seq < SEEP_RISE_MIN_SAMPLES) {
		/* The first look, before the first view, is one more: so this is one to be sure. */
		seep_buffer_puts(buffer, "Too early to say what grows");
	} else {
		seep_buffer_puts(buffer, "Nothing grows");
	}
	seep_buffer_puts(buffer, ": ");
	append_watched(buffer, view);
	seep_buffer_putc(buffer, '.');
}

void seep_watched_append_cost(struct seep_buffer *buffer, const struct seep_watch_view *view)
{
	if (!view->num_probed)
		seep_buffer_puts(buffer, "No probe in anybody");
	else
		seep_buffer_printf(buffer,
				   "Probed: %" PRIu64 " of %" PRIu64
				   " processes, %u of them now; no probe in any other",
				   view->num_probed, view->num_seen, view->num_traced);
	if (view->cpu_pct >= 0)
		seep_buffer_printf(buffer, ". seep took %.2g %% of the machine's CPU time",
				   view->cpu_pct);
	seep_buffer_putc(buffer, '.');
	if (view->num_unwatched)
		seep_buffer_printf(buffer, " %" PRIu64 " more could not be watched.",
				   view->num_unwatched);
}
