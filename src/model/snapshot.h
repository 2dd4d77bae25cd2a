/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot: every site of a trace at one moment. Built by the trace floor, then never changed;
 * reports and analysis only read it. No I/O here.
 *
 * Strings are raw bytes of the target (comm, paths): who shows them cleans them (base/text.h).
 * A number that is not known is SEEP_UNKNOWN, never 0.
 */
#ifndef SEEP_MODEL_SNAPSHOT_H
#define SEEP_MODEL_SNAPSHOT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "model/names.h"
#include "model/pools.h"
#include "model/runtimes.h"
#include "seep/abi.h"

#define SEEP_UNKNOWN UINT64_MAX

struct seep_judgement;
struct seep_go_figures;
struct seep_process_judgement;
struct seep_sampling;

/*
 * How the calls of a process are seen: all of them, those in windows of time, or of allocations one
 * in so many bytes. X(enum suffix, key in JSON)
 */
#define SEEP_TRACING_MODES(X)                                                                      \
	X(EXACT, "exact")                                                                          \
	X(WINDOWS, "windows")                                                                      \
	X(BYTES, "bytes")

enum seep_tracing_mode {
#define SEEP_TRACING_MODE_ENUM(name, key) SEEP_TRACING_##name,
	SEEP_TRACING_MODES(SEEP_TRACING_MODE_ENUM)
#undef SEEP_TRACING_MODE_ENUM
	SEEP_TRACING_MODE_COUNT
};

/* Monotonic counters; live = allocs - frees, by the functions below. */
struct seep_counts {
	uint64_t allocs;
	uint64_t frees;
	uint64_t alloc_bytes;
	uint64_t free_bytes;
};

/* A list of frames, innermost first (see SEEP_FRAME in abi.h), shared by all sites that have it. */
struct seep_stack {
	uint64_t hash;
	enum seep_end end;
	size_t num_frames; /* 0: the frames never arrived, see SEEP_LOSS_STACKS_UNSENT */
	const uint64_t *frames;
};

/* Of one kind: over all sites, or over those of a process. */
struct seep_totals {
	bool traced;
	struct seep_counts counts;
	uint64_t live_objects; /* as reported: see seep_site */
	uint64_t live_bytes;
	bool estimated; /* numbers of some site are: see sampling.h */
};

struct seep_process {
	uint32_t id; /* as in abi.h: one program image of one process */
	pid_t pid;
	pid_t inner_pid;       /* in its own PID namespace, 0 if unknown */
	uint64_t start_utc_ns; /* when the process started, or SEEP_UNKNOWN */
	const char *comm;
	const char *exe;       /* NULL if unknown */
	const char *cgroup;    /* path in the cgroup v2 tree, NULL if unknown */
	const char *container; /* its ID or name, NULL: in none that is known */
	const char *pod;       /* UID of the Kubernetes pod, NULL: in none */
	bool exited;	       /* gone, or replaced by exec: its numbers are final */
	bool attached_late;    /* it ran before the trace: it may release blocks we never saw */
	uint64_t rss_bytes;
	uint64_t anon_bytes;	      /* of that of no file */
	uint64_t file_bytes;	      /* resident pages of files; for verdicts only, as below */
	uint64_t shared_bytes;	      /* and of shared memory; for verdicts only */
	uint64_t pss_bytes;	      /* proportional set size, some seconds old */
	uint64_t address_space_bytes; /* for verdicts only: 0 in what was stored */
	uint64_t pre_attach_bytes;    /* anonymous memory resident when the trace began */
	/*
	 * Its releases of blocks that the trace did not know, most of them from before it: how
	 * many, the bytes of those whose size is known, and how many have no known size.
	 * SEEP_UNKNOWN if not counted; the bytes also if no size is known.
	 */
	uint64_t unmatched_frees;
	uint64_t unmatched_free_bytes;
	uint64_t unmatched_frees_unsized;
	/*
	 * How many descriptors it may have (RLIMIT_NOFILE, soft); UINT64_MAX: no limit or not
	 * known.
	 */
	uint64_t fd_limit;
	/*
	 * Until it has as many, as fast as they became more since the trace began; SEEP_UNKNOWN:
	 * never.
	 */
	uint64_t fd_limit_eta_ns;
	uint64_t collections; /* full ones of its runtime so far; for verdicts only, as above */
	enum seep_tracing_mode mode; /* at present */
	/*
	 * Its memory is sampled by bytes, or has been traced in windows, at least for a time: the
	 * numbers of memory are estimates.
	 */
	bool sampled;
	double seen_share; /* of its calls of allocators so far; 1: all of them */
	/* What the probes take of its CPU time, in the last interval, percent; NAN: not known. */
	double probes_cpu_pct;
	struct seep_totals totals[SEEP_KIND_COUNT];
	const struct seep_go_figures *go; /* NULL: it is no Go, or nobody could read them */
	const struct seep_process_judgement *judgement; /* NULL: none, see judgement.h */
};

