// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both snapshots have their sites sorted by what identifies them, and are walked side by side; a
 * site that only the later one has counts from zero. Called by the commands for --since, once; the
 * result points into the later snapshot, and has one copy of its sites and processes.
 */
#include "model/since.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/numbers.h"
#include "model/sampling.h"

/* The later snapshot with arrays of its own; what these point to is still that of the later one. */
struct seep_since {
	struct seep_snapshot snapshot;
	struct seep_process *processes;
	struct seep_site *sites;
	struct seep_sampling *sampling; /* of the sites, by where they stood in the later one */
};

/* Within a trace a site is a stack in a process. */
static int compare_sites(const struct seep_site *a, const struct seep_site *b)
{
	int result = seep_order(a->process->id, b->process->id);

	if (result == 0)
		result = seep_order(a->kind, b->kind);
	if (result == 0)
		result = seep_order(a->stack->hash, b->stack->hash);
	return result ? result : seep_order(a->id, b->id);
}

static int compare_pointers(const void *left, const void *right)
{
	return compare_sites(*(const struct seep_site *const *)left,
			     *(const struct seep_site *const *)right);
}

/* The sites of a snapshot in the order of compare_sites; the caller frees them. */
static const struct seep_site **new_order(const struct seep_snapshot *snapshot)
{
	const struct seep_site **sites = calloc(snapshot->num_sites + 1, sizeof(*sites));

	if (!sites)
		return NULL;
	for (size_t i = 0; i < snapshot->num_sites; i++)
		sites[i] = &snapshot->sites[i];
	qsort(sites, snapshot->num_sites, sizeof(*sites), compare_pointers);
	return sites;
}

