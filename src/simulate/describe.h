/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a simulation says about itself: what it is going to do, and the exact numbers of what it has
 * done; as JSON, one object per line, and for people.
 */
#ifndef SEEP_SIMULATE_DESCRIBE_H
#define SEEP_SIMULATE_DESCRIBE_H

#include <sys/types.h>

#include "base/buffer.h"
#include "simulate/simulation.h"

/* Why numbers are told. X(enum suffix, key, what people read) */
#define SEEP_SIMULATE_REASONS(X)                                                                   \
	X(ASKED, "asked", "asked for")                                                             \
	X(DURATION, "duration", "the time is over")                                                \
	X(SIGNAL, "signal", "ended by a signal")                                                   \
	X(INPUT, "input", "ended by standard input")                                               \
	X(LIMIT, "limit", "the limit is reached")                                                  \
	X(RESTART, "restart", "restarting")                                                        \
	X(FAILED, "failed", "it cannot go on")

enum seep_simulate_reason {
#define SEEP_SIMULATE_REASON_ENUM(name, key, text) SEEP_REASON_##name,
	SEEP_SIMULATE_REASONS(SEEP_SIMULATE_REASON_ENUM)
#undef SEEP_SIMULATE_REASON_ENUM
	SEEP_REASON_COUNT
};

/*
 * The line "start" in JSON: the truth about each function, and the rates as the clock on the wall
 * has them. @life counts the restarts before.
 */
void seep_simulate_describe_start_json(const struct seep_simulation_config *config,
				       const struct seep_simulation_counts *counts, pid_t pid,
				       uint64_t life, struct seep_buffer *buffer);
/* The same in words, one line. */
void seep_simulate_describe_start(const struct seep_simulation_config *config,
				  const struct seep_simulation_counts *counts, pid_t pid,
				  struct seep_buffer *buffer);

/* The line "report", or at the end "end": what each function has allocated, released and leaked. */
void seep_simulate_describe_counts_json(const struct seep_simulation_counts *counts,
					enum seep_simulate_reason reason, uint64_t rss_bytes,
					struct seep_buffer *buffer);
/* The same as a table. */
void seep_simulate_describe_counts(const struct seep_simulation_counts *counts,
				   enum seep_simulate_reason reason, uint64_t rss_bytes,
				   struct seep_buffer *buffer);

#endif
