// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sums and orders of snapshots. seep_snapshot_sum goes over all sites once, for the process and for
 * the trace; both the engine and the loader of captures call it when sites are complete.
 */
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "model/sampling.h"

void seep_counts_add(struct seep_counts *sum, const struct seep_counts *counts)
{
	sum->allocs += counts->allocs;
	sum->frees += counts->frees;
	sum->alloc_bytes += counts->alloc_bytes;
	sum->free_bytes += counts->free_bytes;
}

uint64_t seep_site_metric(const struct seep_site *site, enum seep_metric metric)
{
	switch (metric) {
	case SEEP_METRIC_LIVE_BYTES:
		return site->live_bytes;
	case SEEP_METRIC_LIVE_OBJECTS:
		return site->live_objects;
	case SEEP_METRIC_ALLOC_BYTES:
		return site->counts.alloc_bytes;
	case SEEP_METRIC_ALLOC_OBJECTS:
		return site->counts.allocs;
	case SEEP_METRIC_COUNT:
		break;
	}
	return 0;
}

double seep_site_variance(const struct seep_site *site, enum seep_metric metric)
{
	const struct seep_sampling *sampling = site->sampling;
	double error = 0;

	if (!sampling)
		return 0;
	switch (metric) {
	case SEEP_METRIC_LIVE_BYTES:
		error = sampling->live_bytes_error;
		break;
	case SEEP_METRIC_LIVE_OBJECTS:
		error = sampling->live_objects_error;
		break;
	case SEEP_METRIC_ALLOC_BYTES:
		error = sampling->alloc_bytes_error;
		break;
	case SEEP_METRIC_ALLOC_OBJECTS:
		error = sampling->allocs_error;
		break;
	case SEEP_METRIC_COUNT:
		break;
	}
	return error * error;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* The most live bytes first. The ids at the end make the order the same in each run. */
static int compare_sites(const void *left, const void *right)
{
	const struct seep_site *a = left;
	const struct seep_site *b = right;
	int order = compare(b->live_bytes, a->live_bytes);

	if (order == 0)
		order = compare(b->live_objects, a->live_objects);
	if (order == 0)
		order = compare(b->counts.alloc_bytes, a->counts.alloc_bytes);
	if (order == 0)
		order = compare(a->id, b->id);
	if (order == 0) /* workers of one server share the ids of their sites */
		order = compare(a->process->id, b->process->id);
	return order;
}

void seep_sites_sort(struct seep_site *sites, size_t num_sites)
{
	/* qsort must not get NULL, which an empty snapshot may have. */
	if (num_sites > 0)
		qsort(sites, num_sites, sizeof(*sites), compare_sites);
}

uint32_t seep_snapshot_kinds(const struct seep_snapshot *snapshot)
{
	uint32_t kinds = 0;

	for (int kind = 0; kind < SEEP_KIND_COUNT; kind++)
		kinds |= snapshot->totals[kind].traced ? SEEP_KIND_BIT(kind) : 0;
	return kinds;
}

size_t seep_snapshot_num_kinds(const struct seep_snapshot *snapshot)
{
	size_t count = 0;

	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++)
		count += snapshot->totals[kind].traced;
	return count;
}

static void totals_add(struct seep_totals *totals, const struct seep_site *site)
{
	seep_counts_add(&totals->counts, &site->counts);
	totals->live_objects += site->live_objects;
	totals->live_bytes += site->live_bytes;
	totals->estimated |= site->sampling != NULL;
}

bool seep_snapshot_is_sampled(const struct seep_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->num_processes; i++) {
		if (snapshot->processes[i].sampled)
			return true;
	}
	return false;
}

const char *seep_tracing_mode_key(enum seep_tracing_mode mode)
{
	static const char *const keys[] = {
#define SEEP_TRACING_MODE_KEY(name, key) key,
		SEEP_TRACING_MODES(SEEP_TRACING_MODE_KEY)
#undef SEEP_TRACING_MODE_KEY
	};

	return keys[mode];
}

void seep_snapshot_sum(struct seep_process *processes, size_t num_processes,
		       const struct seep_site *sites, size_t num_sites, struct seep_totals *totals)
{
	for (size_t kind = 0; kind < SEEP_KIND_COUNT; kind++)
		/* Which kinds are traced stays: it is a property of the trace, not a sum. */
		totals[kind] = (struct seep_totals){.traced = totals[kind].traced};
	for (size_t i = 0; i < num_processes; i++)
		/* A process has the same traced kinds, and nothing yet. */
		memcpy(processes[i].totals, totals, sizeof(processes[i].totals));

	for (size_t i = 0; i < num_sites; i++) {
		const struct seep_site *site = &sites[i];

		totals_add(&processes[site->process - processes].totals[site->kind], site);
		totals_add(&totals[site->kind], site);
	}
}

/*
 * The outermost frame says it, as a frame of the special file SEEP_FILE_ORIGIN. A stack without
 * frames has no origin.
 */
int seep_origin_of(const struct seep_stack *stack)
{
	uint64_t last = stack->num_frames ? stack->frames[stack->num_frames - 1] : SEEP_FRAME_RAW;

	if (last & SEEP_FRAME_RAW || SEEP_FRAME_FILE(last) != SEEP_FILE_ORIGIN ||
	    SEEP_FRAME_OFFSET(last) >= SEEP_ORIGIN_COUNT)
		return -1;
	return (int)SEEP_FRAME_OFFSET(last);
}