/* Of a counter; the file of a stranger may have one that falls. */
static uint64_t gain(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

/* Of what may be unknown, and then stays so. */
static uint64_t gain_of_known(uint64_t now, uint64_t then)
{
	return now == SEEP_UNKNOWN || then == SEEP_UNKNOWN ? now : gain(now, then);
}

static void subtract_counts(struct seep_counts *counts, const struct seep_counts *then)
{
	counts->allocs = gain(counts->allocs, then->allocs);
	counts->frees = gain(counts->frees, then->frees);
	counts->alloc_bytes = gain(counts->alloc_bytes, then->alloc_bytes);
	counts->free_bytes = gain(counts->free_bytes, then->free_bytes);
}

/* @then: the same site, or one with nothing if it was not there. */
static void subtract(struct seep_site *site, const struct seep_site *then, uint64_t span_ns)
{
	subtract_counts(&site->counts, &then->counts);
	/* The changes first: they need the numbers of now, which the lines below replace. */
	site->live_bytes_change = (int64_t)(site->live_bytes - then->live_bytes);
	site->live_objects_change = (int64_t)(site->live_objects - then->live_objects);
	site->live_bytes = gain(site->live_bytes, then->live_bytes);
	site->live_objects = gain(site->live_objects, then->live_objects);
	for (size_t i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		site->lifetimes[i] = gain(site->lifetimes[i], then->lifetimes[i]);
		/*
		 * Ages are those of all live objects; which of them were allocated since is not
		 * known.
		 */
		site->ages[i] = 0;
	}
	site->ages_known = false;
	site->details = NULL;
	/* The clock of a process that has ended stands still. */
	if (site->oldest_ns > span_ns || site->process->exited)
		site->oldest_ns = SEEP_UNKNOWN;
}

/*
 * Windows since then are independent of those before, so variances of what was counted in both are
 * subtracted.
 */
static double error_since(double now, double then)
{
	return sqrt(fmax(now * now - then * then, 0));
}

/*
 * What is live hangs together at both moments, by an amount that is not known; the root of the sum
 * is at least the error of the difference. The share that stays is that of the whole trace.
 */
static const struct seep_sampling *sampling_since(struct seep_sampling *sampling,
						  const struct seep_sampling *now,
						  const struct seep_sampling *then)
{
	static const struct seep_sampling exact;

	then = then ? then : &exact;
	*sampling = *now;
	sampling->seen_objects = gain(now->seen_objects, then->seen_objects);
	sampling->allocs_error = error_since(now->allocs_error, then->allocs_error);
	sampling->alloc_bytes_error = error_since(now->alloc_bytes_error, then->alloc_bytes_error);
	sampling->live_objects_error = hypot(now->live_objects_error, then->live_objects_error);
	sampling->live_bytes_error = hypot(now->live_bytes_error, then->live_bytes_error);
	for (size_t i = 0; i < SEEP_LIFETIME_BUCKETS; i++) {
		sampling->lifetimes[i] = gain(now->lifetimes[i], then->lifetimes[i]);
		sampling->ages[i] = 0; /* as those of the site */
	}
	return sampling;
}

/* Live bytes may change although no counter does, so these are asked for as well. */
static bool has_anything(const struct seep_site *site)
{
	return site->counts.allocs || site->counts.frees || site->counts.alloc_bytes ||
	       site->counts.free_bytes || site->live_bytes_change || site->live_objects_change;
}

/* Sites that only the earlier snapshot has are passed over: they are not in the later one. */
static void fill_sites(struct seep_since *since, const struct seep_snapshot *now,
		       const struct seep_site *const *sites,
		       const struct seep_site *const *then_sites, size_t num_then)
{
	static const struct seep_site nothing;
	size_t count = 0, j = 0;

	for (size_t i = 0; i < now->num_sites; i++) {
		struct seep_site *site = &since->sites[count];
		const struct seep_site *then = &nothing;

		/* Both lists ascend, so each is walked once. */
		while (j < num_then && compare_sites(then_sites[j], sites[i]) < 0)
			j++;
		if (j < num_then && compare_sites(then_sites[j], sites[i]) == 0)
			then = then_sites[j++];
		*site = *sites[i];
		/* The copy points to the copy of its process, at the same index. */
		site->process = &since->processes[site->process - now->processes];
		subtract(site, then, since->snapshot.interval_ns);
		if (site->sampling)
			site->sampling =
				sampling_since(&since->sampling[i], site->sampling, then->sampling);
		/* A site at which nothing happened is overwritten by the next one. */
		count += has_anything(site);
	}
	since->snapshot.num_sites = count;
	seep_sites_sort(since->sites, count);
}

static const struct seep_process *find_process(const struct seep_snapshot *snapshot, uint32_t id)
{
	for (size_t i = 0; i < snapshot->num_processes; i++)
		if (snapshot->processes[i].id == id)
			return &snapshot->processes[i];
	return NULL;
}

/* @then: the same process, or NULL if it was not there. */
static void subtract_unmatched(struct seep_process *process, const struct seep_process *then)
{
	if (!then)
		return;
	process->unmatched_frees = gain_of_known(process->unmatched_frees, then->unmatched_frees);
	process->unmatched_free_bytes =
		gain_of_known(process->unmatched_free_bytes, then->unmatched_free_bytes);
	process->unmatched_frees_unsized =
		gain_of_known(process->unmatched_frees_unsized, then->unmatched_frees_unsized);
}

/*
 * Counters of the snapshot as a whole; those that either side does not know stay as they are now.
 */
static void fill_head(struct seep_snapshot *snapshot, const struct seep_snapshot *then)
{
	snapshot->since_ns = then->elapsed_ns;
	snapshot->since_utc_ns = then->utc_ns;
	snapshot->interval_ns = snapshot->elapsed_ns - then->elapsed_ns;
	for (int i = 0; i < SEEP_LOSS_COUNT; i++)
		snapshot->losses[i] = gain_of_known(snapshot->losses[i], then->losses[i]);
	for (int i = 0; i < SEEP_END_COUNT; i++)
		snapshot->ends[i] = gain_of_known(snapshot->ends[i], then->ends[i]);
	snapshot->overhead.events = gain_of_known(snapshot->overhead.events, then->overhead.events);
}

/*
 * Copies the later snapshot, then subtracts the earlier one. 0 or -ENOMEM; since is freed by the
 * caller in either case.
 */
static int fill(struct seep_since *since, const struct seep_snapshot *now,
		const struct seep_snapshot *then)
{
	/* Pointers are sorted, not sites: both snapshots stay as they are. */
	SEEP_AUTO_FREE const struct seep_site **sites = new_order(now);
	SEEP_AUTO_FREE const struct seep_site **then_sites = new_order(then);

	since->processes = calloc(now->num_processes + 1, sizeof(*since->processes));
	since->sites = calloc(now->num_sites + 1, sizeof(*since->sites));
	since->sampling = calloc(now->num_sites + 1, sizeof(*since->sampling));
	if (!sites || !then_sites || !since->processes || !since->sites || !since->sampling)
		return -ENOMEM;
	since->snapshot = *now;
	since->snapshot.processes = since->processes;
	since->snapshot.sites = since->sites;
	for (size_t i = 0; i < now->num_processes; i++) {
		since->processes[i] = now->processes[i];
		subtract_unmatched(&since->processes[i], find_process(then, now->processes[i].id));
	}
	/*
	 * The head first: fill_sites needs the interval that it sets, to tell which objects are
	 * older.
	 */
	fill_head(&since->snapshot, then);
	fill_sites(since, now, sites, then_sites, then->num_sites);
	/* Sums are of the differences, not of what is live now. */
	seep_snapshot_sum(since->processes, now->num_processes, since->sites,
			  since->snapshot.num_sites, since->snapshot.totals);
	return 0;
}

int seep_since_new(const struct seep_snapshot *now, const struct seep_snapshot *then,
		   struct seep_since **ret_since)
{
	struct seep_since *since = calloc(1, sizeof(*since));

	if (!since || fill(since, now, then)) {
		seep_since_free(since);
		return -ENOMEM;
	}
	*ret_since = since;
	return 0;
}

void seep_since_free(struct seep_since *since)
{
	if (!since)
		return;
	free(since->processes);
	free(since->sites);
	free(since->sampling);
	free(since);
}

const struct seep_snapshot *seep_since_snapshot(const struct seep_since *since)
{
	return &since->snapshot;
}
