// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each function appends one phrase and nothing around it: no full stop, no space before it. What
 * numbers look like (digits, units, thousands) is decided in base/units.h; here it is decided which
 * number stands for what, by kind or metric, and which word goes with it. A rate from a capture may
 * be any double, so those that no unit has a name for are called unknown.
 */
#include "report/words.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"

/* A rate below one in a second is told by the hour, as in the evidence. */
#define HOUR_S 3600.0

/* Below 2^63, so that llround has a result. */
#define NUMBER_MAX 1e18

/* A share is cut, not rounded, to a tenth of a percent. */
#define PERCENT_DECIMAL 1000

/* What is seen of a process may be far less; in millionths. */
#define MILLION 1000000

/* Percent of the CPU time of a process: less is not worth a line. */
#define COST_WORTH_A_LINE 1.0

/* English only: an "s", or "es" behind one. */
void seep_words_append_number(struct seep_buffer *buffer, uint64_t count, const char *noun)
{
	size_t length = strlen(noun);
	const char *plural = length && noun[length - 1] == 's' ? "es" : "s";
	char text[SEEP_UNIT_MAX];

	seep_buffer_printf(buffer, "%s %s%s", seep_format_count(text, count), noun,
			   count == 1 ? "" : plural);
}

/*
 * Bytes and objects for kinds with bytes; for the others the number, and for threads their stacks.
 */
void seep_words_append_amount(struct seep_buffer *buffer, enum seep_kind kind, uint64_t bytes,
			      uint64_t objects, bool estimated)
{
	char unit[SEEP_UNIT_MAX];

	if (!seep_kind_is_counted(kind))
		seep_buffer_printf(buffer, "%s%s in ", seep_words_mark(estimated),
				   seep_format_bytes(unit, bytes));
	seep_buffer_puts(buffer, seep_words_mark(estimated));
	seep_words_append_number(buffer, objects, seep_kind_noun(kind));
	if (kind == SEEP_KIND_THREAD && bytes > 0)
		seep_buffer_printf(buffer, " with %s of stack", seep_format_bytes(unit, bytes));
}

/* "+1,234", "-3", "0". */
static void append_signed(struct seep_buffer *buffer, int64_t number)
{
	char unit[SEEP_UNIT_MAX];
	/* Negated as unsigned: INT64_MIN has no positive counterpart. */
	uint64_t size = number < 0 ? -(uint64_t)number : (uint64_t)number;

	if (number)
		seep_buffer_putc(buffer, number < 0 ? '-' : '+');
	seep_buffer_puts(buffer, seep_format_count(unit, size));
}

/* By bytes or by objects, never both: the text report has a line for a site. */
void seep_words_append_change(struct seep_buffer *buffer, enum seep_kind kind, int64_t bytes,
			      int64_t objects, bool estimated)
{
	char unit[SEEP_UNIT_MAX];

	if (seep_kind_is_counted(kind) ? !objects : !bytes) {
		seep_buffer_puts(buffer, "unchanged");
		return;
	}
	seep_buffer_puts(buffer, seep_words_mark(estimated));
	if (seep_kind_is_counted(kind))
		append_signed(buffer, objects);
	else
		seep_buffer_puts(buffer, seep_format_bytes_change(unit, bytes));
}

void seep_words_append_difference(struct seep_buffer *buffer, enum seep_kind kind, int64_t bytes,
				  int64_t objects, uint64_t span_ns, bool estimated)
{
	const char *mark = seep_words_mark(estimated);
	bool counted = seep_kind_is_counted(kind);
	char unit[SEEP_UNIT_MAX];

	if (!counted)
		seep_buffer_printf(buffer, "%s%s in ", mark, seep_format_bytes_change(unit, bytes));
	seep_buffer_puts(buffer, mark);
	append_signed(buffer, objects);
	seep_buffer_printf(buffer, " %s%s", seep_kind_noun(kind),
			   objects == 1 || objects == -1 ? "" : "s");
	/* Without a span, or without a change, there is no rate to tell. */
	if (!span_ns || !(counted ? objects : bytes))
		return;
	seep_buffer_printf(buffer, ", %s", mark);
	if (counted)
		append_signed(buffer, seep_change_per_hour(objects, span_ns));
	else
		seep_buffer_puts(buffer, seep_format_bytes_change(
						 unit, seep_change_per_hour(bytes, span_ns)));
	seep_buffer_puts(buffer, " per hour");
}

void seep_words_append_value(struct seep_buffer *buffer, enum seep_metric metric, uint64_t value)
{
	char text[SEEP_UNIT_MAX];

	if (metric == SEEP_METRIC_LIVE_BYTES || metric == SEEP_METRIC_ALLOC_BYTES)
		seep_buffer_puts(buffer, seep_format_bytes(text, value));
	else
		seep_words_append_number(buffer, value, "object");
}

