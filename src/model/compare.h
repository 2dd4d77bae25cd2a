/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is different between two snapshots, of one trace or of two.
 *
 * A site is found again by its stable id and kind in the same program; processes of one program are
 * added up, because PIDs differ and their number may. After a rebuild no id is as before: then what is
 * left over is matched by the names of its functions, but only if the builds differ, as within one
 * build ids tell paths apart that have the same names.
 */
#ifndef SEEP_MODEL_COMPARE_H
#define SEEP_MODEL_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/snapshot.h"

/* What a site's stack is beside its id. */
struct seep_path {
	uint64_t names;	 /* hash of the functions on it; 0: some have no name, or it is not known */
	uint64_t builds; /* hash of the builds that it goes through */
};

struct seep_side {
	const struct seep_snapshot *snapshot;
	const struct seep_path *paths; /* of its sites; NULL: they are matched by id only */
};

/* The last part of the path of its executable, or its command name if that is not known. Raw. */
const char *seep_program_of(const struct seep_process *process);

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

/*
 * Reasons not to take the numbers at face value, as bits 1 << SEEP_DOUBT_...; X(enum suffix, key in
 * JSON). Two moments of one trace have none of them.
 */
#define SEEP_DOUBTS(X)                                                                             \
	X(KINDS, "kinds")     /* a kind was traced in one of them only: it is left out */          \
	X(MIN_AGE, "min_age") /* filters that differ */                                            \
	X(MIN_SIZE, "min_size")                                                                    \
	X(MAX_SIZE, "max_size")                                                                    \
	X(LENGTH, "length")	  /* one was watched for longer */                                 \
	X(ATTACHED, "attached")	  /* one was traced from its beginning, the other one was not */   \
	X(DISJOINT, "disjoint")	  /* no site is in both: other programs? */                        \
	X(PROCESSES, "processes") /* a different number of processes is added up */                \
	X(BUILDS, "builds")	  /* there are sites that were matched by names */

enum seep_doubt {
#define SEEP_DOUBT_ENUM(name, key) SEEP_DOUBT_##name,
	SEEP_DOUBTS(SEEP_DOUBT_ENUM)
#undef SEEP_DOUBT_ENUM
	SEEP_DOUBT_COUNT
};

const char *seep_doubt_key(enum seep_doubt doubt);

/* What a site comes to in all processes of a program. */
struct seep_amount {
	size_t num_sites; /* 0: it was never seen */
	struct seep_counts counts;
	uint64_t live_objects;
	uint64_t live_bytes;
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

struct seep_comparison {
	struct seep_side before;
	struct seep_side after;
	enum seep_metric metric; /* that types and order are by; of what is counted, in objects */
	uint32_t kinds;		 /* SEEP_KIND_BIT of each that is compared */
	uint32_t doubts;
	uint64_t span_ns; /* between two moments of one trace; 0: they are of two */
	size_t num_changes;
	size_t num_by_names;
	/* By kind, then type, then size of the change, the largest first. */
	struct seep_change *changes;
};

struct seep_compare_options {
	uint32_t kinds; /* those wanted */
	enum seep_metric metric;
	bool same_trace; /* both snapshots are of one trace */
};

/*
 * Compares. What is compared must outlive the comparison. 0; -ENODATA: no kind that is wanted was
 * traced in both; -ENOMEM.
 */
int seep_compare(const struct seep_side *before, const struct seep_side *after,
		 const struct seep_compare_options *options,
		 struct seep_comparison **ret_comparison);
void seep_comparison_free(struct seep_comparison *comparison);

/* One of the four measures. */
uint64_t seep_amount_metric(const struct seep_amount *amount, enum seep_metric metric);

/* @metric, or of threads and descriptors, which are counted, the same in objects. */
enum seep_metric seep_metric_of_kind(enum seep_metric metric, enum seep_kind kind);

/* After less before; exact, as both fit into 63 bits. */
static inline int64_t seep_change_of(const struct seep_change *change, enum seep_metric metric)
{
	return (int64_t)(seep_amount_metric(&change->after, metric) -
			 seep_amount_metric(&change->before, metric));
}

/* All changes of one kind. */
void seep_comparison_sum(const struct seep_comparison *comparison, enum seep_kind kind,
			 struct seep_amount *ret_before, struct seep_amount *ret_after);

/* @change in @span_ns as change in an hour; 0 if the span is. */
int64_t seep_change_per_hour(int64_t change, uint64_t span_ns);

#endif
