/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sites do, in kinds, each with random parameters; and which verdicts are right.
 *
 * Of what fills up or lives long, the time that it takes is below the patience of a verdict with its rate
 * (verdict/verdict.c): until then nothing tells it from a leak, to anybody.
 */
#ifndef TESTS_UNIT_MODEL_COURSES_H
#define TESTS_UNIT_MODEL_COURSES_H

#include "verdict/simulation.h"
#include "verdict/verdict.h"

#define IS(class)    (1U << SEEP_CLASS_##class)
#define LOOKS(shape) (1U << SEEP_PATTERN_##shape)
#define LOOKS_ANY    (~0U)

/* X(name, classes that are right, patterns that are right) */
#define COURSES(X)                                                                                 \
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
	X(pool, IS(CACHE) | IS(STEADY), LOOKS(NONE))                                               \
	X(burst, IS(BURST), LOOKS(NONE))                                                           \
	X(jump, IS(STEADY) | IS(CACHE), LOOKS(NONE))                                               \
	X(load, IS(GROWTH), LOOKS_ANY)                                                             \
	X(vector, IS(GROWTH), LOOKS_ANY)

enum course_kind {
#define COURSE_ENUM(name, classes, patterns) COURSE_##name,
	COURSES(COURSE_ENUM)
#undef COURSE_ENUM
	COURSE_COUNT
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

static inline void draw_linear(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 100, 2000) / all_s;
}

static inline void draw_one_in_a_thousand(struct course *course, struct random *random,
					  double all_s)
{
	course->rate = random_scale(random, 100, 2000) / all_s;
	course->churn = 1000 * course->rate;
	course->churn_lifetime_s = random_scale(random, 1e-4, 0.02 * all_s);
	course->size_spread = 0;
}

static inline void draw_half_forgotten(struct course *course, struct random *random, double all_s)
{
	course->forgotten = random_between(random, 0.1, 0.9);
	course->rate = random_scale(random, 100, 2000) / all_s / course->forgotten;
	course->lifetime_s = random_scale(random, 1e-3, 0.02) * all_s;
}

static inline void draw_accelerating(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 50, 1000) / all_s;
	course->growth = random_between(random, 3, 10) / all_s;
}

static inline void draw_stepped(struct course *course, struct random *random, double all_s)
{
	course->batch = floor(random_scale(random, 5, 500));
	course->batch_every_s = all_s / random_between(random, 5, 10);
}

static inline void draw_seasonal(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 2000, 5000) / all_s;
	course->wave = random_between(random, 0.5, 1);
	course->wave_s = all_s / random_between(random, 3.5, 6);
	course->phase = random_between(random, 0, 2 * M_PI);
	course->lifetime_s = course->wave_s * random_between(random, 0.03, 0.1);
}

static inline void draw_oscillating(struct course *course, struct random *random, double all_s)
{
	draw_seasonal(course, random, all_s);
	course->forgotten = random_between(random, 0.05, 0.2);
}

static inline void draw_stopped(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 100, 2000) / all_s;
	course->stopped_s = all_s * random_between(random, 0.2, 0.7);
	course->stopped_for_s = all_s * random_between(random, 0.1, 0.25);
}

static inline void draw_descriptors(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 20, 200) / all_s;
}

static inline void draw_steady(struct course *course, struct random *random, double all_s)
{
	course->lifetime_s = random_scale(random, 0.01, 10);
	course->rate = random_scale(random, 200, 10000) / all_s;
}

static inline void draw_busy(struct course *course, struct random *random, double all_s)
{
	draw_steady(course, random, all_s);
	course->churn = 100 * course->rate;
	course->churn_lifetime_s = random_scale(random, 1e-4, 0.02 * all_s);
	course->size_spread = 0;
}

/* An oscillation of which there is only a part to be seen. */
static inline void draw_tide(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 500, 10000) / all_s;
	course->wave = random_between(random, 0.3, 1);
	course->wave_s = all_s * random_between(random, 1.2, 5);
	course->phase = random_between(random, 0, 2 * M_PI);
	course->lifetime_s = all_s * random_scale(random, 1e-3, 0.03);
}

