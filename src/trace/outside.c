// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory of the machine, or of the cgroup, grows by whoever uses it. A process is told to be
 * the reason if it makes segments (its sites show that) and those of its user that are new since
 * the trace began are a large part of the growth. Nothing is read before all else points to it.
 */
#include "trace/outside.h"

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/units.h"
#include "proc/segments.h"
#include "report/entries.h"

/* The functions that make or attach segments are among the innermost frames. */
#define FRAMES 8

/* Of the growth of shared memory, what its segments have at least; and they are that many. */
#define LEAST_SHARE 0.5
#define LEAST_COUNT 4

static bool makes_segments(struct seep_symbolizer *symbolizer, const struct seep_site *site)
{
	static const char *const functions[] = {"shm_open", "shmget", "shmat"};

	for (size_t i = 0; i < site->stack->num_frames && i < FRAMES; i++) {
		const char *name = seep_location_function(
					   seep_symbolizer_resolve(symbolizer, site->process->id,
								   site->stack->frames[i]))
					   ->function;

		for (size_t j = 0; name && j < sizeof(functions) / sizeof(functions[0]); j++) {
			if (strcmp(name, functions[j]) == 0)
				return true;
		}
	}
	return false;
}

/* The site of the process that has made most segments; NULL: none makes them. */
static const struct seep_site *find_maker(const struct seep_outside *outside,
					  const struct seep_snapshot *snapshot,
					  const struct seep_process *process)
{
	const struct seep_site *found = NULL;

	for (size_t i = 0; i < snapshot->num_sites; i++) {
		const struct seep_site *site = &snapshot->sites[i];

		if (site->process == process &&
		    (site->kind == SEEP_KIND_FD || site->kind == SEEP_KIND_MAPPING) &&
		    site->counts.allocs >= LEAST_COUNT &&
		    (!found || site->counts.allocs > found->counts.allocs) &&
		    makes_segments(outside->symbolizer, site))
			found = site;
	}
	return found;
}

static bool find_segments(const struct seep_outside *outside, const struct seep_snapshot *snapshot,
			  const struct seep_process *process,
			  const struct seep_process_verdict *verdict, struct seep_cause *ret_cause)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;
	const struct seep_trend *trend = &verdict->parts[SEEP_PROCESS_PART_SYSTEM_SHARED];
	int64_t since_s = (int64_t)((snapshot->utc_ns - snapshot->elapsed_ns) / SEEP_NS_PER_S);
	double grown = trend->slope.value * verdict->observed_s;
	const struct seep_site *maker = find_maker(outside, snapshot, process);
	struct seep_segments segments;

	if (!maker || process->exited || seep_segments_read(process->pid, since_s, &segments) ||
	    segments.count < LEAST_COUNT || (double)segments.bytes < LEAST_SHARE * grown)
		return false;
	*ret_cause = (struct seep_cause){
		.kind = SEEP_CAUSE_SEGMENTS,
		.bytes = (double)segments.bytes,
		.share = fmin(1, (double)segments.bytes / grown),
		.rate = trend->slope,
	};
	seep_buffer_printf(&text, "%llu segments, made by ", (unsigned long long)segments.count);
	seep_entry_append_name(&text, outside->symbolizer, maker, SEEP_CAUSE_NAME_COLUMNS);
	seep_cause_set_owner(ret_cause, &text);
	return true;
}

static void find_descendants(const struct seep_outside *outside, const struct seep_process *process,
			     const struct seep_process_verdict *verdict,
			     struct seep_cause *ret_cause)
{
	SEEP_AUTO_BUFFER struct seep_buffer text = SEEP_BUFFER_INIT;

	*ret_cause = (struct seep_cause){
		.kind = SEEP_CAUSE_DESCENDANTS,
		.bytes = (double)seep_descendants_grown(outside->descendants, process),
		.share = 1,
		.rate = verdict->parts[SEEP_PROCESS_PART_DESCENDANTS].slope,
	};
	seep_descendants_append(&text, outside->descendants, process);
	seep_cause_set_owner(ret_cause, &text);
}

bool seep_outside_find(const struct seep_outside *outside, const struct seep_snapshot *snapshot,
		       const struct seep_process *process,
		       const struct seep_process_verdict *verdict, struct seep_cause *ret_cause)
{
	if (verdict->health != SEEP_HEALTH_STEADY)
		return false;
	if (outside->descendants && verdict->grows[SEEP_PROCESS_PART_DESCENDANTS]) {
		find_descendants(outside, process, verdict, ret_cause);
		return true;
	}
	return verdict->grows[SEEP_PROCESS_PART_SYSTEM_SHARED] &&
	       find_segments(outside, snapshot, process, verdict, ret_cause);
}
