/* SPDX-License-Identifier: GPL-2.0-only */
/* What the runtime of Go counts about the memory of its process, and how it is set. */
#ifndef SEEP_MODEL_GO_FIGURES_H
#define SEEP_MODEL_GO_FIGURES_H

#include <stdint.h>

/*
 * X(enum suffix, name in runtime.MemStats), as Go's own documentation describes them; in the order
 * of that structure. Bytes, counts; LastGC is nanoseconds since 1970, PauseTotalNs nanoseconds.
 */
#define SEEP_MEMSTATS(X)                                                                           \
	X(ALLOC, "Alloc")                                                                          \
	X(TOTAL_ALLOC, "TotalAlloc")                                                               \
	X(SYS, "Sys")                                                                              \
	X(LOOKUPS, "Lookups")                                                                      \
	X(MALLOCS, "Mallocs")                                                                      \
	X(FREES, "Frees")                                                                          \
	X(HEAP_ALLOC, "HeapAlloc")                                                                 \
	X(HEAP_SYS, "HeapSys")                                                                     \
	X(HEAP_IDLE, "HeapIdle")                                                                   \
	X(HEAP_INUSE, "HeapInuse")                                                                 \
	X(HEAP_RELEASED, "HeapReleased")                                                           \
	X(HEAP_OBJECTS, "HeapObjects")                                                             \
	X(STACK_INUSE, "StackInuse")                                                               \
	X(STACK_SYS, "StackSys")                                                                   \
	X(MSPAN_INUSE, "MSpanInuse")                                                               \
	X(MSPAN_SYS, "MSpanSys")                                                                   \
	X(MCACHE_INUSE, "MCacheInuse")                                                             \
	X(MCACHE_SYS, "MCacheSys")                                                                 \
	X(BUCK_HASH_SYS, "BuckHashSys")                                                            \
	X(GC_SYS, "GCSys")                                                                         \
	X(OTHER_SYS, "OtherSys")                                                                   \
	X(NEXT_GC, "NextGC")                                                                       \
	X(LAST_GC, "LastGC")                                                                       \
	X(PAUSE_TOTAL_NS, "PauseTotalNs")                                                          \
	X(NUM_GC, "NumGC")                                                                         \
	X(NUM_FORCED_GC, "NumForcedGC")

enum seep_memstat {
#define SEEP_MEMSTAT_ENUM(name, key) SEEP_MEMSTAT_##name,
	SEEP_MEMSTATS(SEEP_MEMSTAT_ENUM)
#undef SEEP_MEMSTAT_ENUM
	SEEP_MEMSTAT_COUNT
};

/* Besides these, a share from 0 to 1 of the CPU time since the start. */
#define SEEP_MEMSTAT_CPU_KEY "GCCPUFraction"

#define SEEP_GO_VERSION_BYTES 64

struct seep_go_figures {
	char version[SEEP_GO_VERSION_BYTES]; /* "go1.19.8"; raw bytes of the program's file */
	uint64_t gomaxprocs;		     /* SEEP_UNKNOWN: not known */
	int64_t gogc;			     /* percent; -1: off */
	uint64_t gomemlimit_bytes;	     /* SEEP_UNKNOWN: no limit */
	/*
	 * SEEP_UNKNOWN: not known; NextGC also if the size of the heap does not make the collector
	 * run.
	 */
	uint64_t memstats[SEEP_MEMSTAT_COUNT];
	double gc_cpu_fraction;
	double collections_per_min; /* since the trace knows the process; NAN: too short */
};

/* "HeapAlloc" */
const char *seep_memstat_key(enum seep_memstat memstat);

#endif