/* Objects of a site that are alike in what their kind is about: types of descriptors, say. */
struct seep_group {
	const char *name; /* clean */
	uint64_t objects;
	uint64_t bytes;
};

/* What the live objects of a site are, as far as the kernel could be asked. */
struct seep_details {
	size_t num_groups;
	const struct seep_group *groups;
	size_t num_examples; /* a few */
	const char *const *examples;
};

struct seep_site {
	uint64_t id; /* stable: same builds, same path, same id in every run */
	const struct seep_process *process;
	enum seep_kind kind;
	const struct seep_stack *stack;
	/* What it is to a runtime, and to which; NONE also if nobody has looked. */
	enum seep_site_role role;
	enum seep_runtime runtime;
	/* The pool that it may grow; NULL: none, or nobody has looked. */
	const struct seep_pool *pool;
	size_t pool_index; /* of the function that grows it, among all of its stack */
	struct seep_counts counts;
	/* As reported: allocs - frees, less the objects younger than --min-age if asked for. */
	uint64_t live_objects;
	uint64_t live_bytes;
	int64_t live_bytes_change; /* since the snapshot before; 0 in the first */
	int64_t live_objects_change;
	uint64_t oldest_ns; /* age of the oldest live object, SEEP_UNKNOWN if there is none */
	uint64_t lifetimes[SEEP_LIFETIME_BUCKETS]; /* of the released */
	/* Of the live, by age, in the same buckets; only if ages_known, else 0. */
	uint64_t ages[SEEP_LIFETIME_BUCKETS];
	bool ages_known;
	/* For verdicts only; false in what was stored. */
	bool existed;	/* among the objects are some that were there before the trace */
	bool unchanged; /* its numbers are those of the snapshot before: nobody has looked since */
	const struct seep_sampling *sampling;	/* NULL: the numbers are exact; see sampling.h */
	const struct seep_details *details;	/* NULL: there is nothing to say */
	const struct seep_judgement *judgement; /* NULL: none, see judgement.h */
};

/* What tracing costs, of the interval before the snapshot. SEEP_UNKNOWN or NAN if not measured. */
struct seep_overhead {
	uint64_t events;	   /* probe hits since the start */
	double events_per_s;	   /* in the interval */
	uint64_t bpf_ns_per_event; /* run time of our programs, from the kernel's BPF statistics */
	uint64_t probe_ns_per_event; /* the trap itself, calibrated at start */
	double target_cpu_pct;	     /* events x both, in percent of one CPU */
	double calls_cpu_pct; /* programs at system calls, of all processes: percent of one CPU */
	double seep_cpu_pct;  /* this program, in percent of one CPU */
	uint64_t seep_rss_bytes;
	uint64_t map_bytes; /* kernel memory of the maps */
};

