// SPDX-License-Identifier: GPL-2.0-only
#include "text/overhead.h"

#include <inttypes.h>
#include <math.h>

#include "base/units.h"

/* One digit after the point, whatever the locale says. */
static void append_tenths(struct seep_buffer *buffer, double number, const char *unit)
{
	uint64_t tenths = (uint64_t)llround(number * 10);

	seep_buffer_printf(buffer, "%" PRIu64 ".%" PRIu64 "%s", tenths / 10, tenths % 10, unit);
}

/* The limit keeps the tenths far below 2^63; a capture may have any double. */
static bool is_known(double number)
{
	return isfinite(number) && number >= 0 && number < 1e15;
}

static bool traces_any(const struct seep_snapshot *snapshot, uint32_t kinds)
{
	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++) {
		if (kinds & SEEP_KIND_BIT(kind) && snapshot->totals[kind].traced)
			return true;
	}
	return false;
}

/* The kinds that are seen by probes in functions, and those that are seen at system calls. */
static bool has_probes(const struct seep_snapshot *snapshot)
{
	return traces_any(snapshot, SEEP_KINDS_OF_FUNCTIONS);
}

static bool sees_calls(const struct seep_snapshot *snapshot)
{
	return traces_any(snapshot, SEEP_KINDS_OF_CALLS);
}

/* Probes at system calls run for all processes of the machine, so their cost is told apart. */
static void append_calls(struct seep_buffer *note, const struct seep_overhead *overhead)
{
	if (note->length)
		seep_buffer_puts(note, ", ");
	if (is_known(overhead->calls_cpu_pct))
		append_tenths(note, overhead->calls_cpu_pct,
			      " % of a CPU at system calls of all processes");
	else
		seep_buffer_puts(note, "not measured at system calls");
}

/*
 * Shares of a CPU first, then what an event costs, then what seep itself uses. What was not
 * measured is left out, but for the cost in the targets, which is said to be missing.
 */
void seep_text_append_overhead(struct seep_buffer *note, const struct seep_snapshot *snapshot)
{
	const struct seep_overhead *overhead = &snapshot->overhead;
	char unit[SEEP_UNIT_MAX];

	if (is_known(overhead->target_cpu_pct))
		append_tenths(note, overhead->target_cpu_pct, " % of a CPU in the targets");
	else if (has_probes(snapshot))
		seep_buffer_puts(note, "not measured in the targets");
	else if (!sees_calls(snapshot))
		seep_buffer_puts(note, "none in the targets: they are only read");
	if (sees_calls(snapshot))
		append_calls(note, overhead);
	if (is_known(overhead->events_per_s) && has_probes(snapshot))
		seep_buffer_printf(note, ", %s events/s",
				   seep_format_count(unit,
						     (uint64_t)llround(overhead->events_per_s)));
	if (overhead->bpf_ns_per_event != SEEP_UNKNOWN)
		seep_buffer_printf(note, ", %s program",
				   seep_format_duration(unit, overhead->bpf_ns_per_event));
	if (overhead->probe_ns_per_event != SEEP_UNKNOWN)
		seep_buffer_printf(note, " + %s probe each",
				   seep_format_duration(unit, overhead->probe_ns_per_event));
	if (is_known(overhead->seep_cpu_pct)) {
		seep_buffer_puts(note, "; seep itself ");
		append_tenths(note, overhead->seep_cpu_pct, " %");
	}
	if (overhead->seep_rss_bytes != SEEP_UNKNOWN)
		seep_buffer_printf(note, ", %s resident",
				   seep_format_bytes(unit, overhead->seep_rss_bytes));
	if (overhead->map_bytes != SEEP_UNKNOWN)
		seep_buffer_printf(note, ", %s of maps",
				   seep_format_bytes(unit, overhead->map_bytes));
}
