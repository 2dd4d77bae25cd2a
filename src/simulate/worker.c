// SPDX-License-Identifier: GPL-2.0-only
/*
 * The thread of a worker ticks every 2 ms: it moves its clock on, has each activity do what has
 * come due by then, and sleeps with its lock open, which is when others may read its numbers. A
 * tick that comes late catches up on MAX_CATCH_NS at most; what is beyond that is counted as late.
 *
 * Whoever tests does without the thread and calls seep_worker_tick with times of its own.
 */
#include "simulate/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/units.h"

/*
 * Short against the periods of all patterns; a process that was stopped does not do at once all
 * that it has missed.
 */
#define TICK_NS	     (2 * SEEP_NS_PER_MS)
#define MAX_CATCH_NS (100 * SEEP_NS_PER_MS)

/* A worker's activities of one number have seeds of their own. */
static uint64_t mix_seed(uint64_t seed, uint64_t worker, uint64_t activity)
{
	struct seep_random random = {seed};

	/*
	 * Each number is added to a mixed state, so that neighbouring numbers lead to unrelated
	 * seeds.
	 */
	random.state = seep_random_next(&random) + worker;
	random.state = seep_random_next(&random) + activity;
	return seep_random_next(&random);
}

/* The next activity of the worker; its state starts zeroed. 0 or -ENOMEM. */
static int add_work(struct seep_worker *worker, const struct seep_activity *activity,
		    const double *parameters)
{
	struct seep_work *work = &worker->works[worker->num_works++];

	work->activity = activity;
	/* A copy: the subject's OBJECTS may be lower than those of the configuration. */
	memcpy(work->parameters, parameters, sizeof(work->parameters));
	if (!activity->state_bytes)
		return 0;
	work->state = calloc(1, activity->state_bytes);
	return work->state ? 0 : -ENOMEM;
}

/*
 * In the background an activity has numbers of its own; only churn may follow those of the subject.
 */
static int add_background(struct seep_worker *worker, const struct seep_simulation_config *config,
			  const struct seep_activity *activity)
{
	double parameters[SEEP_SIMULATE_PARAMETER_COUNT];

	memcpy(parameters, activity->background, sizeof(parameters));
	if (config->pattern->churn_rate && activity == &seep_activity_churn)
		parameters[SEEP_SIMULATE_RATE] = config->parameters[SEEP_SIMULATE_RATE];
	return add_work(worker, activity, parameters);
}

/* The subject, so that it makes no more than the limit allows. */
static int add_subject(struct seep_worker *worker, const struct seep_simulation_config *config)
{
	double parameters[SEEP_SIMULATE_PARAMETER_COUNT];
	double *objects = &parameters[SEEP_SIMULATE_OBJECTS];
	int error;

	memcpy(parameters, config->parameters, sizeof(parameters));
	if (parameters[SEEP_SIMULATE_LIMIT] && *objects)
		*objects = fmin(*objects, floor(parameters[SEEP_SIMULATE_LIMIT] /
						parameters[SEEP_SIMULATE_SIZE]));
	error = add_work(worker, config->pattern->subject, parameters);
	/* Only the subject follows the curve of the pattern. */
	worker->works[0].shape = config->pattern->shape;
	return error;
}

