/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can leak: one row per kind, and the keys and values of its objects. Maps, passes over
 * objects, names, columns and units come from the list; docs/developers/kinds.md says what else a
 * kind needs.
 *
 * X(enum suffix, key, plural, noun, measure, source, keeper)
 *
 * key		in options, JSON and metrics
 * plural	in names (the map live_PLURAL with values of struct seep_KEY_object, the iterator
 *		PLURAL_count with its argument seep_PLURAL_pass), and as the heading of a column
 * noun		one object, in messages
 * measure	BYTES: reports give its size; OBJECTS: only how many there are
 * source	FUNCTIONS: created by functions that are probed; CALLS: by system calls; IMAGE: read
 *		from the memory of the process, so BPF knows nothing of them
 * keeper	PROCESS: an allocator in the process keeps them; KERNEL: the kernel does, and has a
 *		list of them, which src/inventory reads; RUNTIME: the runtime of a language does,
 *		and src/managed reads them
 */
#ifndef SEEP_KINDS_H
#define SEEP_KINDS_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

/* Those that BPF sees come and go: each has a map of live objects. */
#define SEEP_LIVE_KINDS(X)                                                                         \
	X(MEMORY, memory, memory, "object", BYTES, FUNCTIONS, PROCESS)                             \
	X(MAPPING, mapping, mappings, "range", BYTES, CALLS, KERNEL)                               \
	X(THREAD, thread, threads, "thread", OBJECTS, FUNCTIONS, KERNEL)                           \
	X(FD, fd, fds, "descriptor", OBJECTS, CALLS, KERNEL)

#define SEEP_KINDS(X)                                                                              \
	SEEP_LIVE_KINDS(X)                                                                         \
	X(GOROUTINE, goroutine, goroutines, "goroutine", OBJECTS, IMAGE, RUNTIME)                  \
	X(OBJECT, object, objects, "object", BYTES, IMAGE, RUNTIME)

/* The order is that of the reports. */
enum seep_kind {
#define SEEP_KIND_ENUM(name, ...) SEEP_KIND_##name,
	SEEP_KINDS(SEEP_KIND_ENUM)
#undef SEEP_KIND_ENUM
	SEEP_KIND_COUNT
};

/* A set of kinds has a bit for each. */
#define SEEP_KIND_BIT(kind) (1u << (kind))
#define SEEP_ALL_KINDS	    (SEEP_KIND_BIT(SEEP_KIND_COUNT) - 1)

/* The columns of the list as sets. */
enum seep_kind_column {
	SEEP_COLUMN_BYTES,
	SEEP_COLUMN_OBJECTS,
	SEEP_COLUMN_FUNCTIONS,
	SEEP_COLUMN_CALLS,
	SEEP_COLUMN_IMAGE,
	SEEP_COLUMN_PROCESS,
	SEEP_COLUMN_KERNEL,
	SEEP_COLUMN_RUNTIME,
};

