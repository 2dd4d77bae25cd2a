/* SPDX-License-Identifier: GPL-2.0-only */
/* A judge that watches one process with simulated sites, a snapshot every five seconds. */
#ifndef TESTS_UNIT_VERDICT_COURT_H
#define TESTS_UNIT_VERDICT_COURT_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict/judge.h"
#include "verdict/simulation.h"

#define INTERVAL_S 5

/* A judge and what it watches: one process, sites by simulation. */
struct court {
	struct seep_judge *judge;
	struct seep_process process;
	struct simulation simulations[2];
	struct seep_site sites[2];
	size_t num_sites;
	uint64_t seq;
	double now_s;
	bool ages_unknown;
	bool idle;
	bool fds_follow; /* the process has descriptors as the first site has objects */
};

static inline void open_court(struct court *court, const struct series *history, size_t num_sites)
{
	*court = (struct court){.process = {.id = 1, .rss_bytes = SEEP_UNKNOWN},
				.num_sites = num_sites};
	for (size_t i = 0; i < num_sites; i++)
		simulation_init(&court->simulations[i], &history[i], 77);
	assert_int_equal(seep_judge_new(&court->judge), 0);
}

static inline void close_court(struct court *court)
{
	for (size_t i = 0; i < court->num_sites; i++)
		simulation_done(&court->simulations[i]);
	seep_judge_free(court->judge);
}

static inline struct seep_snapshot snapshot_of(struct court *court)
{
	return (struct seep_snapshot){
		.seq = court->seq,
		.elapsed_ns = (uint64_t)(court->now_s * (double)SEEP_NS_PER_S),
		.num_processes = 1,
		.processes = &court->process,
		.num_sites = court->num_sites,
		.sites = court->sites,
	};
}

/* Snapshots up to @until_s; the verdict of the first site in the last one. */
static inline const struct seep_verdict *watch(struct court *court, double until_s)
{
	while (court->now_s < until_s) {
		struct seep_process_stats stats = {.rss_bytes = 1 << 30,
						   .anon_bytes = SEEP_UNKNOWN};
		struct seep_snapshot snapshot;

		court->seq++;
		court->now_s += INTERVAL_S;
		for (size_t i = 0; i < court->num_sites; i++) {
			struct seep_site *site = &court->sites[i];

			*site = *simulation_run(&court->simulations[i], court->now_s);
			site->id = i + 1;
			site->process = &court->process;
			site->ages_known = !court->ages_unknown;
		}
		court->process.totals[SEEP_KIND_MAPPING].counts.allocs += !court->idle;
		snapshot = snapshot_of(court);
		snapshot.final = court->now_s >= until_s;
		stats.num_fds = seep_counts_live_objects(&court->sites[0].counts);
		assert_int_equal(seep_judge_feed(court->judge, &snapshot,
						 court->fds_follow ? &stats : NULL),
				 0);
	}
	return seep_judge_site(court->judge, &court->sites[0]);
}

static const struct series leak = {.rate = 20, .lifetime_s = INFINITY, .bytes = 1000};

#endif
