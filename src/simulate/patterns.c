// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of all patterns, and names of its enumerations. A row says which activity is the
 * subject, what goes on besides, what numbers it starts with, and what a right verdict about it is.
 * The command line, its help and the accuracy tests go by this table: a new pattern is a row here
 * and, if it does something new, an activity in a file of its own (activity.h).
 */
#include <string.h>

#include "simulate/activity.h"
#include "simulate/pattern.h"
#include "simulate/shapes.h"

#define KIB 1024.0
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define NO_BOUND INFINITY

/* A server with a cache, a pool and requests that come and go. */
#define SERVER {&seep_activity_churn, &seep_activity_cache, &seep_activity_pool}

/* Sessions that leak on a curve; what a period means is the curve's. */
#define SESSIONS(growth_bytes_per_s, period)                                                       \
	{                                                                                          \
		[SEEP_SIMULATE_GROWTH] = (growth_bytes_per_s),                                     \
		[SEEP_SIMULATE_RATE] = 1000,                                                       \
		[SEEP_SIMULATE_SIZE] = 1 * KIB,                                                    \
		[SEEP_SIMULATE_OBJECTS] = NO_BOUND,                                                \
		[SEEP_SIMULATE_PERIOD] = (period),                                                 \
		[SEEP_SIMULATE_LIMIT] = 1 * GIB,                                                   \
	}

/* Records that are held, at most so many. */
#define RECORDS(period, fraction)                                                                  \
	{                                                                                          \
		[SEEP_SIMULATE_RATE] = 1000,                                                       \
		[SEEP_SIMULATE_SIZE] = 1 * KIB,                                                    \
		[SEEP_SIMULATE_OBJECTS] = 2000,                                                    \
		[SEEP_SIMULATE_PERIOD] = (period),                                                 \
		[SEEP_SIMULATE_LEAK_FRACTION] = (fraction),                                        \
		[SEEP_SIMULATE_LIMIT] = (fraction) > 0 ? 1 * GIB : 0,                              \
	}

