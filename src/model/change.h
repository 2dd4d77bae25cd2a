/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a site changed from one snapshot to another: amounts before and after, and the type of the
 * change.
 */
#ifndef SEEP_MODEL_CHANGE_H
#define SEEP_MODEL_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

/* X(enum suffix, key in JSON, what it says). In the order of reports. */
#define SEEP_CHANGES(X)                                                                            \
	X(NEW, "new", "new: never seen before")                                                    \
	X(GREW, "grew", "grew")                                                                    \
	X(SHRANK, "shrank", "shrank")                                                              \
	X(GONE, "gone", "gone: nothing is left")                                                   \
	X(SAME, "same", "unchanged")

enum seep_change_type {
#define SEEP_CHANGE_ENUM(name, key, text) SEEP_CHANGE_##name,
	SEEP_CHANGES(SEEP_CHANGE_ENUM)
#undef SEEP_CHANGE_ENUM
	SEEP_CHANGE_COUNT
};

const char *seep_change_key(enum seep_change_type type);
const char *seep_change_text(enum seep_change_type type);

/* What a site comes to in all processes of a program. */
struct seep_amount {
	size_t num_sites; /* 0: it was never seen */
	struct seep_counts counts;
	uint64_t live_objects;
	uint64_t live_bytes;
	bool estimated;			     /* some of it: see sampling.h */
	double variances[SEEP_METRIC_COUNT]; /* by enum seep_metric, see seep_site_variance */
};

struct seep_change {
	/* One of those added up, of the later side if it is there: for stack and names. */
	const struct seep_site *site;
	const char *program;
	enum seep_change_type type;
	bool by_names;
	struct seep_amount before;
	struct seep_amount after;
};

void seep_amount_add(struct seep_amount *sum, const struct seep_amount *amount);

/* One of the four measures. */
uint64_t seep_amount_metric(const struct seep_amount *amount, enum seep_metric metric);

/* Does it differ by no more than what its estimates may be wrong by, at 95 %? */
bool seep_change_is_noise(const struct seep_change *change, enum seep_metric metric);

/* @metric, or of threads and descriptors, which are counted, the same in objects. */
enum seep_metric seep_metric_of_kind(enum seep_metric metric, enum seep_kind kind);

/* After less before; exact, as both fit into 63 bits. */
static inline int64_t seep_change_of(const struct seep_change *change, enum seep_metric metric)
{
	return (int64_t)(seep_amount_metric(&change->after, metric) -
			 seep_amount_metric(&change->before, metric));
}

/* @change in @span_ns as change in an hour; 0 if the span is. */
int64_t seep_change_per_hour(int64_t change, uint64_t span_ns);

#endif
