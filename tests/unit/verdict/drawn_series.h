/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sites do, in kinds, each with random parameters; and which verdicts are right.
 *
 * Of what fills up or lives long, the time that it takes is below the minimum observation of a
 * verdict with its rate (verdict/verdict.c): until then nothing tells it from a leak, to anybody.
 */
#ifndef TESTS_UNIT_VERDICT_DRAWN_SERIES_H
#define TESTS_UNIT_VERDICT_DRAWN_SERIES_H

#include "verdict/simulation.h"
#include "verdict/verdict.h"

#define IS(class)    (1U << SEEP_CLASS_##class)
#define LOOKS(shape) (1U << SEEP_PATTERN_##shape)
#define LOOKS_ANY    (~0U)

/* X(name, classes that are right, patterns that are right) */
#define SERIES_KINDS(X)                                                                            \
	X(linear, IS(LEAK), LOOKS(LINEAR))                                                         \
	X(one_in_a_thousand, IS(LEAK), LOOKS(LINEAR))                                              \
	X(half_forgotten, IS(LEAK), LOOKS(LINEAR))                                                 \
	X(accelerating, IS(LEAK), LOOKS(ACCELERATING))                                             \
	X(stepped, IS(LEAK), LOOKS(STEPPED))                                                       \
	X(oscillating, IS(LEAK), LOOKS(OSCILLATING))                                               \
	X(stopped, IS(LEAK), LOOKS_ANY)                                                            \
	X(descriptors, IS(LEAK), LOOKS(LINEAR))                                                    \
	X(steady, IS(STEADY), LOOKS(NONE))                                                         \
	X(busy, IS(STEADY), LOOKS(NONE))                                                           \
	X(seasonal, IS(STEADY), LOOKS(OSCILLATING))                                                \
	X(tide, IS(STEADY) | IS(CACHE) | IS(BURST) | IS(WARMING_UP) | IS(GROWTH), LOOKS_ANY)       \
	X(start_up, IS(STEADY), LOOKS(NONE))                                                       \
	X(cache, IS(CACHE), LOOKS(NONE))                                                           \
	X(evicting, IS(CACHE) | IS(STEADY), LOOKS(NONE))                                           \
	X(filling, IS(CACHE) | IS(STEADY), LOOKS(NONE))                                            \
	X(pool, IS(CACHE) | IS(STEADY), LOOKS(NONE))                                               \
	X(burst, IS(BURST), LOOKS(NONE))                                                           \
	X(jump, IS(STEADY) | IS(CACHE), LOOKS(NONE))                                               \
	X(load, IS(GROWTH), LOOKS_ANY)                                                             \
	X(vector, IS(GROWTH), LOOKS_ANY)

enum series_kind {
#define SERIES_ENUM(name, classes, patterns) SERIES_##name,
	SERIES_KINDS(SERIES_ENUM)
#undef SERIES_ENUM
	SERIES_COUNT
};

/* How it is watched. */
struct watch {
	double interval_s;
	double duration_s;
	double missing; /* share of the snapshots */
};

static inline struct watch draw_watch(struct random *random)
{
	static const double intervals[] = {1, 1, 5, 10};
	double interval_s = intervals[random_bits(random) % 4];

	return (struct watch){
		.interval_s = interval_s,
		.duration_s = fmax(320, interval_s * floor(random_between(random, 40, 200))),
		.missing = random_uniform(random) < 0.3 ? 0.2 : 0,
	};
}

static inline void draw_linear(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 100, 2000) / all_s;
}

static inline void draw_one_in_a_thousand(struct series *series, struct random *random,
					  double all_s)
{
	series->rate = random_scale(random, 100, 2000) / all_s;
	series->churn = 1000 * series->rate;
	series->churn_lifetime_s = random_scale(random, 1e-4, 0.02 * all_s);
	series->size_spread = 0;
}

static inline void draw_half_forgotten(struct series *series, struct random *random, double all_s)
{
	series->forgotten = random_between(random, 0.1, 0.9);
	series->rate = random_scale(random, 100, 2000) / all_s / series->forgotten;
	series->lifetime_s = random_scale(random, 1e-3, 0.02) * all_s;
}

static inline void draw_accelerating(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 50, 1000) / all_s;
	series->growth = random_between(random, 3, 10) / all_s;
}

static inline void draw_stepped(struct series *series, struct random *random, double all_s)
{
	series->batch = floor(random_scale(random, 5, 500));
	series->batch_every_s = all_s / random_between(random, 5, 10);
}

static inline void draw_seasonal(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 2000, 5000) / all_s;
	series->wave = random_between(random, 0.5, 1);
	series->wave_s = all_s / random_between(random, 3.5, 6);
	series->phase = random_between(random, 0, 2 * M_PI);
	series->lifetime_s = series->wave_s * random_between(random, 0.03, 0.1);
}

static inline void draw_oscillating(struct series *series, struct random *random, double all_s)
{
	draw_seasonal(series, random, all_s);
	series->forgotten = random_between(random, 0.05, 0.2);
}

static inline void draw_stopped(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 100, 2000) / all_s;
	series->stopped_s = all_s * random_between(random, 0.2, 0.7);
	series->stopped_for_s = all_s * random_between(random, 0.1, 0.25);
}

static inline void draw_descriptors(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 20, 200) / all_s;
}

