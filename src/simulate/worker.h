/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One worker of a simulation: a thread that has its share of each activity. It holds its lock while
 * it works, so that who has the lock sees the numbers between two steps.
 */
#ifndef SEEP_SIMULATE_WORKER_H
#define SEEP_SIMULATE_WORKER_H

#include <pthread.h>

#include "simulate/simulation.h"

struct seep_worker {
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* of all below, while the thread runs */
	pthread_cond_t wake;
	bool stopping;
	bool over; /* cannot go on */
	int error; /* why: 0 for the LIMIT */
	int over_fd;
	double scale;
	uint64_t last_ns; /* CLOCK_MONOTONIC of the last tick */
	uint64_t active_ns;
	uint64_t late_ns;
	size_t num_works;
	struct seep_work works[SEEP_MAX_ACTIVITIES]; /* the first one is the subject */
};

/*
 * Worker @number of the simulation; adds to @over_fd, an eventfd, when it cannot go on. 0 or
 * -ENOMEM; done undoes either.
 */
int seep_worker_init(struct seep_worker *worker, const struct seep_simulation_config *config,
		     uint64_t number, int over_fd);
void seep_worker_done(struct seep_worker *worker);

/* 0 or the -errno of pthread_create. */
int seep_worker_start(struct seep_worker *worker);
/* Ends the thread after what it is doing. */
void seep_worker_stop(struct seep_worker *worker);

/*
 * One tick at @now_ns of CLOCK_MONOTONIC, on the worker's thread and under its lock: does what has
 * come due. The first tick only makes ready. 0 or -errno; sets over.
 */
int seep_worker_tick(struct seep_worker *worker, uint64_t now_ns);

#endif
