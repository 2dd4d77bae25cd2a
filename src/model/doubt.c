// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes two traces hard to compare. Each doubt is one condition on the two snapshots, and the
 * result has a bit for each that holds; compare.c adds those that show only in the changes.
 */
#include "model/doubt.h"

#include "base/numbers.h"

/* One may be this much longer than the other before it is worth a word: a tenth. */
#define LENGTH_SHARE 10

static const char *const doubt_keys[] = {
#define SEEP_DOUBT_KEY(name, key) key,
	SEEP_DOUBTS(SEEP_DOUBT_KEY)
#undef SEEP_DOUBT_KEY
};

const char *seep_doubt_key(enum seep_doubt doubt)
{
	return doubt_keys[doubt];
}

/* By more than a tenth of the shorter one. */
static bool lengths_differ(uint64_t a, uint64_t b)
{
	uint64_t shorter = a < b ? a : b;

	return seep_distance(a, b) > shorter / LENGTH_SHARE;
}

/* Processes that ran already when they were attached: what they had before is not known. */
static size_t num_late(const struct seep_snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->num_processes; i++)
		count += snapshot->processes[i].attached_late;
	return count;
}

uint32_t seep_doubts_find(const struct seep_snapshot *before, const struct seep_snapshot *after,
			  uint32_t wanted)
{
	const bool found[SEEP_DOUBT_COUNT] = {
		[SEEP_DOUBT_KINDS] =
			(seep_snapshot_kinds(before) ^ seep_snapshot_kinds(after)) & wanted,
		[SEEP_DOUBT_MIN_AGE] = before->min_age_ns != after->min_age_ns,
		[SEEP_DOUBT_MIN_SIZE] = before->min_size_bytes != after->min_size_bytes,
		[SEEP_DOUBT_MAX_SIZE] = before->max_size_bytes != after->max_size_bytes,
		[SEEP_DOUBT_LENGTH] = lengths_differ(before->elapsed_ns, after->elapsed_ns),
		/*
		 * Whether there are any, not how many: PIDs and numbers of processes differ anyway.
		 */
		[SEEP_DOUBT_ATTACHED] = !num_late(before) != !num_late(after),
		[SEEP_DOUBT_PROCESSES] = before->num_processes != after->num_processes,
	};
	uint32_t doubts = 0;

	for (int i = 0; i < SEEP_DOUBT_COUNT; i++)
		doubts |= found[i] ? 1u << i : 0;
	return doubts;
}
