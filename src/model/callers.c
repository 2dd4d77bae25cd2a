// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stacks are hashed from the outermost frame inwards, so equal hashes mean equal stacks from a
 * frame on. Sorted by hash, the calls that several sites share are neighbours (a run). Runs are
 * then taken from the one nearest to the allocator outwards, and each site goes to the first run
 * that still has two sites for it. Calls are bounded by SEEP_CALLERS_MAX_SITES and
 * SEEP_CALLERS_DEPTH.
 */
#include "model/callers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"

/*
 * A call that a stack went through: frames[depth] made it, and everything further out is the same
 * wherever the hash is. The function that was called has frames[depth - 1].
 */
struct call {
	uint64_t hash; /* of the process, the kind and frames[depth..] */
	size_t site;
	size_t depth;
};

/* Calls with the same hash. */
struct run {
	size_t first;
	size_t count;
	size_t depth; /* the largest */
};

/* The multiplication spreads low bits upwards, the shift brings high bits down again. */
static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL; /* 2^64 / golden ratio */
	return hash ^ (hash >> 32);
}

/*
 * Frame 0 is the allocator and frame 1 in its caller: the first call that another may share is 2.
 */
static size_t add_calls(const struct seep_site *site, size_t index, struct call *calls)
{
	const struct seep_stack *stack = site->stack;
	uint64_t hash = mix(mix(0, site->process->id), site->kind);
	size_t count = 0;

	for (size_t depth = stack->num_frames; depth-- > 2;) {
		hash = mix(hash, stack->frames[depth]);
		/* Frames further out count for the hash, but are no callers themselves. */
		if (depth <= SEEP_CALLERS_DEPTH)
			calls[count++] = (struct call){hash, index, depth};
	}
	return count;
}

/* Equal hashes become neighbours. */
static int compare_calls(const void *left, const void *right)
{
	const struct call *a = left;
	const struct call *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	/* Within a run in the order of the sites, so that the result is the same each time. */
	return (a->site > b->site) - (a->site < b->site);
}

/* The nearest to the allocator first, and of these the one with most sites. */
static int compare_runs(const void *left, const void *right)
{
	const struct run *a = left;
	const struct run *b = right;

	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	if (a->count != b->count)
		return a->count < b->count ? 1 : -1;
	return (a->first > b->first) - (a->first < b->first);
}

/* Calls that at least two sites share, sorted by compare_runs. Returns how many. */
static size_t find_runs(const struct call *calls, size_t num_calls, struct run *runs)
{
	size_t count = 0;

	for (size_t i = 0; i < num_calls;) {
		struct run run = {.first = i};

		for (; i < num_calls && calls[i].hash == calls[run.first].hash; i++) {
			run.count++;
			if (calls[i].depth > run.depth)
				run.depth = calls[i].depth;
		}
		if (run.count >= 2)
			runs[count++] = run;
	}
	qsort(runs, count, sizeof(*runs), compare_runs);
	return count;
}

/* Gives the sites of a run that have no caller yet this one, if there are two. */
static bool take_run(const struct call *calls, const struct run *run, size_t caller, size_t *of,
		     size_t *ret_first, size_t *ret_count)
{
	size_t count = 0;

	for (size_t i = run->first; i < run->first + run->count; i++)
		if (of[calls[i].site] == SEEP_CALLERS_NONE) {
			*ret_first = count ? *ret_first : i;
			count++;
		}
	if (count < 2)
		return false;
	for (size_t i = run->first; i < run->first + run->count; i++)
		if (of[calls[i].site] == SEEP_CALLERS_NONE)
			of[calls[i].site] = caller;
	*ret_count = count;
	return true;
}

int seep_callers_find(const struct seep_site *const *sites, size_t num_sites,
		      struct seep_caller **ret_callers, size_t *ret_num_callers, size_t *ret_of)
{
	size_t num_used = num_sites < SEEP_CALLERS_MAX_SITES ? num_sites : SEEP_CALLERS_MAX_SITES;
	/* Each site has fewer calls than this, from depth 2 on; a run has at least one call. */
	size_t room = num_used * SEEP_CALLERS_DEPTH + 1;
	SEEP_AUTO_FREE struct call *calls = calloc(room, sizeof(*calls));
	SEEP_AUTO_FREE struct run *runs = calloc(room, sizeof(*runs));
	struct seep_caller *callers = calloc(num_used + 1, sizeof(*callers));
	size_t num_calls = 0;
	size_t num_runs;
	size_t num_callers = 0;

	if (!calls || !runs || !callers) {
		free(callers);
		return -ENOMEM;
	}
	/* Only the first SEEP_CALLERS_MAX_SITES have calls; the others keep SEEP_CALLERS_NONE. */
	for (size_t i = 0; i < num_used; i++)
		num_calls += add_calls(sites[i], i, calls + num_calls);
	for (size_t i = 0; i < num_sites; i++)
		ret_of[i] = SEEP_CALLERS_NONE;
	qsort(calls, num_calls, sizeof(*calls), compare_calls);
	num_runs = find_runs(calls, num_calls, runs);
	for (size_t i = 0; i < num_runs; i++) {
		size_t first = 0;
		size_t count = 0;

		if (!take_run(calls, &runs[i], num_callers, ret_of, &first, &count))
			continue;
		callers[num_callers++] = (struct seep_caller){
			.site = sites[calls[first].site],
			/*
			 * The function that frames[depth] called has the frame next to it, further
			 * in.
			 */
			.frame = calls[first].depth - 1,
			.num_sites = count,
		};
	}
	*ret_callers = callers;
	*ret_num_callers = num_callers;
	return 0;
}
