/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One site, simulated object by object: what a snapshot says of it (counts, lifetimes, ages) fits
 * together as it does in a real trace. Random, but by a seed: the same seed gives the same series.
 */
#ifndef TESTS_UNIT_VERDICT_SIMULATION_H
#define TESTS_UNIT_VERDICT_SIMULATION_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "model/snapshot.h"
#include "verdict/random.h"

/* How long the objects live that are released. */
enum lifetimes {
	LIFETIMES_EXPONENTIAL,
	LIFETIMES_FIXED,
	LIFETIMES_LOGNORMAL, /* sigma 1 */
	LIFETIMES_COUNT,
};

/* What a simulated site does. Times are since the trace began, rates per second. */
struct series {
	/* Objects are made at rate * (1 + trend * t + wave * sin), by chance or evenly. */
	double rate;
	bool even;
	double growth; /* of the rate, relative, per second */
	double wave;
	double wave_s;
	double phase;
	double from_s; /* none before */
	double fade_s; /* the rate falls to 1/e in this time; 0: it does not */
	/* At once, besides. */
	double batch;
	double batch_every_s;
	uint64_t num_batches; /* 0: no end */
	bool batch_stays;     /* only what is made by rate ends */
	/* How they end. */
	double forgotten; /* share that is never released */
	enum lifetimes lifetimes;
	double lifetime_s;   /* mean; INFINITY: none ends by itself */
	double capacity;     /* more than so many: the oldest ends; 0: no limit */
	double all_end_at_s; /* whatever lives then ends; 0: never */
	bool doubles;	     /* each object replaces the one before and is twice as large */
	/* Besides, short-lived ones too many to be simulated one by one. */
	double churn;
	double churn_lifetime_s;
	double bytes;	    /* of an object */
	double size_spread; /* sigma of its logarithm */
	/* The process is stopped in between; objects do not age towards their end. */
	double stopped_s;
	double stopped_for_s;
};

struct object {
	double made_s;
	double ends_s;
	double bytes;
};

struct simulation {
	struct series series;
	struct random random;
	double at_s; /* process time */
	double wait; /* until the next arrival, in expected arrivals */
	double next_batch_s;
	uint64_t batches;
	struct object *objects; /* live, in the order in which they were made */
	size_t num_objects;
	size_t room;
	double churn_live;
	double wall_s;
	struct seep_site site;
};

static inline void simulation_init(struct simulation *simulation, const struct series *series,
				   uint64_t seed)
{
	static const struct seep_stack nowhere;

	*simulation = (struct simulation){.series = *series, .random.state = seed};
	simulation->site.stack = &nowhere;
	simulation->at_s = series->from_s;
	simulation->wait = 1;
	simulation->next_batch_s = series->from_s + series->batch_every_s;
}

static inline void simulation_done(struct simulation *simulation)
{
	free(simulation->objects);
}

/* When the process has run for so long. */
static inline double wall_time(const struct series *series, double running_s)
{
	return running_s < series->stopped_s || series->stopped_for_s == 0 ?
		       running_s :
		       running_s + series->stopped_for_s;
}

static inline double draw_lifetime(struct simulation *simulation)
{
	const struct series *series = &simulation->series;
	struct random *random = &simulation->random;

	if (random_uniform(random) < series->forgotten)
		return INFINITY;
	switch (series->lifetimes) {
	case LIFETIMES_EXPONENTIAL:
		return random_exponential(random, series->lifetime_s);
	case LIFETIMES_LOGNORMAL:
		return series->lifetime_s * exp(random_normal(random) - 0.5);
	default:
		return series->lifetime_s;
	}
}

static inline unsigned int bucket_of(double age_s)
{
	uint64_t age_us = (uint64_t)(age_s * 1e6);
	unsigned int bucket = age_us ? 64 - (unsigned int)__builtin_clzll(age_us) : 0;

	return bucket < SEEP_LIFETIME_BUCKETS ? bucket : SEEP_LIFETIME_BUCKETS - 1;
}

static inline void make_object(struct simulation *simulation, double at_s, bool stays)
{
	const struct series *series = &simulation->series;
	struct seep_counts *counts = &simulation->site.counts;
	struct object *object;
	double bytes = series->bytes;

	if (simulation->num_objects == simulation->room) {
		simulation->room = simulation->room ? 2 * simulation->room : 64;
		simulation->objects = realloc(simulation->objects,
					      simulation->room * sizeof(*simulation->objects));
	}
	if (series->doubles && simulation->num_objects > 0) {
		object = &simulation->objects[simulation->num_objects - 1];
		object->ends_s = wall_time(series, at_s);
		bytes = 2 * object->bytes;
	}
	if (series->size_spread > 0)
		bytes = ceil(bytes * exp(series->size_spread * random_normal(&simulation->random)));
	object = &simulation->objects[simulation->num_objects++];
	object->made_s = wall_time(series, at_s);
	object->ends_s = stays ? INFINITY : wall_time(series, at_s + draw_lifetime(simulation));
	object->bytes = bytes;
	counts->allocs++;
	counts->alloc_bytes += (uint64_t)bytes;
	if (series->capacity > 0 && (double)simulation->num_objects > series->capacity) {
		size_t oldest = simulation->num_objects - 1 - (size_t)series->capacity;

		simulation->objects[oldest].ends_s =
			fmin(simulation->objects[oldest].ends_s, object->made_s);
	}
}

