// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads: those that end and are joined, or forgotten; and those that never end. All have small
 * stacks, so that a thousand of them hurt nobody.
 */
#include <pthread.h>
#include <unistd.h>

#include "simulate/activity.h"

#define STACK_BYTES (128 << 10)
#define JOBS	    4 /* that have not been joined yet */

/* A ring: a thread is joined when JOBS others have been started after it. */
struct jobs {
	uint64_t num_waiting; /* in all; the last JOBS of them are not joined */
	pthread_t waiting[JOBS];
};

/* pthread functions return a positive errno, here it becomes negative as everywhere. */
static int create_thread(void *(*run)(void *argument), pthread_t *ret_thread)
{
	pthread_attr_t attributes;
	int error = pthread_attr_init(&attributes);

	if (error)
		return -error;
	error = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (!error)
		error = pthread_create(ret_thread, &attributes, run, NULL);
	pthread_attr_destroy(&attributes);
	return -error;
}

/* Ends at once. A thread that has ended keeps its stack until it is joined: that is the leak. */
static void *run_job(void *argument)
{
	return argument;
}

/* Ends with the process only. */
static void *watch_forever(void *argument)
{
	for (;;)
		pause();
	return argument;
}

/* Each thread counts with the size of its stack, whether or not it is touched. */
SIMULATED int start_job(struct seep_work *work, pthread_t *ret_thread)
{
	int error = create_thread(run_job, ret_thread);

	if (!error)
		seep_count_made(work, 0, STACK_BYTES);
	return error;
}

/* The thread counts as released when it is joined, not when it ends. */
SIMULATED void join_job(struct seep_work *work, pthread_t thread)
{
	if (pthread_join(thread, NULL) == 0)
		seep_count_released(work, 0, STACK_BYTES);
}

/* A step: starts a job; loses it, or joins the oldest one that waits. */
SIMULATED int submit_job(struct seep_work *work)
{
	struct jobs *jobs = work->state;
	pthread_t *waiting = &jobs->waiting[jobs->num_waiting % JOBS];
	pthread_t thread;
	int error = start_job(work, &thread);

	if (error)
		return error;
	if (seep_work_loses(work)) {
		seep_count_leaked(work, 0, STACK_BYTES);
		return 0;
	}
	if (jobs->num_waiting >= JOBS)
		join_job(work, *waiting);
	*waiting = thread;
	jobs->num_waiting++;
	return 0;
}

const struct seep_activity seep_activity_jobs = {
	/* The index of the site is 0 in all counts: each activity here has one. */
	.sites = {{"start_job", SEEP_KIND_THREAD, {SEEP_TRUTH_LEAK}}},
	.num_sites = 1,
	.state_bytes = sizeof(struct jobs),
	.step = submit_job,
};

/* It never ends, so it counts as leaked from the beginning. */
SIMULATED int start_watcher(struct seep_work *work)
{
	pthread_t thread;
	int error = create_thread(watch_forever, &thread);

	if (error)
		return error;
	seep_count_made(work, 0, STACK_BYTES);
	seep_count_leaked(work, 0, STACK_BYTES);
	return 0;
}

/* A caller with a name of its own, as programs have one. */
SIMULATED int watch_directory(struct seep_work *work)
{
	return start_watcher(work);
}

const struct seep_activity seep_activity_watchers = {
	.sites = {{"start_watcher", SEEP_KIND_THREAD, {SEEP_TRUTH_LEAK}}},
	.num_sites = 1,
	.step = watch_directory,
};

/* In the background: a thread that is joined right after it was started. */
SIMULATED int run_task(struct seep_work *work)
{
	pthread_t thread;
	int error = create_thread(run_job, &thread);

	if (error)
		return error;
	seep_count_made(work, 0, STACK_BYTES);
	error = pthread_join(thread, NULL);
	if (!error)
		seep_count_released(work, 0, STACK_BYTES);
	return -error;
}

const struct seep_activity seep_activity_tasks = {
	.sites = {{"run_task", SEEP_KIND_THREAD, {SEEP_TRUTH_STEADY}}},
	.num_sites = 1,
	.real_time = true,
	.background = {[SEEP_SIMULATE_RATE] = 10},
	.step = run_task,
};
