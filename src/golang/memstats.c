// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the figures follow from the runtime's counters: readmemstats_m in mstats.go, heapGoalInternal
 * and memoryLimitHeapGoal in mgcpacer.go. Objects that processors have not yet counted are counted
 * here (memstats_caches.c); while they are, the counters may go on, so that is tried ROUNDS times.
 */
#include "golang/memstats.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "golang/memstats_private.h"
#include "model/snapshot.h"

#define ROUNDS 3

/* Go 1.18 counts in another way. */
#define MINOR_FIRST 19

/* Of mgcpacer.go: how far the goal of the collector is behind its trigger, and before the limit. */
#define RUNWAY_BYTES	 (64u << 10)
#define HEADROOM_MIN	 (1u << 20)
#define HEADROOM_PERCENT 3
#define HEADROOM_SINCE	 21 /* of the percentage */

/* What is read together. */
struct memstats_reading {
	const struct seep_go *go;
	bool proven; /* the counters have added up before */
	uint64_t *procs;
	size_t num_procs; /* 0: not known */
	struct seep_go_counters counters;
	uint64_t alloc_bytes;
	uint64_t free_bytes;
};

/* The room that the goal leaves below the limit. */
static uint64_t headroom(const struct memstats_reading *reading, uint64_t goal)
{
	uint64_t room = goal / 100 * HEADROOM_PERCENT;

	if (reading->go->program.minor < HEADROOM_SINCE || room < HEADROOM_MIN)
		return HEADROOM_MIN;
	return room;
}

/* The goal that GOMEMLIMIT sets: what the limit leaves for the heap. */
static uint64_t limit_goal(const struct memstats_reading *reading)
{
	const struct seep_go_counters *counters = &reading->counters;
	uint64_t limit = (uint64_t)counters->settings.limit_bytes;
	uint64_t ready = counters->heap.mapped_ready;
	uint64_t in_heap = counters->heap.free + reading->alloc_bytes - reading->free_bytes;
	uint64_t besides = ready > in_heap ? ready - in_heap : 0;
	uint64_t overage = ready > limit ? ready - limit : 0, goal, room;

	if (besides + overage >= limit)
		return counters->marked_bytes;
	goal = limit - besides - overage;
	room = headroom(reading, goal);
	goal = goal < 2 * room ? room : goal - room;
	return goal > counters->marked_bytes ? goal : counters->marked_bytes;
}

/* The heap at which the collection that comes next is to end. */
static uint64_t next_collection(const struct memstats_reading *reading)
{
	const struct seep_go_goal *said = &reading->counters.goal;
	uint64_t limited = limit_goal(reading), goal = said->percent_goal_bytes;

	if (limited < goal)
		return limited;
	if (said->sweep_minimum_bytes > goal)
		goal = said->sweep_minimum_bytes;
	if (said->triggered_bytes != UINT64_MAX && goal < said->triggered_bytes + RUNWAY_BYTES)
		goal = said->triggered_bytes + RUNWAY_BYTES;
	return goal;
}

static uint64_t sum(const uint64_t counts[SEEP_GO_SIZE_CLASSES])
{
	uint64_t total = 0;

	for (size_t i = 0; i < SEEP_GO_SIZE_CLASSES; i++)
		total += counts[i];
	return total;
}

static void fill_objects(const struct memstats_reading *reading, uint64_t *memstats)
{
	const struct seep_go_objects *objects = &reading->counters.objects;
	uint64_t live_bytes = reading->alloc_bytes - reading->free_bytes;

	memstats[SEEP_MEMSTAT_ALLOC] = live_bytes;
	memstats[SEEP_MEMSTAT_TOTAL_ALLOC] = reading->alloc_bytes;
	memstats[SEEP_MEMSTAT_LOOKUPS] = 0; /* of runtimes that have long gone */
	/* Tiny objects share a block, which counts too; they count as made and released. */
	memstats[SEEP_MEMSTAT_MALLOCS] =
		sum(objects->small_allocs) + objects->large_allocs + objects->tiny_allocs;
	memstats[SEEP_MEMSTAT_FREES] =
		sum(objects->small_frees) + objects->large_frees + objects->tiny_allocs;
	memstats[SEEP_MEMSTAT_HEAP_ALLOC] = live_bytes;
	memstats[SEEP_MEMSTAT_HEAP_OBJECTS] =
		memstats[SEEP_MEMSTAT_MALLOCS] - memstats[SEEP_MEMSTAT_FREES];
}

static void fill_memory(const struct memstats_reading *reading, uint64_t *memstats)
{
	const struct seep_go_counters *counters = &reading->counters;
	const struct seep_go_mapped *mapped = &counters->mapped;
	const struct seep_go_heap *heap = &counters->heap;

	memstats[SEEP_MEMSTAT_HEAP_INUSE] = heap->in_use;
	memstats[SEEP_MEMSTAT_HEAP_RELEASED] = heap->released;
	memstats[SEEP_MEMSTAT_HEAP_IDLE] = heap->free + heap->released;
	memstats[SEEP_MEMSTAT_HEAP_SYS] = heap->in_use + heap->free + heap->released;
	memstats[SEEP_MEMSTAT_STACK_INUSE] = counters->spans.in_stacks;
	memstats[SEEP_MEMSTAT_STACK_SYS] = counters->spans.in_stacks + mapped->stacks;
	memstats[SEEP_MEMSTAT_MSPAN_SYS] = mapped->spans;
	memstats[SEEP_MEMSTAT_MCACHE_SYS] = mapped->caches;
	memstats[SEEP_MEMSTAT_BUCK_HASH_SYS] = mapped->buckets;
	memstats[SEEP_MEMSTAT_GC_SYS] = mapped->collector + counters->spans.in_collector;
	memstats[SEEP_MEMSTAT_OTHER_SYS] = mapped->other;
	memstats[SEEP_MEMSTAT_SYS] =
		memstats[SEEP_MEMSTAT_HEAP_SYS] + memstats[SEEP_MEMSTAT_STACK_SYS] + mapped->spans +
		mapped->caches + mapped->buckets + memstats[SEEP_MEMSTAT_GC_SYS] + mapped->other;
}