const struct seep_simulate_pattern seep_patterns[] = {
	{
		.name = "memory",
		.summary = "a constant leak: linear by another name",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_leak,
		.background = SERVER,
		.shape = seep_shape_linear,
		.rate = seep_rate_of_growth,
		.defaults = SESSIONS(100 * KIB, 0),
		.churn_rate = true,
	},
	{
		.name = "linear",
		.summary = "every request leaks its session, at a constant rate",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_leak,
		.background = SERVER,
		.shape = seep_shape_linear,
		.rate = seep_rate_of_growth,
		.defaults = SESSIONS(100 * KIB, 0),
		.churn_rate = true,
	},
	{
		.name = "exponential",
		.summary = "a leak whose rate doubles each period",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_ACCELERATING},
		.subject = &seep_activity_leak,
		.background = SERVER,
		.shape = seep_shape_accelerating,
		.rate = seep_rate_of_growth,
		.defaults = SESSIONS(32 * KIB, 10),
		.churn_rate = true,
	},
	{
		.name = "stepped",
		.summary = "a leak that comes all at once at the end of each period",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_STEPPED},
		.subject = &seep_activity_leak,
		.background = SERVER,
		.shape = seep_shape_stepped,
		.rate = seep_rate_of_growth,
		.defaults = SESSIONS(100 * KIB, 5),
		.churn_rate = true,
	},
	{
		.name = "oscillating",
		.summary = "records come and go each period; some of them never go",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_OSCILLATING},
		.subject = &seep_activity_hold,
		.background = SERVER,
		.shape = seep_shape_swinging,
		.rate = seep_rate_of_swing,
		.defaults = RECORDS(10, 0.1),
		.churn_rate = true,
	},
	{
		.name = "oscillating-steady",
		.summary = "records come and go each period, all of them",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_STEADY, .pattern = SEEP_TRUTH_PATTERN_OSCILLATING},
		.subject = &seep_activity_hold,
		.background = SERVER,
		.shape = seep_shape_swinging,
		.defaults = RECORDS(10, 0),
		.churn_rate = true,
	},
	{
		.name = "seasonal",
		.summary = "messages wait a while; their number follows the season",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_STEADY, .pattern = SEEP_TRUTH_PATTERN_OSCILLATING},
		.subject = &seep_activity_queue,
		.background = SERVER,
		.shape = seep_shape_seasonal,
		.defaults = {[SEEP_SIMULATE_RATE] = 200,
			     [SEEP_SIMULATE_SIZE] = 1 * KIB,
			     [SEEP_SIMULATE_PERIOD] = 20},
	},
	{
		.name = "rare",
		.summary = "one request in a thousand leaks, under heavy churn",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_churn,
		.background = {&seep_activity_cache, &seep_activity_pool},
		.rate = seep_rate_of_fraction,
		.defaults = {[SEEP_SIMULATE_RATE] = 100000,
			     [SEEP_SIMULATE_SIZE] = 10,
			     [SEEP_SIMULATE_LEAK_FRACTION] = 0.001,
			     [SEEP_SIMULATE_LIMIT] = 1 * GIB},
	},
	{
		.name = "restart",
		.summary = "a constant leak in a program that restarts after each period",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_leak,
		.background = SERVER,
		.shape = seep_shape_linear,
		.rate = seep_rate_of_growth,
		.defaults = SESSIONS(100 * KIB, 30),
		.churn_rate = true,
		.restarts = true,
	},
	{
		.name = "cycle",
		.summary = "objects in reference cycles that nothing else reaches",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_cycle,
		.background = SERVER,
		.shape = seep_shape_paced,
		.rate = seep_rate_of_steps,
		.defaults = {[SEEP_SIMULATE_RATE] = 100,
			     [SEEP_SIMULATE_SIZE] = 64,
			     [SEEP_SIMULATE_OBJECTS] = 1000},
		.least_bytes = SEEP_CYCLE_LEAST_BYTES,
	},
	{
		.name = "vector",
		.summary = "a vector that grows by realloc, for ever",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_GROWTH, SEEP_TRUTH_BIT(LEAK), SEEP_TRUTH_PATTERN_STEPPED},
		.subject = &seep_activity_vector,
		.background = SERVER,
		.shape = seep_shape_linear,
		.rate = seep_rate_of_growth,
		.defaults = {[SEEP_SIMULATE_GROWTH] = 100 * KIB,
			     [SEEP_SIMULATE_RATE] = 1000,
			     [SEEP_SIMULATE_SIZE] = 64,
			     [SEEP_SIMULATE_LIMIT] = 256 * MIB},
		.churn_rate = true,
	},
	{
		.name = "vector-bounded",
		.summary = "a vector that grows by realloc up to so many elements",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_STEADY, SEEP_TRUTH_BIT(WARMING_UP) | SEEP_TRUTH_BIT(CACHE)},
		.subject = &seep_activity_vector,
		.background = SERVER,
		.shape = seep_shape_linear,
		.defaults = {[SEEP_SIMULATE_GROWTH] = 100 * KIB,
			     [SEEP_SIMULATE_RATE] = 1000,
			     [SEEP_SIMULATE_SIZE] = 64,
			     [SEEP_SIMULATE_OBJECTS] = 8000},
		.churn_rate = true,
	},
	{
		.name = "cache",
		.summary = "a cache that fills up and then replaces its entries",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_CACHE, SEEP_TRUTH_BIT(STEADY) | SEEP_TRUTH_BIT(WARMING_UP)},
		.subject = &seep_activity_cache,
		.background = {&seep_activity_churn, &seep_activity_pool},
		.defaults = {[SEEP_SIMULATE_RATE] = 1000,
			     [SEEP_SIMULATE_SIZE] = 1 * KIB,
			     [SEEP_SIMULATE_OBJECTS] = 2000},
	},
	{
		.name = "pool",
		.summary = "a pool that grows to what was ever needed at once",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_STEADY, SEEP_TRUTH_BIT(CACHE) | SEEP_TRUTH_BIT(WARMING_UP)},
		.subject = &seep_activity_pool,
		.background = {&seep_activity_churn, &seep_activity_cache},
		.defaults = {[SEEP_SIMULATE_RATE] = 100,
			     [SEEP_SIMULATE_SIZE] = 16 * KIB,
			     [SEEP_SIMULATE_OBJECTS] = 64},
	},
	{
		.name = "warm-up",
		.summary = "tables that are loaded ever more slowly, and are complete then",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_WARMING_UP, SEEP_TRUTH_BIT(STEADY) | SEEP_TRUTH_BIT(CACHE)},
		.subject = &seep_activity_hold,
		.background = SERVER,
		.shape = seep_shape_saturating,
		.defaults = RECORDS(5, 0),
		.churn_rate = true,
	},
	{
		.name = "burst",
		.summary = "after one period a burst of records, all gone soon after",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_BURST, SEEP_TRUTH_BIT(STEADY)},
		.subject = &seep_activity_hold,
		.background = SERVER,
		.shape = seep_shape_burst,
		.defaults = RECORDS(5, 0),
		.churn_rate = true,
	},
	{
		.name = "churn",
		.summary = "requests that release all that they take",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_STEADY},
		.subject = &seep_activity_churn,
		.background = {&seep_activity_cache, &seep_activity_pool},
		.defaults = {[SEEP_SIMULATE_RATE] = 20000, [SEEP_SIMULATE_SIZE] = 256},
	},
	{
		.name = "fragmentation",
		.summary = "what is live stays the same, the resident set grows",
		.kind = SEEP_KIND_MEMORY,
		.truth = {SEEP_TRUTH_STEADY},
		.subject = &seep_activity_fragment,
		.background = SERVER,
		.defaults = {[SEEP_SIMULATE_GROWTH] = 1 * MIB,
			     [SEEP_SIMULATE_RATE] = 1000,
			     [SEEP_SIMULATE_OBJECTS] = 1024},
		.churn_rate = true,
		.fragments = true,
	},
	{
		.name = "mapping",
		.summary = "mmap without munmap",
		.kind = SEEP_KIND_MAPPING,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_regions,
		.background = {&seep_activity_scratch, &seep_activity_churn},
		.shape = seep_shape_linear,
		.rate = seep_rate_of_growth,
		.defaults = {[SEEP_SIMULATE_GROWTH] = 1 * MIB,
			     [SEEP_SIMULATE_SIZE] = 64 * KIB,
			     [SEEP_SIMULATE_OBJECTS] = NO_BOUND,
			     [SEEP_SIMULATE_LIMIT] = 1 * GIB},
	},
	{
		.name = "thread",
		.summary = "threads that end and are never joined",
		.kind = SEEP_KIND_THREAD,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_jobs,
		.background = {&seep_activity_tasks, &seep_activity_churn},
		.shape = seep_shape_paced,
		.rate = seep_rate_of_fraction,
		.defaults = {[SEEP_SIMULATE_RATE] = 5,
			     [SEEP_SIMULATE_OBJECTS] = 1000,
			     [SEEP_SIMULATE_LEAK_FRACTION] = 1},
	},
	{
		.name = "thread-rare",
		.summary = "one thread in 50 is not joined",
		.kind = SEEP_KIND_THREAD,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_jobs,
		.background = {&seep_activity_tasks, &seep_activity_churn},
		.shape = seep_shape_paced,
		.rate = seep_rate_of_fraction,
		.defaults = {[SEEP_SIMULATE_RATE] = 50,
			     [SEEP_SIMULATE_OBJECTS] = 50000,
			     [SEEP_SIMULATE_LEAK_FRACTION] = 0.02},
	},
	{
		.name = "thread-endless",
		.summary = "threads that never end",
		.kind = SEEP_KIND_THREAD,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_watchers,
		.background = {&seep_activity_tasks, &seep_activity_churn},
		.shape = seep_shape_paced,
		.rate = seep_rate_of_steps,
		.defaults = {[SEEP_SIMULATE_RATE] = 5, [SEEP_SIMULATE_OBJECTS] = 1000},
	},
	{
		.name = "fd",
		.summary = "sockets and files that are never closed",
		.kind = SEEP_KIND_FD,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_files,
		.background = {&seep_activity_backends, &seep_activity_churn},
		.shape = seep_shape_paced,
		.rate = seep_rate_of_fraction,
		.defaults = {[SEEP_SIMULATE_RATE] = 5,
			     [SEEP_SIMULATE_OBJECTS] = NO_BOUND,
			     [SEEP_SIMULATE_LEAK_FRACTION] = 1},
	},
	{
		.name = "fd-rare",
		.summary = "one socket or file in 100 is not closed",
		.kind = SEEP_KIND_FD,
		.truth = {SEEP_TRUTH_LEAK, .pattern = SEEP_TRUTH_PATTERN_LINEAR},
		.subject = &seep_activity_files,
		.background = {&seep_activity_backends, &seep_activity_churn},
		.shape = seep_shape_paced,
		.rate = seep_rate_of_fraction,
		.defaults = {[SEEP_SIMULATE_RATE] = 100,
			     [SEEP_SIMULATE_OBJECTS] = NO_BOUND,
			     [SEEP_SIMULATE_LEAK_FRACTION] = 0.01},
	},
};