struct seep_snapshot {
	uint64_t seq; /* 1 is the first report */
	bool final;
	uint64_t utc_ns;
	uint64_t elapsed_ns;  /* since the trace began */
	uint64_t interval_ns; /* since the snapshot before */
	/*
	 * Of what happened since an earlier moment (since.h): that one; 0: since the trace began.
	 */
	uint64_t since_ns; /* as elapsed_ns */
	uint64_t since_utc_ns;
	const char *host_name;
	const char *kernel; /* release */
	const char *arch;
	const char *scope_type; /* "pid", "command" */
	const char *scope_value;
	uint64_t min_age_ns;   /* 0: every live object is reported */
	uint64_t sample_bytes; /* of memory: one block in so many bytes is tracked; 0: all are */
	uint64_t min_size_bytes;
	uint64_t max_size_bytes; /* UINT64_MAX: no limit */
	struct seep_totals totals[SEEP_KIND_COUNT];
	size_t num_processes;
	const struct seep_process *processes;
	size_t num_sites;
	const struct seep_site *sites; /* largest live bytes first */
	uint64_t losses[SEEP_LOSS_COUNT];
	uint64_t ends[SEEP_END_COUNT]; /* allocations by how their stack ends */
	struct seep_overhead overhead;
};

/* Did this loss happen? Not if it cannot be known (with size limits no release can be said to lack
 * its allocation). */
static inline bool seep_snapshot_lost(const struct seep_snapshot *snapshot, enum seep_loss loss)
{
	return snapshot->losses[loss] != 0 && snapshot->losses[loss] != SEEP_UNKNOWN;
}

/* The kinds that were traced, as bits SEEP_KIND_BIT; and how many. */
uint32_t seep_snapshot_kinds(const struct seep_snapshot *snapshot);
size_t seep_snapshot_num_kinds(const struct seep_snapshot *snapshot);

static inline uint64_t seep_counts_live_objects(const struct seep_counts *counts)
{
	return counts->allocs - counts->frees;
}

static inline uint64_t seep_counts_live_bytes(const struct seep_counts *counts)
{
	return counts->alloc_bytes - counts->free_bytes;
}

void seep_counts_add(struct seep_counts *sum, const struct seep_counts *counts);

/* Are its calls seen in windows, or were they for a time? */
static inline bool seep_process_in_windows(const struct seep_process *process)
{
	return process->mode == SEEP_TRACING_WINDOWS ||
	       (process->sampled && process->mode != SEEP_TRACING_BYTES);
}

/* Is it a site whose calls are seen in windows, or were for a time? */
static inline bool seep_site_in_windows(const struct seep_site *site)
{
	return site->sampling && site->kind == SEEP_KIND_MEMORY &&
	       seep_process_in_windows(site->process);
}

/* Are there estimates among its numbers? */
bool seep_snapshot_is_sampled(const struct seep_snapshot *snapshot);

/* "exact", "windows", "bytes" */
const char *seep_tracing_mode_key(enum seep_tracing_mode mode);

/* The enum seep_origin of objects whose allocation was not seen, or -1 if it was. */
int seep_origin_of(const struct seep_stack *stack);

uint64_t seep_site_metric(const struct seep_site *site, enum seep_metric metric);

/* The square of its standard error; 0: it is exact. */
double seep_site_variance(const struct seep_site *site, enum seep_metric metric);

/*
 * Orders sites for reports: live bytes, then live objects, allocated bytes (all descending), id,
 * process id.
 */
void seep_sites_sort(struct seep_site *sites, size_t num_sites);

/*
 * Sums up: fills the totals of every process from the sites that point to it, and @totals, one for
 * each kind, whose "traced" stays and is that of the processes too. The process of each site must
 * be one of @processes.
 */
void seep_snapshot_sum(struct seep_process *processes, size_t num_processes,
		       const struct seep_site *sites, size_t num_sites, struct seep_totals *totals);

#endif