/* Two significant digits of a small number, whatever the locale says. */
static void append_small_count(struct seep_buffer *buffer, double number)
{
	char text[SEEP_UNIT_MAX];
	uint64_t tenths = (uint64_t)llround(number * 10);

	if (number >= 10 || tenths % 10 == 0)
		seep_buffer_puts(buffer, seep_format_count(text, (uint64_t)llround(number)));
	else
		seep_buffer_printf(buffer, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

void seep_words_append_rate(struct seep_buffer *buffer, enum seep_kind kind, double per_s)
{
	double size = fabs(per_s);
	/* Slow growth in bytes per second would be 0; by the hour it has digits. */
	bool hourly = size < 1;
	char text[SEEP_UNIT_MAX];

	if (isnan(per_s) || size > NUMBER_MAX) {
		seep_buffer_puts(buffer, "an unknown rate");
		return;
	}
	size *= hourly ? HOUR_S : 1;
	if (per_s < 0)
		seep_buffer_putc(buffer, '-');
	if (seep_kind_is_counted(kind)) {
		append_small_count(buffer, size);
		seep_buffer_printf(buffer, " %ss", seep_kind_noun(kind));
	} else {
		seep_buffer_puts(buffer, seep_format_bytes(text, (uint64_t)llround(size)));
	}
	seep_buffer_puts(buffer, hourly ? "/h" : "/s");
}

void seep_words_append_rate_of(struct seep_buffer *buffer, const struct seep_site *site,
			       double per_s)
{
	if (site->sampling && !isnan(per_s))
		seep_buffer_puts(buffer, "about ");
	seep_words_append_rate(buffer, site->kind, per_s);
}

void seep_words_append_rate_interval(struct seep_buffer *buffer, enum seep_kind kind,
				     const struct seep_interval *rate)
{
	seep_words_append_rate(buffer, kind, rate->value);
	if (!isfinite(rate->low) || !isfinite(rate->high))
		return;
	seep_buffer_puts(buffer, " (95 %: ");
	seep_words_append_rate(buffer, kind, rate->low);
	seep_buffer_puts(buffer, " to ");
	seep_words_append_rate(buffer, kind, rate->high);
	seep_buffer_putc(buffer, ')');
}

/* Appends nothing for a negative number or NAN. */
void seep_words_append_seconds(struct seep_buffer *buffer, double seconds)
{
	char text[SEEP_UNIT_MAX];

	if (isinf(seconds))
		seep_buffer_puts(buffer, "ever");
	else if (seconds >= 0)
		seep_buffer_puts(buffer, seep_format_seconds(text, seconds));
}

void seep_words_append_share(struct seep_buffer *buffer, double share)
{
	char text[SEEP_UNIT_MAX];

	seep_buffer_puts(buffer, seep_format_percent(text, (uint64_t)(share * PERCENT_DECIMAL),
						     PERCENT_DECIMAL));
}

bool seep_words_has_tracing(const struct seep_process *process)
{
	/* A NAN is not known. */
	return seep_process_in_windows(process) || process->probes_cpu_pct >= COST_WORTH_A_LINE;
}

/* From 0 to 1. */
static void append_part(struct seep_buffer *buffer, double part)
{
	char text[SEEP_UNIT_MAX];

	seep_buffer_puts(buffer,
			 seep_format_percent(text, (uint64_t)llround(part * MILLION), MILLION));
}

void seep_words_append_tracing(struct seep_buffer *buffer, const struct seep_process *process)
{
	double seen = process->seen_share, cost = process->probes_cpu_pct / 100;

	if (process->mode == SEEP_TRACING_WINDOWS)
		seep_buffer_puts(buffer, "traced in windows");
	else if (process->mode == SEEP_TRACING_BYTES)
		seep_buffer_puts(buffer, "a sample of its blocks tracked");
	else if (process->sampled)
		seep_buffer_puts(buffer, "traced in windows for a time, in full now");
	else
		seep_buffer_puts(buffer, "traced in full");
	if (seep_process_in_windows(process) && seen >= 0 && seen <= 1) {
		seep_buffer_puts(buffer, ", ");
		append_part(buffer, seen);
		seep_buffer_puts(buffer, " of its calls seen");
	}
	if (cost >= 0 && cost <= 1) {
		seep_buffer_puts(buffer, ", the probes take ");
		append_part(buffer, cost);
		seep_buffer_puts(buffer, " of its CPU time");
	}
}

void seep_words_append_scope_of(struct seep_buffer *buffer, const char *type, const char *value,
				size_t columns)
{
	static const struct {
		const char *type, *words;
	} types[] = {{"pid", "PID "}, {"comm", "command name "}};
	const char *words = NULL;

	if (strcmp(type, "all") == 0) {
		seep_buffer_puts(buffer, "the whole machine");
		return;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i].type) == 0)
			words = types[i].words;
	}
	/* "cgroup" and "command" are words. */
	if (words)
		seep_buffer_puts(buffer, words);
	else
		seep_buffer_printf(buffer, "%s ", type);
	seep_text_append_clean_elided(buffer, value, columns);
}

void seep_words_append_scope(struct seep_buffer *buffer, const struct seep_snapshot *snapshot,
			     size_t columns)
{
	seep_words_append_scope_of(buffer, snapshot->scope_type, snapshot->scope_value, columns);
}
