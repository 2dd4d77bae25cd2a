/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control groups (v2) of what is watched: what each has in memory, by kind, whether that grows,
 * how long its tasks wait for memory, and whom the kernel has killed in it.
 */
#ifndef SEEP_WATCH_CGROUPS_H
#define SEEP_WATCH_CGROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "watch/process.h"
#include "watch/track.h"

/* Further ones are not watched; those of a service have a handful of processes each. */
#define SEEP_WATCH_MAX_CGROUPS 1024

/*
 * What is watched of one. FILE, the page cache, fills what there is and grows no further, and is
 * not judged. X(enum suffix, key in JSON, what people call it, key in memory.stat)
 */
#define SEEP_WATCH_CGROUP_VALUES(X)                                                                \
	X(ANON, "anon_bytes", "memory", "anon")                                                    \
	X(SHMEM, "shmem_bytes", "shared memory", "shmem")                                          \
	X(SLAB, "slab_bytes", "memory of the kernel", "slab")                                      \
	X(FILE, "file_bytes", "files", "file")

enum seep_watch_cgroup_value {
#define SEEP_WATCH_CGROUP_ENUM(name, key, text, stat) SEEP_WATCH_CGROUP_##name,
	SEEP_WATCH_CGROUP_VALUES(SEEP_WATCH_CGROUP_ENUM)
#undef SEEP_WATCH_CGROUP_ENUM
	SEEP_WATCH_CGROUP_COUNT /* none */
};

const char *seep_watch_cgroup_key(enum seep_watch_cgroup_value value);
const char *seep_watch_cgroup_text(enum seep_watch_cgroup_value value);

/* SEEP_UNKNOWN or NAN for what cannot be read. */
struct seep_watch_cgroup {
	char *path;		/* in the hierarchy */
	size_t num_processes;	/* that are watched in it itself */
	uint64_t current_bytes; /* memory.current */
	uint64_t values[SEEP_WATCH_CGROUP_COUNT];
	struct seep_usage memory; /* of it or the one above it with the least room */
	double pressure_pct;	  /* of the last 10 s some task has waited for memory */
	uint64_t oom_events;	  /* memory.events: oom, and ... */
	uint64_t oom_kills;	  /* ... oom_kill */
	uint64_t new_oom_kills;	  /* since the look before */
	struct seep_track track;
	enum seep_watch_cgroup_value grows; /* that grows fastest; COUNT: none */
	struct seep_track_growth growth;
	struct seep_interval eta_s; /* until memory.max; unknown without one */
};

struct seep_watch_cgroups;

/* @mount: where cgroup v2 is mounted, which must outlive them; NULL: nowhere. 0 or -ENOMEM. */
int seep_watch_cgroups_new(const char *mount, struct seep_watch_cgroups **ret_cgroups);
void seep_watch_cgroups_free(struct seep_watch_cgroups *cgroups);

/*
 * Reads and judges those of @processes at @now_s; groups that none is in any more are forgotten. 0
 * or -ENOMEM.
 */
int seep_watch_cgroups_look(struct seep_watch_cgroups *cgroups,
			    struct seep_watch_process *const *processes, size_t num_processes,
			    double now_s);

/* In which the controller of memory is on, by path. Valid until the next look. */
size_t seep_watch_cgroups_count(const struct seep_watch_cgroups *cgroups);
const struct seep_watch_cgroup *seep_watch_cgroups_at(const struct seep_watch_cgroups *cgroups,
						      size_t index);

/* Those that grow, or in which the kernel has just killed, the worst first; how many there are. */
size_t seep_watch_cgroups_growing(const struct seep_watch_cgroups *cgroups,
				  const struct seep_watch_cgroup *const **ret_growing);

#endif