const size_t seep_num_patterns = sizeof(seep_patterns) / sizeof(seep_patterns[0]);

const struct seep_simulate_pattern *seep_pattern_find(const char *name)
{
	for (size_t i = 0; i < seep_num_patterns; i++) {
		if (strcmp(seep_patterns[i].name, name) == 0)
			return &seep_patterns[i];
	}
	return NULL;
}

/* The names below come from the lists in pattern.h. */
const char *seep_simulate_parameter_option(enum seep_simulate_parameter parameter)
{
	static const char *const options[] = {
#define SEEP_SIMULATE_PARAMETER_OPTION(name, option, key) [SEEP_SIMULATE_##name] = option,
		SEEP_SIMULATE_PARAMETERS(SEEP_SIMULATE_PARAMETER_OPTION)
#undef SEEP_SIMULATE_PARAMETER_OPTION
	};

	return options[parameter];
}

const char *seep_simulate_parameter_key(enum seep_simulate_parameter parameter)
{
	static const char *const keys[] = {
#define SEEP_SIMULATE_PARAMETER_KEY(name, option, key) [SEEP_SIMULATE_##name] = #key,
		SEEP_SIMULATE_PARAMETERS(SEEP_SIMULATE_PARAMETER_KEY)
#undef SEEP_SIMULATE_PARAMETER_KEY
	};

	return keys[parameter];
}

const char *seep_truth_class_key(enum seep_truth_class class)
{
	static const char *const keys[] = {
#define SEEP_TRUTH_CLASS_KEY(name, key) [SEEP_TRUTH_##name] = key,
		SEEP_TRUTH_CLASSES(SEEP_TRUTH_CLASS_KEY)
#undef SEEP_TRUTH_CLASS_KEY
	};

	return keys[class];
}

const char *seep_truth_pattern_key(enum seep_truth_pattern pattern)
{
	static const char *const keys[] = {
#define SEEP_TRUTH_PATTERN_KEY(name, key) [SEEP_TRUTH_PATTERN_##name] = key,
		SEEP_TRUTH_PATTERNS(SEEP_TRUTH_PATTERN_KEY)
#undef SEEP_TRUTH_PATTERN_KEY
	};

	return keys[pattern];
}