static inline void draw_start_up(struct course *course, struct random *random, double all_s)
{
	(void)all_s;
	course->batch = floor(random_scale(random, 1, 1000));
	course->batch_every_s = random_between(random, 0.01, 1);
	course->num_batches = 1;
}

static inline void draw_cache(struct course *course, struct random *random, double all_s)
{
	course->fade_s = random_between(random, 15, 25);
	course->rate = random_scale(random, 100, 2000) / course->fade_s;
	course->bytes = fmin(course->bytes, 1048576 / course->rate);
	(void)all_s;
}

static inline void draw_evicting(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 500, 2000) / all_s;
	course->capacity = ceil(course->rate * random_between(random, 5, 18));
}

static inline void draw_pool(struct course *course, struct random *random, double all_s)
{
	(void)all_s;
	course->batch = floor(random_scale(random, 4, 64));
	course->batch_every_s = random_between(random, 1, 3);
	course->num_batches = 2 + random_bits(random) % 5;
}

static inline void draw_burst(struct course *course, struct random *random, double all_s)
{
	course->from_s = all_s * random_between(random, 0.1, 0.3);
	course->fade_s = random_between(random, 4, 10);
	course->rate = random_scale(random, 100, 2000) / course->fade_s;
	course->all_end_at_s = all_s * random_between(random, 0.6, 0.8);
}

static inline void draw_jump(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 100, 2000) / all_s;
	course->lifetime_s = all_s * random_scale(random, 1e-3, 0.03);
	course->batch = floor(random_scale(random, 50, 1000));
	course->batch_every_s = all_s * random_between(random, 0.1, 0.8);
	course->num_batches = 1;
	course->batch_stays = true;
}

static inline void draw_load(struct course *course, struct random *random, double all_s)
{
	course->rate = random_scale(random, 2000, 20000) / all_s;
	course->growth = random_between(random, 1, 5) / all_s;
	course->lifetime_s = all_s * random_scale(random, 3e-3, 0.03);
}

static inline void draw_vector(struct course *course, struct random *random, double all_s)
{
	course->doubles = true;
	course->batch = 1;
	course->batch_every_s = all_s / random_between(random, 100, 300);
	course->size_spread = 0;
}

static const struct {
	const char *name;
	unsigned int classes;
	unsigned int patterns;
	void (*draw)(struct course *course, struct random *random, double all_s);
} courses[] = {
#define COURSE_ENTRY(name, classes, patterns) {#name, classes, patterns, draw_##name},
	COURSES(COURSE_ENTRY)
#undef COURSE_ENTRY
};

static inline bool is_leak(enum course_kind kind)
{
	return courses[kind].classes == IS(LEAK);
}

static inline struct course draw_course(enum course_kind kind, struct random *random,
					const struct watch *watch)
{
	struct course course = {
		.even = random_uniform(random) < 0.3,
		.lifetimes = random_bits(random) % LIFETIMES_COUNT,
		.lifetime_s = INFINITY,
		.bytes = floor(random_scale(random, 16, 65536)),
		.size_spread = random_uniform(random) < 0.3 ? 0.5 : 0,
	};

	courses[kind].draw(&course, random, watch->duration_s);
	return course;
}

/* Objects of a leak between two moments, if all goes as expected. */
static inline double expected_leaked(const struct course *course, double from_s, double to_s)
{
	double forgotten = isinf(course->lifetime_s) ? 1 : course->forgotten;

	if (course->batch > 0)
		return course->batch * (to_s - from_s) / course->batch_every_s;
	return course->rate * forgotten *
	       (to_s - from_s + course->growth * (to_s * to_s - from_s * from_s) / 2);
}

static inline double expected_share(const struct course *course)
{
	double forgotten = isinf(course->lifetime_s) ? 1 : course->forgotten;

	return course->churn > 0 ? course->rate / (course->rate + course->churn) : forgotten;
}

/* Of a lognormal distribution. */
static inline double expected_bytes(const struct course *course)
{
	return course->bytes * exp(course->size_spread * course->size_spread / 2);
}

#endif
