// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which snapshots to give up: those beyond keep_ns, and those that are followed by another one in
 * the same span of time, whose length grows with the age. Spans lie at multiples of their length on
 * the time axis of the capture, so what is left lies evenly.
 */
#include "store/thinning.h"

#include <stdbool.h>

/* How far apart snapshots of this age are; 0: as they came. */
static uint64_t span_of(uint64_t age_ns)
{
	static const struct {
		uint64_t age_ns;
		uint64_t span_ns;
	} steps[] = {
#define STEP(age, span) {age, span},
		SEEP_THINNING(STEP)
#undef STEP
	};
	uint64_t span_ns = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (age_ns >= steps[i].age_ns)
			span_ns = steps[i].span_ns;
	}
	return span_ns;
}

/* The next one of the same run lies in the same span. */
static bool stands_close(const struct seep_instant *instant, uint64_t age_ns)
{
	const struct seep_instant *next = instant + 1;
	uint64_t span_ns = span_of(age_ns);

	return span_ns && next->run == instant->run &&
	       next->time_ns / span_ns == instant->time_ns / span_ns;
}

size_t seep_thinning_choose(const struct seep_instant *instants, size_t count, uint64_t keep_ns,
			    size_t *ret_indexes, size_t max)
{
	/* Now is the last snapshot, which is never chosen. */
	uint64_t now_ns = count ? instants[count - 1].time_ns : 0;
	size_t chosen = 0;

	for (size_t i = 0; i + 1 < count && chosen < max; i++) {
		uint64_t time_ns = instants[i].time_ns;
		uint64_t age_ns = time_ns < now_ns ? now_ns - time_ns : 0;

		if ((keep_ns && age_ns > keep_ns) || stands_close(&instants[i], age_ns))
			ret_indexes[chosen++] = i;
	}
	return chosen;
}
