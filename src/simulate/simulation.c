// SPDX-License-Identifier: GPL-2.0-only
/*
 * The workers of one simulation and their sums. Created, started, counted and stopped on the
 * caller's thread; the workers only share the eventfd with it, and their locks: count takes all of
 * them, so the numbers of all workers are of one moment.
 *
 * Memory is all allocated in seep_simulation_new; SEEP_SIMULATE_MAX_WORKERS bounds it.
 */
#include "simulate/simulation.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "simulate/worker.h"

struct seep_simulation {
	const struct seep_simulation_config *config;
	/* An eventfd to which each worker adds when it cannot go on. */
	int over_fd;
	size_t num_workers; /* that are initialized, the last one perhaps in part */
	struct seep_worker *workers;
};

/* A worker that fails half-way counts, so that it is undone with the others. */
static int make_workers(struct seep_simulation *simulation)
{
	const struct seep_simulation_config *config = simulation->config;
	int error = 0;

	simulation->workers = calloc(config->num_workers, sizeof(*simulation->workers));
	if (!simulation->workers)
		return -ENOMEM;
	while (simulation->num_workers < config->num_workers && !error) {
		/* Counted before it is initialized, see above. */
		size_t number = simulation->num_workers++;

		error = seep_worker_init(&simulation->workers[number], config, number,
					 simulation->over_fd);
	}
	return error;
}

int seep_simulation_new(const struct seep_simulation_config *config,
			struct seep_simulation **ret_simulation)
{
	struct seep_simulation *simulation = calloc(1, sizeof(*simulation));
	int error;

	if (!simulation)
		return -ENOMEM;
	simulation->config = config;
	/* Non-blocking, so that reading it never makes the caller wait. */
	simulation->over_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* The failure path closes and frees whatever is there by then. */
	error = simulation->over_fd < 0 ? -errno : make_workers(simulation);
	if (error) {
		seep_simulation_free(simulation);
		return error;
	}
	*ret_simulation = simulation;
	return 0;
}

void seep_simulation_free(struct seep_simulation *simulation)
{
	if (!simulation)
		return;
	seep_simulation_stop(simulation);
	for (size_t i = 0; i < simulation->num_workers; i++)
		seep_worker_done(&simulation->workers[i]);
	free(simulation->workers);
	if (simulation->over_fd >= 0)
		close(simulation->over_fd);
	free(simulation);
}

int seep_simulation_start(struct seep_simulation *simulation)
{
	int error = 0;

	for (size_t i = 0; i < simulation->num_workers && !error; i++)
		error = seep_worker_start(&simulation->workers[i]);
	return error;
}

void seep_simulation_stop(struct seep_simulation *simulation)
{
	for (size_t i = 0; i < simulation->num_workers; i++)
		seep_worker_stop(&simulation->workers[i]);
}

int seep_simulation_fd(const struct seep_simulation *simulation)
{
	return simulation->over_fd;
}

/* Always in the order of the workers. A worker only takes its own lock, so this cannot deadlock. */
static void lock_all(struct seep_simulation *simulation)
{
	for (size_t i = 0; i < simulation->num_workers; i++)
		pthread_mutex_lock(&simulation->workers[i].lock);
}

static void unlock_all(struct seep_simulation *simulation)
{
	for (size_t i = 0; i < simulation->num_workers; i++)
		pthread_mutex_unlock(&simulation->workers[i].lock);
}

/* The first error of a worker; 0 if the limit was reached, or if it goes on. */
int seep_simulation_error(struct seep_simulation *simulation)
{
	int error = 0;

	lock_all(simulation);
	for (size_t i = 0; i < simulation->num_workers && !error; i++)
		error = simulation->workers[i].error;
	unlock_all(simulation);
	return error;
}

static void add_counts(struct seep_site_counts *sum, const struct seep_site_counts *counts)
{
	sum->allocs += counts->allocs;
	sum->alloc_bytes += counts->alloc_bytes;
	sum->frees += counts->frees;
	sum->free_bytes += counts->free_bytes;
	sum->leaked_objects += counts->leaked_objects;
	sum->leaked_bytes += counts->leaked_bytes;
}

/* A row for each function, without numbers yet. The order is the same as in add_worker. */
static void list_functions(const struct seep_simulation *simulation,
			   struct seep_simulation_counts *counts)
{
	const struct seep_worker *worker = &simulation->workers[0];

	for (size_t i = 0; i < worker->num_works; i++) {
		const struct seep_activity *activity = worker->works[i].activity;

		for (size_t j = 0; j < activity->num_sites; j++) {
			counts->functions[counts->num_functions++] =
				(struct seep_simulated_function){
					.site = &activity->sites[j],
					/*
					 * The first work is the subject, and the pattern says what
					 * is true of it.
					 */
					.truth = i ? activity->sites[j].truth :
						     simulation->config->pattern->truth,
					.subject = i == 0,
				};
		}
	}
}

/* Counts are sums; times are the longest of any worker, as workers run side by side. */
static void add_worker(const struct seep_worker *worker, struct seep_simulation_counts *counts)
{
	/*
	 * All workers have the same activities in the same order, so functions are found by
	 * position.
	 */
	struct seep_simulated_function *function = counts->functions;

	for (size_t i = 0; i < worker->num_works; i++) {
		for (size_t j = 0; j < worker->works[i].activity->num_sites; j++)
			add_counts(&function++->counts, &worker->works[i].counts[j]);
	}
	if (worker->active_ns > counts->active_ns)
		counts->active_ns = worker->active_ns;
	if (worker->late_ns > counts->late_ns)
		counts->late_ns = worker->late_ns;
}

void seep_simulation_count(struct seep_simulation *simulation,
			   struct seep_simulation_counts *ret_counts)
{
	*ret_counts = (struct seep_simulation_counts){0};
	list_functions(simulation, ret_counts);
	lock_all(simulation);
	for (size_t i = 0; i < simulation->num_workers; i++)
		add_worker(&simulation->workers[i], ret_counts);
	unlock_all(simulation);
}

/* In real seconds: a pattern that is stretched by the scale leaks more slowly. */
double seep_simulation_object_rate(const struct seep_simulation_config *config)
{
	const struct seep_simulate_pattern *pattern = config->pattern;
	double rate = pattern->rate ? pattern->rate(config->parameters) : 0;

	/* What runs in real time is a matter of rate, and is not stretched. */
	return pattern->subject->real_time ? rate : rate / config->scale;
}

double seep_simulation_byte_rate(const struct seep_simulation_config *config)
{
	return seep_simulation_object_rate(config) * config->parameters[SEEP_SIMULATE_SIZE];
}