static inline double rate_at(const struct series *series, double at_s)
{
	double rate = series->rate * (1 + series->growth * at_s);

	if (series->wave_s > 0)
		rate *= 1 + series->wave * sin(2 * M_PI * at_s / series->wave_s + series->phase);
	if (series->fade_s > 0)
		rate *= exp(-(at_s - series->from_s) / series->fade_s);
	return fmax(rate, 0);
}

/* In so short a time the rate hardly changes. */
static inline double pace_of(const struct series *series)
{
	double pace_s = INFINITY;

	if (series->wave_s > 0)
		pace_s = series->wave_s / 50;
	if (series->fade_s > 0)
		pace_s = fmin(pace_s, series->fade_s / 50);
	if (series->growth > 0)
		pace_s = fmin(pace_s, 0.02 / series->growth);
	return pace_s;
}

/* The arrivals up to this time of the process. */
static inline void make_objects(struct simulation *simulation, double until_s)
{
	const struct series *series = &simulation->series;
	struct random *random = &simulation->random;

	while (series->batch > 0 && simulation->next_batch_s <= until_s) {
		for (double i = 0; i < series->batch; i++)
			make_object(simulation, simulation->next_batch_s, series->batch_stays);
		if (++simulation->batches == series->num_batches)
			simulation->next_batch_s = INFINITY;
		simulation->next_batch_s += series->batch_every_s;
		if (series->doubles)
			simulation->series.batch_every_s *= 2;
	}
	while (series->rate > 0 && simulation->at_s < until_s) {
		double rate = rate_at(series, simulation->at_s);
		double pace_s = fmin(until_s - simulation->at_s, pace_of(series));

		/* The next one comes when the rate, summed up, has reached what is waited for. */
		if (rate * pace_s < simulation->wait) {
			simulation->wait -= rate * pace_s;
			simulation->at_s += pace_s;
			continue;
		}
		simulation->at_s += simulation->wait / rate;
		simulation->wait = series->even ? 1 : random_exponential(random, 1);
		make_object(simulation, simulation->at_s, false);
	}
}

/* Takes out what has ended by now, and counts the rest by age. */
static inline void end_objects(struct simulation *simulation, double now_s)
{
	struct seep_site *site = &simulation->site;
	const struct series *series = &simulation->series;
	double oldest_s = 0;
	size_t kept = 0;

	memset(site->ages, 0, sizeof(site->ages));
	for (size_t i = 0; i < simulation->num_objects; i++) {
		struct object object = simulation->objects[i];

		if (series->all_end_at_s > 0 && now_s >= series->all_end_at_s &&
		    object.made_s < series->all_end_at_s)
			object.ends_s = fmin(object.ends_s, series->all_end_at_s);
		if (object.ends_s <= now_s) {
			site->counts.frees++;
			site->counts.free_bytes += (uint64_t)object.bytes;
			site->lifetimes[bucket_of(object.ends_s - object.made_s)]++;
			continue;
		}
		site->ages[bucket_of(now_s - object.made_s)]++;
		oldest_s = fmax(oldest_s, now_s - object.made_s);
		simulation->objects[kept++] = object;
	}
	simulation->num_objects = kept;
	site->oldest_ns = kept ? (uint64_t)(oldest_s * (double)SEEP_NS_PER_S) : SEEP_UNKNOWN;
}

static inline void churn(struct simulation *simulation, double running_s)
{
	const struct series *series = &simulation->series;
	struct seep_site *site = &simulation->site;
	double made = random_poisson(&simulation->random, series->churn * running_s);
	double live =
		fmin(made + simulation->churn_live,
		     random_poisson(&simulation->random, series->churn * series->churn_lifetime_s));
	double released = made + simulation->churn_live - live;
	unsigned int bucket = bucket_of(series->churn_lifetime_s);

	site->counts.allocs += (uint64_t)made;
	site->counts.alloc_bytes += (uint64_t)(made * series->bytes);
	site->counts.frees += (uint64_t)released;
	site->counts.free_bytes += (uint64_t)(released * series->bytes);
	site->lifetimes[bucket] += (uint64_t)released;
	site->ages[bucket - 1] += (uint64_t)live;
	simulation->churn_live = live;
}

/* The site as a snapshot at @now_s has it. */
static inline const struct seep_site *simulation_run(struct simulation *simulation, double now_s)
{
	const struct series *series = &simulation->series;
	double stopped_s = fmin(fmax(now_s - series->stopped_s, 0), series->stopped_for_s);
	double before_s =
		fmin(fmax(simulation->wall_s - series->stopped_s, 0), series->stopped_for_s);
	double running_s = now_s - simulation->wall_s - (stopped_s - before_s);

	make_objects(simulation, now_s - stopped_s);
	end_objects(simulation, now_s);
	if (series->churn > 0)
		churn(simulation, running_s);
	simulation->site.ages_known = true;
	simulation->wall_s = now_s;
	return &simulation->site;
}

#endif
