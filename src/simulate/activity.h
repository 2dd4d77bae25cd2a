/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What simulated programs do: activities, several side by side. Each worker thread has its own
 * struct seep_work of each activity, so the numbers need no lock, and brings it up to date at every
 * tick. What an activity allocates stays as it is when the simulation ends: the process ends with
 * it.
 */
#ifndef SEEP_SIMULATE_ACTIVITY_H
#define SEEP_SIMULATE_ACTIVITY_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "simulate/pattern.h"
#include "simulate/random.h"

/* A function with a frame and a name of its own in every stack. */
#if __has_attribute(noipa)
#define SIMULATED __attribute__((noipa)) static
#else
#define SIMULATED __attribute__((noinline)) static
#endif

#define SEEP_MAX_ACTIVITY_SITES 2
#define SEEP_MOST_THINGS	1e15 /* that are ever due: what a double counts */

/* What one function has allocated, released and leaked so far. */
struct seep_site_counts {
	uint64_t allocs;
	uint64_t alloc_bytes;
	uint64_t frees;
	uint64_t free_bytes;
	uint64_t leaked_objects; /* live, and never going to be released */
	uint64_t leaked_bytes;
};

struct seep_work {
	const struct seep_activity *activity;
	seep_shape shape; /* NULL: RATE, as long as it lasts */
	double parameters[SEEP_SIMULATE_PARAMETER_COUNT];
	uint64_t worker; /* this one, of so many that share the work */
	uint64_t num_workers;
	double time_s; /* since the beginning; stands still while the process is stopped */
	uint64_t done; /* steps */
	struct seep_random random;
	struct seep_site_counts counts[SEEP_MAX_ACTIVITY_SITES];
	void *state; /* activity->state_bytes, zero at first */
};

/* A function that allocates objects. */
struct seep_simulated_site {
	const char *function;
	enum seep_kind kind;
	struct seep_truth truth; /* in the background; the subject has that of the pattern */
};

struct seep_activity {
	struct seep_simulated_site sites[SEEP_MAX_ACTIVITY_SITES];
	size_t num_sites;
	size_t state_bytes;
	bool real_time; /* its time is not scaled: it is a matter of rate, not of shape */
	double background[SEEP_SIMULATE_PARAMETER_COUNT]; /* parameters if it is not the subject */
	/* Each 0 or -errno. */
	int (*begin)(struct seep_work *work);	/* makes ready; may be NULL */
	int (*step)(struct seep_work *work);	/* one of those that are due; or instead ... */
	int (*advance)(struct seep_work *work); /* ... does all that is due at work->time_s */
};

#define SEEP_CYCLE_LEAST_BYTES 16 /* of an object that counts its references */

extern const struct seep_activity seep_activity_leak;
extern const struct seep_activity seep_activity_cycle;
extern const struct seep_activity seep_activity_churn;
extern const struct seep_activity seep_activity_cache;
extern const struct seep_activity seep_activity_pool;
extern const struct seep_activity seep_activity_hold;
extern const struct seep_activity seep_activity_queue;
extern const struct seep_activity seep_activity_vector;
extern const struct seep_activity seep_activity_fragment;
extern const struct seep_activity seep_activity_jobs;
extern const struct seep_activity seep_activity_watchers;
extern const struct seep_activity seep_activity_tasks;
extern const struct seep_activity seep_activity_files;
extern const struct seep_activity seep_activity_backends;
extern const struct seep_activity seep_activity_regions;
extern const struct seep_activity seep_activity_scratch;

/* This worker's part of @total things, of which the workers take one each in turn. */
static inline uint64_t seep_work_share(const struct seep_work *work, double total)
{
	uint64_t whole = (uint64_t)fmin(total, SEEP_MOST_THINGS);

	return (whole + work->num_workers - 1 - work->worker) / work->num_workers;
}

/* What has come due by now, or by any other time. */
static inline uint64_t seep_work_due_at(const struct seep_work *work, double time_s)
{
	double total = work->shape ? work->shape(work->parameters, time_s) :
				     work->parameters[SEEP_SIMULATE_RATE] * time_s;

	return seep_work_share(work, total);
}

static inline uint64_t seep_work_due(const struct seep_work *work)
{
	return seep_work_due_at(work, work->time_s);
}

/* Whether the next object is one of those that get lost. */
static inline bool seep_work_loses(struct seep_work *work)
{
	return seep_random_unit(&work->random) < work->parameters[SEEP_SIMULATE_LEAK_FRACTION];
}

static inline size_t seep_work_size(const struct seep_work *work)
{
	return (size_t)work->parameters[SEEP_SIMULATE_SIZE];
}

static inline void seep_count_made(struct seep_work *work, int site, uint64_t bytes)
{
	work->counts[site].allocs++;
	work->counts[site].alloc_bytes += bytes;
}

static inline void seep_count_released(struct seep_work *work, int site, uint64_t bytes)
{
	work->counts[site].frees++;
	work->counts[site].free_bytes += bytes;
}

static inline void seep_count_leaked(struct seep_work *work, int site, uint64_t bytes)
{
	work->counts[site].leaked_objects++;
	work->counts[site].leaked_bytes += bytes;
}

#endif