/* What the runtime has of structures of its own; not known if mheap_ is not. */
static void fill_structures(const struct seep_go *go, uint64_t *memstats)
{
	uint64_t spans = seep_go_mapped_address(go, offsetof(struct seep_go_mapped, spans));
	uint64_t caches = seep_go_mapped_address(go, offsetof(struct seep_go_mapped, caches));
	struct seep_go_fixalloc fixalloc;

	memstats[SEEP_MEMSTAT_MSPAN_INUSE] = SEEP_UNKNOWN;
	memstats[SEEP_MEMSTAT_MCACHE_INUSE] = SEEP_UNKNOWN;
	if (!seep_go_fixalloc_read(go, SEEP_GO_MHEAP_SPANS, spans, &fixalloc))
		memstats[SEEP_MEMSTAT_MSPAN_INUSE] = fixalloc.in_use_bytes;
	if (!seep_go_fixalloc_read(go, SEEP_GO_MHEAP_CACHES, caches, &fixalloc))
		memstats[SEEP_MEMSTAT_MCACHE_INUSE] = fixalloc.in_use_bytes;
}

static void fill(const struct memstats_reading *reading, struct seep_go_figures *figures)
{
	const struct seep_go_counters *counters = &reading->counters;
	uint64_t *memstats = figures->memstats;

	*figures = (struct seep_go_figures){.collections_per_min = NAN};
	snprintf(figures->version, sizeof(figures->version), "%s", reading->go->program.version);
	figures->gomaxprocs = reading->num_procs ? reading->num_procs : SEEP_UNKNOWN;
	figures->gogc = counters->settings.percent;
	figures->gomemlimit_bytes = counters->settings.limit_bytes == INT64_MAX ?
					    SEEP_UNKNOWN :
					    (uint64_t)counters->settings.limit_bytes;
	figures->gc_cpu_fraction = counters->collections.cpu_share;
	fill_objects(reading, memstats);
	fill_memory(reading, memstats);
	fill_structures(reading->go, memstats);
	memstats[SEEP_MEMSTAT_NEXT_GC] = next_collection(reading);
	memstats[SEEP_MEMSTAT_LAST_GC] = counters->mapped.last_collection_utc_ns;
	memstats[SEEP_MEMSTAT_PAUSE_TOTAL_NS] = counters->mapped.pauses_ns;
	memstats[SEEP_MEMSTAT_NUM_GC] = counters->collections.count;
	memstats[SEEP_MEMSTAT_NUM_FORCED_GC] = counters->collections.forced;
}

/* With what processors have not yet counted, as of a moment if that is to be had. */
static int read_counters(struct memstats_reading *reading)
{
	struct seep_go_counters before, after;
	struct seep_go_objects objects;
	bool same = false;
	int error = seep_go_counters_read(reading->go, reading->proven, &after);

	for (int round = 0; round < ROUNDS && !error && !same; round++) {
		before = after;
		objects = before.objects;
		if (seep_go_caches_add(reading->go, reading->procs, reading->num_procs, &objects))
			objects = before.objects;
		error = seep_go_counters_read(reading->go, true, &after);
		same = !error && memcmp(&before.objects, &after.objects, sizeof(objects)) == 0;
	}
	if (error)
		return error;
	reading->counters = before;
	reading->counters.objects = objects;
	reading->alloc_bytes =
		seep_go_small_bytes(objects.small_allocs) + objects.large_alloc_bytes;
	reading->free_bytes = seep_go_small_bytes(objects.small_frees) + objects.large_free_bytes;
	return 0;
}

/* Are the variables known? 0 or -EPROTO with the reason. */
static int find(struct seep_go *go, const char **ret_why)
{
	if (go->program.minor < MINOR_FIRST) {
		*ret_why = "it is not known how this version of Go counts";
		return -EPROTO;
	}
	if (!seep_go_variable(go, SEEP_GO_MEMSTATS) || !seep_go_variable(go, SEEP_GO_GC_CONTROLLER))
		seep_go_memstats_find(go);
	if (seep_go_variable(go, SEEP_GO_MEMSTATS) && seep_go_variable(go, SEEP_GO_GC_CONTROLLER))
		return 0;
	*ret_why = "it is not known where its counters are";
	return -EPROTO;
}

int seep_go_memstats_read(struct seep_go *go, bool proven, struct seep_go_figures *ret_figures,
			  const char **ret_why)
{
	SEEP_AUTO_FREE uint64_t *procs = calloc(SEEP_GO_PROCS_MAX, sizeof(*procs));
	struct memstats_reading reading = {.go = go, .proven = proven, .procs = procs};
	int error;

	if (!procs)
		return -ENOMEM;
	seep_remote_refresh(go->remote);
	error = find(go, ret_why);
	if (error)
		return error;
	/* Without the processors what they have not counted is left out. */
	if (seep_go_procs_read(go, procs, &reading.num_procs))
		reading.num_procs = 0;
	error = read_counters(&reading);
	if (error == -EPROTO)
		*ret_why = "its counters do not add up";
	if (!error)
		error = seep_remote_check(go->remote);
	if (!error)
		fill(&reading, ret_figures);
	return error;
}