#define SEEP_KIND_IF(name, column, wanted)                                                         \
	| (SEEP_COLUMN_##column == SEEP_COLUMN_##wanted ? SEEP_KIND_BIT(SEEP_KIND_##name) : 0)
#define SEEP_KIND_IF_BYTES(name, key, plural, noun, measure, source, keeper)                       \
	SEEP_KIND_IF(name, measure, BYTES)
#define SEEP_KIND_IF_FUNCTIONS(name, key, plural, noun, measure, source, keeper)                   \
	SEEP_KIND_IF(name, source, FUNCTIONS)
#define SEEP_KIND_IF_CALLS(name, key, plural, noun, measure, source, keeper)                       \
	SEEP_KIND_IF(name, source, CALLS)
#define SEEP_KIND_IF_KERNEL(name, key, plural, noun, measure, source, keeper)                      \
	SEEP_KIND_IF(name, keeper, KERNEL)
#define SEEP_KIND_IF_RUNTIME(name, key, plural, noun, measure, source, keeper)                     \
	SEEP_KIND_IF(name, keeper, RUNTIME)

enum seep_kind_set {
	SEEP_KINDS_IN_BYTES = 0 SEEP_KINDS(SEEP_KIND_IF_BYTES),
	SEEP_KINDS_OF_FUNCTIONS = 0 SEEP_KINDS(SEEP_KIND_IF_FUNCTIONS),
	SEEP_KINDS_OF_CALLS = 0 SEEP_KINDS(SEEP_KIND_IF_CALLS),
	SEEP_KINDS_OF_KERNEL = 0 SEEP_KINDS(SEEP_KIND_IF_KERNEL),
	SEEP_KINDS_OF_RUNTIME = 0 SEEP_KINDS(SEEP_KIND_IF_RUNTIME),
};

/*
 * The other maps that hold something of a process, by a key like struct seep_process_key:
 * X(kind, map, room in it). Room is an expression of @caps, those of the live maps by kind.
 */
#define SEEP_KIND_MAPS(X)                                                                          \
	X(MEMORY, calls, SEEP_MAX_PENDING)                                                         \
	X(MEMORY, unmatched, 2 * SEEP_MAX_PROCESSES)                                               \
	X(MEMORY, enlarged, SEEP_MAX_ENLARGED)                                                     \
	X(MEMORY, addresses, SEEP_MAX_ADDRESSES)                                                   \
	X(MEMORY, samples, SEEP_SAMPLES(caps[SEEP_KIND_MEMORY]))                                   \
	X(MAPPING, range_words, SEEP_RANGE_WORDS(caps[SEEP_KIND_MAPPING]))                         \
	X(THREAD, pthreads, caps[SEEP_KIND_THREAD])                                                \
	X(FD, fd_candidates, SEEP_MAX_FD_CANDIDATES)

/* Arrays by slot: X(kind, map). A slot goes from one process to the next, its element with it. */
#define SEEP_KIND_ARRAYS(X) X(MAPPING, range_processes)

/*
 * What a map's key begins with if its entries belong to a process: they are dropped when it is
 * gone.
 */
struct seep_process_key {
	__u64 id;
	__u32 process;
	__u32 rest; /* other for each map */
};

/*
 * Blocks of functions that the user named may lie in blocks of other allocators, at the very same
 * address. So their heap is part of the key.
 */
#define SEEP_HEAP_USUAL 0
#define SEEP_HEAP_USER	1

/* The key of the live maps, which hold every object that exists now. */
struct seep_object_key {
	/* Memory: address; mapping: its start; thread: SEEP_THREAD_ID; descriptor: number. */
	__u64 id;
	__u32 process;
	__u16 kind;
	__u16 heap; /* of memory; else 0 */
};

/* What the values of the live maps begin with. */
struct seep_object {
	__u64 bytes;
	__u64 created_ns; /* CLOCK_MONOTONIC */
	__u64 stack;	  /* with process and kind of the key: the site */
};

struct seep_memory_object {
	struct seep_object object;
};

/*
 * The most objects of a kind that the kernel keeps: a machine has fewer of them than blocks of
 * memory, and each pass visits every bucket of each map, the empty ones too.
 */
#define SEEP_MAX_KERNEL_OBJECTS (1 << 18)

/* Calls of functions without return probes, at one time. */
#define SEEP_MAX_PENDING 16384

/*
 * Blocks of which it is remembered where realloc has enlarged them; those that were enlarged
 * longest ago are forgotten.
 */
#define SEEP_MAX_ENLARGED 16384

/* A range of pages. Ranges of one process do not overlap. */
struct seep_mapping_object {
	struct seep_object object;
};

/*
 * Room in the map "range_words" for this many ranges. Neighbours share words, so a range rarely
 * needs more than one of its own. The minimum is for the words that lead to them.
 */
#define SEEP_RANGE_WORDS(num_ranges) ((num_ranges) < 1024 ? 1024 : (num_ranges))

/*
 * The id of a thread: its tid, and in the high half its creation time in units of 2^20 ns. The tid
 * alone will not do: it is used again while a thread that had it waits to be joined. The kernel's
 * own description of a thread tells both.
 */
#define SEEP_THREAD_ID(tid, boot_ns) ((__u64)(__u32)((boot_ns) >> 20) << 32 | (__u32)(tid))
#define SEEP_THREAD_TID(id)	     ((__u32)(id))

/* A thread is gone when it has ended and nobody needs to join it. */
#define SEEP_THREAD_ENDED    1
#define SEEP_THREAD_JOINED   2 /* it was joined, or another thread waits in a join */
#define SEEP_THREAD_DETACHED 4
#define SEEP_THREAD_RAW	     8 /* not created by a traced function: joins are not seen */

#define SEEP_COMM_BYTES 16 /* TASK_COMM_LEN */

struct seep_thread_object {
	struct seep_object object; /* bytes: of its stack, 0 if unknown */
	__u64 start;		   /* frame of its start function, 0 if unknown */
	__u64 task;		   /* the kernel's address of it; only before it has ended */
	__u32 state;		   /* SEEP_THREAD_ */
	__u32 pad;
	char comm[SEEP_COMM_BYTES]; /* its name when it ended */
};

/*
 * map "pthreads": from a pthread_t (in the id of the key) to the id of the thread, as long as there
 * is one to be joined or detached.
 */

struct seep_fd_object {
	struct seep_object object;
	__u64 file; /* the kernel's address of the open file, only compared */
	__u64 seen; /* number of the last pass that found it open */
};

/* Open files that the inventory has found and that no system call has reported yet. */
#define SEEP_MAX_FD_CANDIDATES 65536

#define SEEP_PROCESS_AT(key) (__builtin_offsetof(struct key, process))

_Static_assert(SEEP_PROCESS_AT(seep_object_key) == SEEP_PROCESS_AT(seep_process_key), "alike");
_Static_assert(sizeof(struct seep_process_key) == 16, "no padding in keys");
_Static_assert(sizeof(struct seep_object_key) == 16, "no padding in keys");
_Static_assert(sizeof(struct seep_object) == 24, "no padding in values");
_Static_assert(sizeof(struct seep_thread_object) == 64, "no padding in values");
_Static_assert(sizeof(struct seep_fd_object) == 40, "no padding in values");

#endif
