// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figures may come from a process or a capture that makes them up, so each is any number: what
 * no unit has a name for is left out.
 */
#include "report/go_words.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "model/snapshot.h"
#include "report/words.h"

/* "devel go1.25-0123456789" */
#define VERSION_COLUMNS 24

/* With GOGC=off the runtime's goal is a number next to the largest one. */
#define GOAL_MAX_BYTES (1ULL << 60)

/* Of the CPU time of the process: less is usual. */
#define CPU_WORTH_A_WORD 0.05

#define PER_HOUR    60.0
#define RATE_MAX    1e9
#define RATE_DIGITS 10 /* tenths */

static void append_bytes(struct seep_buffer *buffer, const char *before, uint64_t bytes,
			 const char *behind)
{
	char unit[SEEP_UNIT_MAX];

	if (bytes != SEEP_UNKNOWN)
		seep_buffer_printf(buffer, "%s%s%s", before, seep_format_bytes(unit, bytes),
				   behind);
}

void seep_go_words_append_heap(struct seep_buffer *buffer, const struct seep_go_figures *figures)
{
	const uint64_t *memstats = figures->memstats;
	uint64_t mapped = memstats[SEEP_MEMSTAT_HEAP_SYS];
	uint64_t released = memstats[SEEP_MEMSTAT_HEAP_RELEASED];
	uint64_t goal = memstats[SEEP_MEMSTAT_NEXT_GC];
	const char *version = figures->version;

	if (strncmp(version, "go", 2) == 0)
		version += 2;
	seep_text_append_clean_elided(buffer, version, VERSION_COLUMNS);
	append_bytes(buffer, ": heap ", memstats[SEEP_MEMSTAT_HEAP_ALLOC], " live");
	if (mapped != SEEP_UNKNOWN && released <= mapped)
		append_bytes(buffer, ", ", mapped - released, " held");
	if (goal < GOAL_MAX_BYTES)
		append_bytes(buffer, ", collects at ", goal, "");
	else if (figures->gogc < 0)
		seep_buffer_puts(buffer, ", GOGC is off");
}

/* "1.3 per minute", and what is rarer by the hour. Made from integers: %f would ask the locale. */
static void append_rate(struct seep_buffer *buffer, double per_min)
{
	const char *unit = "minute";
	uint64_t tenths;

	if (!isfinite(per_min) || per_min <= 0 || per_min > RATE_MAX)
		return;
	if (per_min < 1) {
		per_min *= PER_HOUR;
		unit = "hour";
	}
	tenths = (uint64_t)llround(per_min * RATE_DIGITS);
	seep_buffer_printf(buffer, ", %" PRIu64 ".%" PRIu64 " per %s", tenths / RATE_DIGITS,
			   tenths % RATE_DIGITS, unit);
}

void seep_go_words_append_collections(struct seep_buffer *buffer,
				      const struct seep_go_figures *figures)
{
	uint64_t count = figures->memstats[SEEP_MEMSTAT_NUM_GC];
	uint64_t pauses_ns = figures->memstats[SEEP_MEMSTAT_PAUSE_TOTAL_NS];
	char time[SEEP_UNIT_MAX];

	append_bytes(buffer, "limit ", figures->gomemlimit_bytes, "; ");
	if (count == 0 || count == SEEP_UNKNOWN) {
		seep_buffer_puts(buffer, "no collection yet");
		return;
	}
	seep_words_append_number(buffer, count, "collection");
	append_rate(buffer, figures->collections_per_min);
	if (pauses_ns != SEEP_UNKNOWN)
		seep_buffer_printf(buffer, ", paused %s each",
				   seep_format_duration(time, pauses_ns / count));
	/* NAN is not known. */
	if (figures->gc_cpu_fraction >= CPU_WORTH_A_WORD && figures->gc_cpu_fraction <= 1) {
		seep_buffer_puts(buffer, ", ");
		seep_words_append_share(buffer, figures->gc_cpu_fraction);
		seep_buffer_puts(buffer, " of its CPU time");
	}
}