/* The condition goes by CLOCK_MONOTONIC, as the ticks do: setting the clock must not delay them. */
static int init_lock(struct seep_worker *worker)
{
	pthread_condattr_t attributes;
	int error = pthread_mutex_init(&worker->lock, NULL);

	if (error)
		return -error;
	error = pthread_condattr_init(&attributes);
	if (error)
		return -error;
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	error = pthread_cond_init(&worker->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return -error;
}

int seep_worker_init(struct seep_worker *worker, const struct seep_simulation_config *config,
		     uint64_t number, int over_fd)
{
	int error = 0;

	*worker = (struct seep_worker){.over_fd = over_fd, .scale = config->scale};
	error = init_lock(worker);
	if (!error)
		error = add_subject(worker, config);
	for (size_t i = 0; i < SEEP_MAX_BACKGROUND && !error; i++) {
		if (config->pattern->background[i])
			error = add_background(worker, config, config->pattern->background[i]);
	}
	for (size_t i = 0; i < worker->num_works; i++) {
		struct seep_work *work = &worker->works[i];

		/* Each worker takes every num_workers-th thing, starting with its number. */
		work->worker = number;
		work->num_workers = config->num_workers;
		work->random.state = mix_seed(config->seed, number, i);
	}
	return error;
}

void seep_worker_done(struct seep_worker *worker)
{
	for (size_t i = 0; i < worker->num_works; i++)
		free(worker->works[i].state);
	pthread_cond_destroy(&worker->wake);
	pthread_mutex_destroy(&worker->lock);
}

/* An error leaves the step undone, so that done says what has happened. */
static int advance_work(struct seep_work *work)
{
	uint64_t due;
	int error = 0;

	/* An activity either does all that is due by itself, or step by step. */
	if (work->activity->advance)
		return work->activity->advance(work);
	for (due = seep_work_due(work); work->done < due && !error; work->done += !error)
		error = work->activity->step(work);
	return error;
}

/* The first tick: time begins when all is ready. */
static int begin_works(struct seep_worker *worker)
{
	for (size_t i = 0; i < worker->num_works; i++) {
		struct seep_work *work = &worker->works[i];
		int error = work->activity->begin ? work->activity->begin(work) : 0;

		if (error)
			return error;
	}
	return 0;
}

/*
 * Moves the time of each activity on, scaled unless it is a matter of rate, then does what is due.
 */
static int advance_works(struct seep_worker *worker)
{
	double active_s = (double)worker->active_ns / (double)SEEP_NS_PER_S;

	for (size_t i = 0; i < worker->num_works; i++) {
		struct seep_work *work = &worker->works[i];
		int error;

		work->time_s = work->activity->real_time ? active_s : active_s / worker->scale;
		error = advance_work(work);
		if (error)
			return error;
	}
	return 0;
}

/*
 * Of this worker's share of the limit, by what lives: a pattern that releases as much as it
 * allocates never gets there.
 */
static bool reached_limit(const struct seep_work *subject)
{
	double limit_bytes = subject->parameters[SEEP_SIMULATE_LIMIT];
	double size_bytes = subject->parameters[SEEP_SIMULATE_SIZE];
	uint64_t live_bytes = 0;

	/* 0: the pattern has no limit. */
	if (!limit_bytes)
		return false;
	for (size_t i = 0; i < subject->activity->num_sites; i++) {
		const struct seep_site_counts *counts = &subject->counts[i];

		live_bytes += counts->alloc_bytes - counts->free_bytes;
	}
	return (double)live_bytes >=
	       (double)seep_work_share(subject, limit_bytes / size_bytes) * size_bytes;
}

/* active_ns stands still for what is left out: the curve goes on where it was. */
static void advance_clock(struct seep_worker *worker, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - worker->last_ns;

	if (passed_ns > MAX_CATCH_NS) {
		worker->late_ns += passed_ns - MAX_CATCH_NS;
		passed_ns = MAX_CATCH_NS;
	}
	worker->active_ns += passed_ns;
	worker->last_ns = now_ns;
}

int seep_worker_tick(struct seep_worker *worker, uint64_t now_ns)
{
	int error;

	if (!worker->last_ns) {
		error = begin_works(worker);
		worker->last_ns = now_ns;
	} else {
		advance_clock(worker, now_ns);
		error = advance_works(worker);
	}
	/* Only what the subject has live counts against the limit. */
	worker->over = error || reached_limit(&worker->works[0]);
	worker->error = error;
	return error;
}

/* Sleeps with the lock open, until the next tick or the end. */
static void wait_for_tick(struct seep_worker *worker)
{
	uint64_t next_ns = worker->last_ns + TICK_NS;
	struct timespec next = {
		.tv_sec = (time_t)(next_ns / SEEP_NS_PER_S),
		.tv_nsec = (long)(next_ns % SEEP_NS_PER_S),
	};

	while (!worker->stopping &&
	       pthread_cond_timedwait(&worker->wake, &worker->lock, &next) != ETIMEDOUT)
		;
}

/*
 * The thread of a worker. The lock is open only while it sleeps, so counts are read between ticks.
 */
static void *work_until_stopped(void *argument)
{
	struct seep_worker *worker = argument;

	pthread_mutex_lock(&worker->lock);
	while (!worker->stopping && !worker->over) {
		seep_worker_tick(worker, seep_clock_monotonic_ns());
		wait_for_tick(worker);
	}
	/* Who waits for the simulation sees the eventfd become readable. */
	if (worker->over)
		eventfd_write(worker->over_fd, 1);
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

int seep_worker_start(struct seep_worker *worker)
{
	/* The kernel keeps 15 characters and a NUL (TASK_COMM_LEN). */
	char name[16];
	int error = pthread_create(&worker->thread, NULL, work_until_stopped, worker);

	if (error)
		return -error;
	worker->started = true;
	snprintf(name, sizeof(name), "worker-%u", (unsigned int)worker->works[0].worker);
	pthread_setname_np(worker->thread, name);
	return 0;
}

void seep_worker_stop(struct seep_worker *worker)
{
	/*
	 * Not started, or stopped already: the simulation stops its workers when it is freed, too.
	 */
	if (!worker->started)
		return;
	pthread_mutex_lock(&worker->lock);
	worker->stopping = true;
	pthread_cond_signal(&worker->wake);
	pthread_mutex_unlock(&worker->lock);
	pthread_join(worker->thread, NULL);
	worker->started = false;
}