static inline void draw_steady(struct series *series, struct random *random, double all_s)
{
	series->lifetime_s = random_scale(random, 0.01, 10);
	series->rate = random_scale(random, 200, 10000) / all_s;
}

static inline void draw_busy(struct series *series, struct random *random, double all_s)
{
	draw_steady(series, random, all_s);
	series->churn = 100 * series->rate;
	series->churn_lifetime_s = random_scale(random, 1e-4, 0.02 * all_s);
	series->size_spread = 0;
}

/* An oscillation of which there is only a part to be seen. */
static inline void draw_tide(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 500, 10000) / all_s;
	series->wave = random_between(random, 0.3, 1);
	series->wave_s = all_s * random_between(random, 1.2, 5);
	series->phase = random_between(random, 0, 2 * M_PI);
	series->lifetime_s = all_s * random_scale(random, 1e-3, 0.03);
}

static inline void draw_start_up(struct series *series, struct random *random, double all_s)
{
	(void)all_s;
	series->batch = floor(random_scale(random, 1, 1000));
	series->batch_every_s = random_between(random, 0.01, 1);
	series->num_batches = 1;
}

static inline void draw_cache(struct series *series, struct random *random, double all_s)
{
	series->fade_s = random_between(random, 15, 25);
	series->rate = random_scale(random, 100, 2000) / series->fade_s;
	series->bytes = fmin(series->bytes, 1048576 / series->rate);
	(void)all_s;
}

static inline void draw_evicting(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 500, 2000) / all_s;
	series->capacity = ceil(series->rate * random_between(random, 5, 18));
}

/* Evenly, until it is full: a ring, or a cache that is only asked for what it does not have. */
static inline void draw_filling(struct series *series, struct random *random, double all_s)
{
	double rate_bytes = random_scale(random, 1000, 5e5);

	(void)all_s;
	series->rate = random_scale(random, 3, 50);
	series->capacity = ceil(series->rate * random_between(random, 10, 42));
	series->bytes = ceil(rate_bytes / series->rate);
}

static inline void draw_pool(struct series *series, struct random *random, double all_s)
{
	(void)all_s;
	series->batch = floor(random_scale(random, 4, 64));
	series->batch_every_s = random_between(random, 1, 3);
	series->num_batches = 2 + random_bits(random) % 5;
}

static inline void draw_burst(struct series *series, struct random *random, double all_s)
{
	series->from_s = all_s * random_between(random, 0.1, 0.3);
	series->fade_s = random_between(random, 4, 10);
	series->rate = random_scale(random, 100, 2000) / series->fade_s;
	series->all_end_at_s = all_s * random_between(random, 0.6, 0.8);
}

static inline void draw_jump(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 100, 2000) / all_s;
	series->lifetime_s = all_s * random_scale(random, 1e-3, 0.03);
	series->batch = floor(random_scale(random, 50, 1000));
	series->batch_every_s = all_s * random_between(random, 0.1, 0.8);
	series->num_batches = 1;
	series->batch_stays = true;
}

static inline void draw_load(struct series *series, struct random *random, double all_s)
{
	series->rate = random_scale(random, 2000, 20000) / all_s;
	series->growth = random_between(random, 1, 5) / all_s;
	series->lifetime_s = all_s * random_scale(random, 3e-3, 0.03);
}

static inline void draw_vector(struct series *series, struct random *random, double all_s)
{
	series->doubles = true;
	series->batch = 1;
	series->batch_every_s = all_s / random_between(random, 100, 300);
	series->size_spread = 0;
}

static const struct {
	const char *name;
	unsigned int classes;
	unsigned int patterns;
	void (*draw)(struct series *series, struct random *random, double all_s);
} series_kinds[] = {
#define SERIES_ENTRY(name, classes, patterns) {#name, classes, patterns, draw_##name},
	SERIES_KINDS(SERIES_ENTRY)
#undef SERIES_ENTRY
};

static inline bool is_leak(enum series_kind kind)
{
	return series_kinds[kind].classes == IS(LEAK);
}

static inline struct series draw_series(enum series_kind kind, struct random *random,
					const struct watch *watch)
{
	struct series series = {
		.even = random_uniform(random) < 0.3,
		.lifetimes = random_bits(random) % LIFETIMES_COUNT,
		.lifetime_s = INFINITY,
		.bytes = floor(random_scale(random, 16, 65536)),
		.size_spread = random_uniform(random) < 0.3 ? 0.5 : 0,
	};

	series_kinds[kind].draw(&series, random, watch->duration_s);
	return series;
}

/* Objects of a leak between two moments, if all goes as expected. */
static inline double expected_leaked(const struct series *series, double from_s, double to_s)
{
	double forgotten = isinf(series->lifetime_s) ? 1 : series->forgotten;

	if (series->batch > 0)
		return series->batch * (to_s - from_s) / series->batch_every_s;
	return series->rate * forgotten *
	       (to_s - from_s + series->growth * (to_s * to_s - from_s * from_s) / 2);
}

static inline double expected_share(const struct series *series)
{
	double forgotten = isinf(series->lifetime_s) ? 1 : series->forgotten;

	return series->churn > 0 ? series->rate / (series->rate + series->churn) : forgotten;
}

/* Of a lognormal distribution. */
static inline double expected_bytes(const struct series *series)
{
	return series->bytes * exp(series->size_spread * series->size_spread / 2);
}

#endif
