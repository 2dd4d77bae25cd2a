/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A pattern at work, in worker threads of its own: new, start, count as often as wanted, stop,
 * free. All of this is called on one thread, which does none of the work.
 *
 * Time is CLOCK_MONOTONIC, in small ticks. What a late tick missed is done in the next one, up to
 * 100 ms; what was missed by more, because the process was stopped or the machine too slow, is left
 * out, and counted as late: there is no burst.
 */
#ifndef SEEP_SIMULATE_SIMULATION_H
#define SEEP_SIMULATE_SIMULATION_H

#include "simulate/activity.h"
#include "simulate/pattern.h"

#define SEEP_SIMULATE_MAX_WORKERS 64
#define SEEP_MAX_ACTIVITIES	  (1 + SEEP_MAX_BACKGROUND)
#define SEEP_MAX_SIMULATED	  (SEEP_MAX_ACTIVITIES * SEEP_MAX_ACTIVITY_SITES)

struct seep_simulation_config {
	const struct seep_simulate_pattern *pattern;
	double parameters[SEEP_SIMULATE_PARAMETER_COUNT]; /* of the subject, all of them */
	uint64_t num_workers;
	uint64_t seed;
	double scale; /* all takes so many times as long as it says */
};

struct seep_simulated_function {
	const struct seep_simulated_site *site;
	struct seep_truth truth;
	bool subject; /* what the pattern is about */
	struct seep_site_counts counts;
};

/* All functions of a simulation at one moment, at which none of them is at work. */
struct seep_simulation_counts {
	size_t num_functions;
	struct seep_simulated_function functions[SEEP_MAX_SIMULATED];
	uint64_t active_ns; /* that the workers have worked for, not scaled */
	uint64_t late_ns;   /* that were left out */
};

struct seep_simulation;

/* 0, -ENOMEM, or the -errno of eventfd. @config must outlive the simulation. */
int seep_simulation_new(const struct seep_simulation_config *config,
			struct seep_simulation **ret_simulation);
/* Stops it. What was simulated stays as it is. */
void seep_simulation_free(struct seep_simulation *simulation);

/* Begins. 0 or the -errno of pthread_create. */
int seep_simulation_start(struct seep_simulation *simulation);
/* Ends all workers after what they are doing. */
void seep_simulation_stop(struct seep_simulation *simulation);

/*
 * A descriptor that is readable when a worker cannot go on: the LIMIT is reached, or something has
 * failed. Then seep_simulation_error is 0 or -errno.
 */
int seep_simulation_fd(const struct seep_simulation *simulation);
int seep_simulation_error(struct seep_simulation *simulation);

void seep_simulation_count(struct seep_simulation *simulation,
			   struct seep_simulation_counts *ret_counts);

/* Objects and bytes that stay, per second as the clock on the wall has it. */
double seep_simulation_object_rate(const struct seep_simulation_config *config);
double seep_simulation_byte_rate(const struct seep_simulation_config *config);

#endif
