/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files that read runtime.MemStats share. */
#ifndef SEEP_GOLANG_MEMSTATS_PRIVATE_H
#define SEEP_GOLANG_MEMSTATS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "golang/runtime.h"

/* Classes of small objects by their sizes; class 0 is that of large ones. */
#define SEEP_GO_SIZE_CLASSES 68

/* A program may have as many as it asks for; of one with more caches are not read. */
#define SEEP_GO_PROCS_MAX 4096

/* The rest of heapStatsDelta in mstats.go, from tinyAllocCount on: the same in all versions. */
struct seep_go_objects {
	uint64_t tiny_allocs;
	uint64_t large_alloc_bytes;
	uint64_t large_allocs;
	uint64_t small_allocs[SEEP_GO_SIZE_CLASSES];
	uint64_t large_free_bytes;
	uint64_t large_frees;
	uint64_t small_frees[SEEP_GO_SIZE_CLASSES];
};

/* Of mstats, from stacks_sys on: what is mapped for what, in bytes, and of the collector. */
struct seep_go_mapped {
	uint64_t stacks;
	uint64_t spans;
	uint64_t caches;
	uint64_t buckets;
	uint64_t collector;
	uint64_t other;
	uint64_t last_collection_utc_ns;
	uint64_t pauses_ns;
};

/* Of mstats, from numgc on. */
struct seep_go_collections {
	uint32_t count;
	uint32_t forced;
	double cpu_share;
};

/* Of gcControllerState in mgcpacer.go, from its begin. */
struct seep_go_settings {
	int32_t percent; /* GOGC */
	uint32_t pad;
	int64_t limit_bytes; /* GOMEMLIMIT */
};

/* Of gcControllerState, from gcPercentHeapGoal on. */
struct seep_go_goal {
	uint64_t percent_goal_bytes;
	uint64_t sweep_minimum_bytes;
	uint64_t triggered_bytes; /* UINT64_MAX: the collector does not mark */
};

/* Of gcControllerState, from heapInUse on, in bytes. */
struct seep_go_heap {
	uint64_t in_use;
	uint64_t released;
	uint64_t free;
	uint64_t allocated; /* since the start */
	uint64_t freed;
	uint64_t mapped_ready; /* all that is mapped, but for what was released */
};

/* fixalloc in mfixalloc.go: an allocator of structures of one size. */
struct seep_go_fixalloc {
	uint64_t size;
	uint64_t first[5]; /* where it takes them from */
	uint64_t in_use_bytes;
	uint64_t stat; /* where the runtime counts what is mapped for them */
	uint64_t zero;
};

/* The heap as mstats counts it: the sum of three parts, in bytes. */
struct seep_go_spans {
	uint64_t committed;
	uint64_t released;
	uint64_t in_heap;
	uint64_t in_stacks;
	uint64_t in_collector;
};

/* The runtime's own counters at about one moment. */
struct seep_go_counters {
	struct seep_go_spans spans;
	struct seep_go_objects objects;
	struct seep_go_mapped mapped;
	struct seep_go_collections collections;
	struct seep_go_settings settings;
	struct seep_go_goal goal;
	uint64_t marked_bytes;
	struct seep_go_heap heap;
};

/* Bytes of what a class of objects has; 0 of class 0. */
extern const uint16_t seep_go_class_bytes[SEEP_GO_SIZE_CLASSES];

/* Bytes of small objects. */
uint64_t seep_go_small_bytes(const uint64_t counts[SEEP_GO_SIZE_CLASSES]);

/*
 * Copies the counters until they fit together, but not for ever. @proven: they have done so before.
 * 0; -EPROTO: they never did, so they are something else; an error of seep_remote_read.
 */
int seep_go_counters_read(const struct seep_go *go, bool proven,
			  struct seep_go_counters *ret_counters);

/*
 * Reads an allocator of mheap_, whose offset there is @field and whose structures are counted at
 * @stat. 0; -EPROTO: it is something else; an error of seep_remote_read.
 */
int seep_go_fixalloc_read(const struct seep_go *go, enum seep_go_field field, uint64_t stat,
			  struct seep_go_fixalloc *ret_fixalloc);

/* Addresses of members of struct seep_go_mapped in the process. */
static inline uint64_t seep_go_mapped_address(const struct seep_go *go, size_t offset)
{
	return seep_go_variable(go, SEEP_GO_MEMSTATS) + go->layout.offsets[SEEP_GO_STATS_SYS] +
	       offset;
}

/*
 * Stores the addresses of the processors (p in runtime2.go), for at most SEEP_GO_PROCS_MAX. 0;
 * -EPROTO: they are something else; an error of seep_remote_read.
 */
int seep_go_procs_read(const struct seep_go *go, uint64_t *procs, size_t *ret_count);

/*
 * Adds objects that processors have allocated and not yet counted. 0 or an error of
 * seep_remote_read; then some may be added.
 */
int seep_go_caches_add(const struct seep_go *go, const uint64_t *procs, size_t count,
		       struct seep_go_objects *objects);

/* Finds the variables in a program without a symbol table; those that it cannot find are 0 then. */
void seep_go_memstats_find(struct seep_go *go);

#endif
