// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a snapshot takes to judge, with SITES sites that all grow, are all busy, and have
 * objects of many sizes: nothing can be left out. Prints CPU time; fails past LIMIT_MS.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/units.h"
#include "verdict/correlated.h"
#include "verdict/judge.h"

#define SITES	  10000
#define SNAPSHOTS 300
#define LIMIT_MS  100.0

static double uniform(uint64_t *state)
{
	/* Knuth's linear congruential generator (MMIX) */
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(*state >> 11) * 0x1p-53;
}

static void go_on(struct seep_site *site, uint64_t *state)
{
	uint64_t made = 90 + (uint64_t)(20 * uniform(state));
	uint64_t released = made - (uint64_t)(30 * uniform(state));
	uint64_t bytes = 16 + (uint64_t)(100 * uniform(state));

	site->counts.allocs += made;
	site->counts.alloc_bytes += made * bytes;
	site->counts.frees += released;
	site->counts.free_bytes += released * bytes;
	site->lifetimes[10 + site->id % 15] += released;
	site->ages[20 + site->id % 10] += made - released;
}

static double judge_ms(struct seep_judge *judge, const struct seep_snapshot *snapshot)
{
	struct seep_correlations correlated[SEEP_CORRELATED_COMPARED];
	uint64_t before_ns = seep_clock_cpu_ns();

	if (seep_judge_feed(judge, snapshot, NULL))
		exit(1);
	seep_correlated_find(judge, snapshot->sites, snapshot->num_sites, correlated);
	return (double)(seep_clock_cpu_ns() - before_ns) / (double)SEEP_NS_PER_MS;
}

int main(void)
{
	static const struct seep_stack nowhere;
	struct seep_site *sites = calloc(SITES, sizeof(*sites));
	struct seep_process process = {.id = 1};
	struct seep_judge *judge;
	uint64_t state = 1;
	double worst = 0;
	double sum = 0;

	if (!sites || seep_judge_new(&judge))
		return 1;
	for (uint64_t seq = 1; seq <= SNAPSHOTS; seq++) {
		const struct seep_snapshot snapshot = {
			.seq = seq,
			.elapsed_ns = seq * 10 * SEEP_NS_PER_S,
			.num_processes = 1,
			.processes = &process,
			.num_sites = SITES,
			.sites = sites,
		};
		double ms;

		process.totals[SEEP_KIND_MEMORY].counts.allocs = seq;
		for (uint64_t i = 0; i < SITES; i++) {
			sites[i].id = i * 0x9e3779b97f4a7c15ULL;
			sites[i].process = &process;
			sites[i].stack = &nowhere;
			sites[i].ages_known = true;
			go_on(&sites[i], &state);
		}
		ms = judge_ms(judge, &snapshot);
		worst = fmax(worst, ms);
		sum += ms;
	}
	printf("%d sites: %.0f ms for a snapshot, %.0f ms at worst (limit: %.0f)\n", SITES,
	       sum / SNAPSHOTS, worst, LIMIT_MS);
	seep_judge_free(judge);
	free(sites);
	return worst > LIMIT_MS;
}
