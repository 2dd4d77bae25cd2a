/* SPDX-License-Identifier: GPL-2.0-only */
/* When what grows meets a limit. */
#ifndef SEEP_GROWTH_EXHAUST_H
#define SEEP_GROWTH_EXHAUST_H

#include <stdint.h>

#include "measure/interval.h"
#include "model/snapshot.h"

/*
 * The limits of a process, by where they are set. X(enum suffix, key in JSON, what people know it
 * by, kinds whose objects use it up)
 */
#define SEEP_LIMITS(X)                                                                             \
	X(CGROUP_MEMORY, "cgroup-memory", "memory.max of its cgroup",                              \
	  SEEP_KIND_BIT(SEEP_KIND_MEMORY) | SEEP_KIND_BIT(SEEP_KIND_MAPPING))                      \
	X(ADDRESS_SPACE, "address-space", "RLIMIT_AS",                                             \
	  SEEP_KIND_BIT(SEEP_KIND_MEMORY) | SEEP_KIND_BIT(SEEP_KIND_MAPPING))                      \
	X(MACHINE_MEMORY, "machine-memory", "the memory of the machine",                           \
	  SEEP_KIND_BIT(SEEP_KIND_MEMORY) | SEEP_KIND_BIT(SEEP_KIND_MAPPING))                      \
	X(CGROUP_PIDS, "cgroup-pids", "pids.max of its cgroup", SEEP_KIND_BIT(SEEP_KIND_THREAD))   \
	X(NOFILE, "nofile", "RLIMIT_NOFILE", SEEP_KIND_BIT(SEEP_KIND_FD))                          \
	/* of the number of mappings, which is not that of the objects of any kind */              \
	X(MAP_COUNT, "max-map-count", "vm.max_map_count", 0)

enum seep_limit {
#define SEEP_LIMIT_ENUM(name, key, text, kinds) SEEP_LIMIT_##name,
	SEEP_LIMITS(SEEP_LIMIT_ENUM)
#undef SEEP_LIMIT_ENUM
	SEEP_LIMIT_COUNT /* none */
};

/* How far it is used up, by whomever, in bytes or objects; SEEP_UNKNOWN: not known, or no limit. */
struct seep_usage {
	uint64_t used;
	uint64_t max;
};

const char *seep_limit_key(enum seep_limit limit);
const char *seep_limit_text(enum seep_limit limit);
/* SEEP_LIMIT_COUNT if it is the key of none, as it may be in a capture of another version. */
enum seep_limit seep_limit_find(const char *key);

/* How something grows from now on: at @rate (per second), which becomes more all the time. */
struct seep_growth {
	struct seep_interval rate;
	double acceleration;		 /* evenly: by this, per second squared; or ... */
	struct seep_interval multiplies; /* ... by this share of it, per second; 0: evenly */
};

/*
 * Which of the limits of @kind is met first, SEEP_LIMIT_COUNT if none is known, and when: seconds
 * from now, if @growth goes on. Unknown without a limit; infinite where nothing grows.
 */
enum seep_limit seep_exhaust_first(const struct seep_usage usage[SEEP_LIMIT_COUNT],
				   enum seep_kind kind, const struct seep_growth *growth,
				   struct seep_interval *ret_eta_s);

/* The same for one limit, of whatever. */
struct seep_interval seep_exhaust_of(const struct seep_usage *usage,
				     const struct seep_growth *growth);

#endif
