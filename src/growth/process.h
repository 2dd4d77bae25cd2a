/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process as a whole: does the memory grow that the kernel sees, and do the sites explain it?
 * What is resident and nobody has allocated is fragmentation, an allocator that is not traced, or
 * was there before the trace.
 */
#ifndef SEEP_GROWTH_PROCESS_H
#define SEEP_GROWTH_PROCESS_H

#include "growth/exhaust.h"
#include "growth/regions.h"
#include "measure/interval.h"
#include "measure/series.h"
#include "measure/trend.h"
#include "model/snapshot.h"

/* What /proc and its cgroup tell of a process, SEEP_UNKNOWN where they do not. */
struct seep_process_stats {
	uint64_t rss_bytes;
	uint64_t anon_bytes;	      /* resident and of no file */
	uint64_t file_bytes;	      /* resident pages of files */
	uint64_t shared_bytes;	      /* and of shared memory and tmpfs */
	uint64_t system_shared_bytes; /* of its cgroup, or else of the machine, mapped or not */
	/*
	 * How much those of its descendants have grown that are not traced, since they were first
	 * seen: a sum that goes on when they end and others come.
	 */
	uint64_t descendants_bytes;
	uint64_t num_fds;
	uint64_t num_threads;
	uint64_t num_mappings; /* as the kernel counts them */
	struct seep_usage usage[SEEP_LIMIT_COUNT];
};

/* The values of a process's series. X(enum suffix, key in JSON, what people call it) */
#define SEEP_PROCESS_STATS(X)                                                                      \
	/* anonymous memory, or all that is resident if that is not known; bytes */                \
	X(RESIDENT, "resident_memory", "resident memory")                                          \
	/* of its sites, and mappings that are not an allocator's; bytes */                        \
	X(EXPLAINED, "live_memory", "the live memory of all sites")                                \
	X(FDS, "open_descriptors", "open descriptors")                                             \
	X(MAPPINGS, "mappings", "the number of mappings")

enum seep_process_stat {
#define SEEP_PROCESS_STAT_ENUM(name, key, text) SEEP_PROCESS_STAT_##name,
	SEEP_PROCESS_STATS(SEEP_PROCESS_STAT_ENUM)
#undef SEEP_PROCESS_STAT_ENUM
	SEEP_PROCESS_STAT_COUNT
};

/* A second series of a process: what grows beside its anonymous memory, bytes. */
enum seep_process_part {
	SEEP_PROCESS_PART_SHARED,
	SEEP_PROCESS_PART_FILE,
	SEEP_PROCESS_PART_SYSTEM_SHARED,
	SEEP_PROCESS_PART_DESCENDANTS,
	SEEP_PROCESS_PART_COUNT
};

/* X(enum suffix, key in JSON, what it means) */
#define SEEP_HEALTHS(X)                                                                            \
	X(UNKNOWN, "unknown", "there is too little to go by")                                      \
	X(STEADY, "steady", "its memory does not grow")                                            \
	X(EXPLAINED, "explained", "its memory grows, and by what the sites have")                  \
	X(UNEXPLAINED, "unexplained",                                                              \
	  "its memory grows, but not by what the sites have: fragmentation, or an allocator that " \
	  "is not traced")                                                                         \
	X(OUTSIDE, "outside",                                                                      \
	  "its memory does not grow, but what it has made beside it does: processes or shared "    \
	  "memory")

enum seep_health {
#define SEEP_HEALTH_ENUM(name, key, text) SEEP_HEALTH_##name,
	SEEP_HEALTHS(SEEP_HEALTH_ENUM)
#undef SEEP_HEALTH_ENUM
	SEEP_HEALTH_COUNT
};

struct seep_process_verdict {
	enum seep_health health;
	/* Of what is resident what grows: of anonymous memory, unless only another part does. */
	enum seep_resident part;
	struct seep_trend resident; /* of this part, bytes per second */
	struct seep_trend explained;
	struct seep_trend parts[SEEP_PROCESS_PART_COUNT];
	bool grows[SEEP_PROCESS_PART_COUNT]; /* each part, by an amount that matters */
	double observed_s;
	double resident_bytes; /* NAN: not known */
	double explained_bytes;
	double before_bytes; /* resident when the trace began; NAN: not known */
	/*
	 * Share of what has become resident since the trace began that sites have; may be unknown
	 * (NAN), or above 1: what is allocated need not be touched.
	 */
	double coverage;
	enum seep_limit limit; /* of memory, which is met first; SEEP_LIMIT_COUNT: none */
	struct seep_interval eta_s;
	double num_mappings;	    /* NAN: not known */
	double max_mappings;	    /* vm.max_map_count; NAN: not known */
	struct seep_trend mappings; /* per second */
	struct seep_interval
		mappings_eta_s; /* until there are as many; unknown if they do not grow */
};

/*
 * The sample of a process; false if its memory is not known. @mapped_bytes: what its sites have
 * mapped, but for arenas of allocators, whose blocks are counted.
 */
bool seep_process_sample(const struct seep_process *process, const struct seep_process_stats *stats,
			 uint64_t mapped_bytes, double time_s, struct seep_sample *ret_sample);

/* The sample of its parts; what is not known is 0 all the time, and does not grow. */
void seep_process_sample_parts(const struct seep_process_stats *stats, double time_s,
			       struct seep_sample *ret_sample);

/* @parts: its second series. */
void seep_process_conclude(const struct seep_process *process,
			   const struct seep_process_stats *stats, const struct seep_series *series,
			   const struct seep_series *parts,
			   struct seep_process_verdict *ret_verdict);

/* Has the number of mappings grown, by chance not, and by an amount that matters? */
bool seep_process_mappings_grow(const struct seep_process_verdict *verdict);

/*
 * What a process has released of the blocks from before the trace, not yet set against anything: in
 * bytes where nearly all of their sizes are known, else in blocks.
 */
struct seep_turnover {
	bool known; /* false: the rest is 0, and explains nothing */
	bool in_bytes;
	double released;
	double blocks;	      /* how many these are, whether their sizes are known or not */
	double resident_rate; /* bytes per second: how fast the process grows all the same */
};

/* False if nothing is known of that: then *ret_turnover is left alone. */
bool seep_turnover_of(const struct seep_process *process,
		      const struct seep_process_verdict *verdict,
		      struct seep_turnover *ret_turnover);

/*
 * Do such releases balance what @site has, which seems to grow at @rate (bytes per second), while
 * the process does not grow that fast? Then they are taken off the turnover: something that was
 * full before the trace exchanges its blocks.
 */
bool seep_turnover_explains(struct seep_turnover *turnover, const struct seep_site *site,
			    double rate);

/*
 * The share of what has become resident since the trace began that the sites of these processes
 * have; of those that live and of which it is known. NAN if there is none.
 */
double seep_process_coverage(const struct seep_process *processes, size_t count);

const char *seep_process_stat_key(enum seep_process_stat measure);
const char *seep_process_stat_text(enum seep_process_stat measure);
const char *seep_health_key(enum seep_health health);
const char *seep_health_text(enum seep_health health);
/* Does a process grow whose health has this key? */
bool seep_health_grows(const char *key);

#endif
