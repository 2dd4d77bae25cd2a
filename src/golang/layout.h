/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the fields of the Go runtime's own structures are, by the version of Go: offsets of 64-bit
 * Linux. A build with experiments may have others; what is read by them is tried before it is
 * believed.
 */
#ifndef SEEP_GOLANG_LAYOUT_H
#define SEEP_GOLANG_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

/* The versions of Go that there are tables for, 1.x. */
#define SEEP_GO_MINOR_FIRST 18
#define SEEP_GO_MINOR_LAST  27

/*
 * X(enum suffix, structure, field, offset in Go 1.19, 1.21, 1.22, 1.23, 1.24, 1.25, 1.26, 1.27);
 * 1.18 is as 1.19, and so is 1.20 but for what layout.c has of it. Of runtime2.go, mstats.go,
 * mgcpacer.go, mheap.go and mcache.go in the sources of Go.
 */
#define SEEP_GO_FIELDS(X)                                                                          \
	X(G_STACK_LO, "runtime.g", "stack", 0, 0, 0, 0, 0, 0, 0, 0)                                \
	X(G_SCHED, "runtime.g", "sched", 56, 56, 56, 56, 56, 56, 56, 56)                           \
	X(G_SYSCALLSP, "runtime.g", "syscallsp", 112, 112, 112, 112, 112, 104, 104, 104)           \
	X(G_SYSCALLPC, "runtime.g", "syscallpc", 120, 120, 120, 120, 120, 112, 112, 112)           \
	X(G_STATUS, "runtime.g", "atomicstatus", 144, 144, 144, 152, 152, 144, 144, 144)           \
	X(G_GOID, "runtime.g", "goid", 152, 152, 152, 160, 160, 152, 152, 152)                     \
	X(G_WAITSINCE, "runtime.g", "waitsince", 168, 168, 168, 176, 176, 168, 168, 168)           \
	X(G_WAITREASON, "runtime.g", "waitreason", 176, 176, 176, 184, 184, 176, 176, 176)         \
	X(G_GOPC, "runtime.g", "gopc", 296, 280, 280, 288, 288, 280, 288, 288)                     \
	X(G_STARTPC, "runtime.g", "startpc", 312, 296, 296, 304, 304, 296, 304, 304)               \
	X(G_LABELS, "runtime.g", "labels", 360, 344, 344, 352, 352, 344, 352, 352)                 \
	X(GOBUF_SP, "runtime.gobuf", "sp", 0, 0, 0, 0, 0, 0, 0, 0)                                 \
	X(GOBUF_PC, "runtime.gobuf", "pc", 8, 8, 8, 8, 8, 8, 8, 8)                                 \
	X(MEMRECORD_FUTURE, "runtime.memRecord", "future", 32, 32, 32, 32, 32, 32, 32, 16)         \
	X(HEAP_TINY, "runtime.heapStatsDelta", "tinyAllocCount", 48, 48, 48, 48, 48, 40, 40, 40)   \
	X(HEAP_GEN, "runtime.consistentHeapStats", "gen", 3528, 3528, 3528, 3528, 3528, 3504,      \
	  3504, 3504)                                                                              \
	X(STATS_SYS, "runtime.mstats", "stacks_sys", 3544, 3544, 3544, 3544, 3544, 3520, 3520,     \
	  3520)                                                                                    \
	X(STATS_NUMGC, "runtime.mstats", "numgc", 7704, 7704, 7704, 7704, 7704, 7680, 7680, 7680)  \
	X(GC_GOAL, "runtime.gcControllerState", "gcPercentHeapGoal", 104, 72, 72, 72, 72, 72, 72,  \
	  72)                                                                                      \
	X(GC_MARKED, "runtime.gcControllerState", "heapMarked", 184, 152, 152, 152, 152, 152, 152, \
	  152)                                                                                     \
	X(GC_HEAP, "runtime.gcControllerState", "heapInUse", 304, 272, 272, 272, 272, 272, 272,    \
	  272)                                                                                     \
	X(MHEAP_SPANS, "runtime.mheap", "spanalloc", 92224, 92232, 92296, 92296, 92296, 92320,     \
	  92320, 92320)                                                                            \
	X(MHEAP_CACHES, "runtime.mheap", "cachealloc", 92296, 92304, 92368, 92368, 92368, 92392,   \
	  92464, 92464)                                                                            \
	X(P_MCACHE, "runtime.p", "mcache", 64, 64, 64, 56, 56, 56, 56, 56)                         \
	X(MCACHE_TINY, "runtime.mcache", "tinyAllocs", 32, 32, 32, 32, 40, 40, 40, 40)             \
	X(MSPAN_COUNT, "runtime.mspan", "allocCount", 96, 104, 96, 96, 96, 96, 96, 96)

enum seep_go_field {
#define SEEP_GO_FIELD_ENUM(name, ...) SEEP_GO_##name,
	SEEP_GO_FIELDS(SEEP_GO_FIELD_ENUM)
#undef SEEP_GO_FIELD_ENUM
	SEEP_GO_FIELD_COUNT
};

struct seep_go_layout {
	uint32_t offsets[SEEP_GO_FIELD_COUNT];
};

/* That of Go 1.@minor. False: there is no table for it. */
bool seep_go_layout_of_version(unsigned int minor, struct seep_go_layout *ret_layout);

#endif
