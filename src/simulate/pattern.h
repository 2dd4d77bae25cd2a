/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The patterns that can be simulated: what each does, what the truth about it is, and what can be
 * set. Constant data.
 */
#ifndef SEEP_SIMULATE_PATTERN_H
#define SEEP_SIMULATE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seep/abi.h"

/*
 * What a pattern can be told, as numbers in bytes, seconds and objects. X(enum suffix, name of the
 * option, key in JSON)
 */
#define SEEP_SIMULATE_PARAMETERS(X)                                                                \
	X(GROWTH, "growth", growth_bytes_per_s)                                                    \
	X(RATE, "rate", rate_per_s)                                                                \
	X(SIZE, "size", size_bytes)                                                                \
	X(OBJECTS, "objects", objects)                                                             \
	X(PERIOD, "period", period_s)                                                              \
	X(LEAK_FRACTION, "leak-fraction", leak_fraction)                                           \
	X(LIMIT, "limit", limit_bytes)

enum seep_simulate_parameter {
#define SEEP_SIMULATE_PARAMETER_ENUM(name, option, key) SEEP_SIMULATE_##name,
	SEEP_SIMULATE_PARAMETERS(SEEP_SIMULATE_PARAMETER_ENUM)
#undef SEEP_SIMULATE_PARAMETER_ENUM
	SEEP_SIMULATE_PARAMETER_COUNT
};

const char *seep_simulate_parameter_option(enum seep_simulate_parameter parameter);
const char *seep_simulate_parameter_key(enum seep_simulate_parameter parameter);

/* What a verdict about a function should be. X(enum suffix, key) */
#define SEEP_TRUTH_CLASSES(X)                                                                      \
	X(LEAK, "leak")                                                                            \
	X(GROWTH, "growth")                                                                        \
	X(CACHE, "cache")                                                                          \
	X(BURST, "burst")                                                                          \
	X(STEADY, "steady")                                                                        \
	X(WARMING_UP, "warming-up")

enum seep_truth_class {
#define SEEP_TRUTH_CLASS_ENUM(name, key) SEEP_TRUTH_##name,
	SEEP_TRUTH_CLASSES(SEEP_TRUTH_CLASS_ENUM)
#undef SEEP_TRUTH_CLASS_ENUM
	SEEP_TRUTH_CLASS_COUNT
};

#define SEEP_TRUTH_BIT(name) (1u << SEEP_TRUTH_##name)

/* How its live objects develop. X(enum suffix, key) */
#define SEEP_TRUTH_PATTERNS(X)                                                                     \
	X(NONE, "none")                                                                            \
	X(LINEAR, "linear")                                                                        \
	X(ACCELERATING, "accelerating")                                                            \
	X(STEPPED, "stepped")                                                                      \
	X(OSCILLATING, "oscillating")

enum seep_truth_pattern {
#define SEEP_TRUTH_PATTERN_ENUM(name, key) SEEP_TRUTH_PATTERN_##name,
	SEEP_TRUTH_PATTERNS(SEEP_TRUTH_PATTERN_ENUM)
#undef SEEP_TRUTH_PATTERN_ENUM
	SEEP_TRUTH_PATTERN_COUNT
};

const char *seep_truth_class_key(enum seep_truth_class class);
const char *seep_truth_pattern_key(enum seep_truth_pattern pattern);

struct seep_truth {
	enum seep_truth_class class;
	uint32_t also; /* SEEP_TRUTH_BIT of classes that are no mistake either */
	enum seep_truth_pattern pattern;
};

/*
 * A curve: how many objects there are, leaked, held or come so far, @time_s after the beginning.
 * See shapes.h.
 */
typedef double (*seep_shape)(const double *parameters, double time_s);

struct seep_activity;

#define SEEP_MAX_BACKGROUND 3

struct seep_simulate_pattern {
	const char *name;
	const char *summary;
	enum seep_kind kind;
	struct seep_truth truth;
	/* What the pattern is about, and what the same program does besides. */
	const struct seep_activity *subject;
	const struct seep_activity *background[SEEP_MAX_BACKGROUND];
	/* Of the subject, where it follows one. */
	seep_shape shape;
	/* Objects that stay, per second of the pattern; NULL: none. */
	double (*rate)(const double *parameters);
	/* 0: the parameter means nothing to it; INFINITY: no bound. */
	double defaults[SEEP_SIMULATE_PARAMETER_COUNT];
	uint64_t least_bytes; /* below which SIZE makes no sense; 0 and 1: any */
	bool churn_rate;      /* RATE is that of the churn in the background */
	bool fragments;	      /* the resident set grows although what is live does not */
	bool restarts;	      /* executes itself anew after each period */
};

extern const struct seep_simulate_pattern seep_patterns[];
extern const size_t seep_num_patterns;

/* NULL: there is none of this name. */
const struct seep_simulate_pattern *seep_pattern_find(const char *name);

#endif
