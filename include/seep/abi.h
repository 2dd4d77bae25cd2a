/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the BPF programs and user space: map keys and values, ring buffer events and
 * limits. Both sides include this file and nothing else of each other. Sizes are asserted below.
 *
 * BPF programs include vmlinux.h before it.
 */
#ifndef SEEP_ABI_H
#define SEEP_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#include "seep/counters.h"
#include "seep/ends.h"
#include "seep/functions.h"
#include "seep/kinds.h"

/* Caps. Reaching one is counted as a loss and printed, never silent. */
#define SEEP_MAX_PROCESSES 4096 /* slots of traced processes, one per live target */
#define SEEP_MAX_PROBES	   4096 /* distinct (file, function) pairs */
#define SEEP_MAX_SITES	   262144
#define SEEP_MAX_FILES	   16384
#define SEEP_MAX_FRAMES	   256 /* frames of one stack, the allocator's own included */
#define SEEP_SLOTS_PER_CPU 8
#define SEEP_COPY_BYTES	   (16 << 10) /* of the stack, in a seep_copy_event */
#define SEEP_PATH_BYTES	   1024	      /* of a mapped file's path */
#define SEEP_NAME_BYTES	   256	      /* of one component of it, NUL included (NAME_MAX) */

/*
 * A process as the maps know it: the slot of its target in the low bits, and above them how often
 * the slot was given a new program image (exec) or a new process. So an id never means two heaps.
 */
#define SEEP_PROCESS_SLOT_BITS 12
#define SEEP_PROCESS_SLOT(id)  ((id) & ((1u << SEEP_PROCESS_SLOT_BITS) - 1))
#define SEEP_PROCESS_NEXT(id)  ((id) + (1u << SEEP_PROCESS_SLOT_BITS))

/*
 * A frame is one word: bit 63 clear: the file's id in bits 40 to 62 and the offset in the file in
 * bits 0 to 39; bit 63 set: an address that belongs to no file, as it is (user addresses need only
 * 57 bits). Except for the allocator function itself, which stands first and names its first
 * instruction, the offset is that of the return address minus one: inside the call instruction.
 */
#define SEEP_FRAME_RAW	       (1ULL << 63)
#define SEEP_FRAME_FILE_SHIFT  40
#define SEEP_FRAME_OFFSET_MASK ((1ULL << SEEP_FRAME_FILE_SHIFT) - 1)
#define SEEP_FRAME(file, offset)                                                                   \
	((__u64)(file) << SEEP_FRAME_FILE_SHIFT | ((offset) & SEEP_FRAME_OFFSET_MASK))
#define SEEP_FRAME_FILE(frame)	 ((__u32)(((frame) & ~SEEP_FRAME_RAW) >> SEEP_FRAME_FILE_SHIFT))
#define SEEP_FRAME_OFFSET(frame) ((frame) & SEEP_FRAME_OFFSET_MASK)

/* map "sites" */
struct seep_site_key {
	__u64 stack; /* hash of the frames */
	__u32 process;
	__u32 kind;
};

/*
 * Lifetimes and ages: bucket 0 holds those under 1 us, bucket b those from 2^(b-1) us up to 2^b us,
 * the last one everything longer (2^38 us are 76 hours).
 */
#define SEEP_LIFETIME_BUCKETS 40

/*
 * What the blocks in a sample stand for, if memory is sampled by their bytes (seep/sampling.h):
 * sums over the blocks of a site, of their weights w, and of what tells how far these sums can be
 * trusted. Monotonic, atomic.
 */
struct seep_weighed {
	__u64 objects;	      /* w, in 2^-SEEP_SAMPLE_SHIFT */
	__u64 bytes;	      /* w b of blocks with b bytes */
	__u64 object_squares; /* w (w - 1), in 2^-SEEP_SQUARES_SHIFT */
	__u64 byte_squares; /* w (w - 1) (b / mean)^2, in 2^-SEEP_SAMPLE_SHIFT: 1 at most of each */
};

struct seep_site_value {
	__u64 allocs; /* monotonic, atomic; live = allocs - frees */
	__u64 alloc_bytes;
	__u64 frees;
	__u64 free_bytes;
	__u32 check; /* second hash of the frames, to notice a collision of the first */
	__u32 sent;  /* the frames are in the ring buffer */
	/* Results of the last pass of ages_scan over the live map, valid if scan is its number. */
	__u64 scan;
	__u64 oldest_ns;     /* created_ns of the oldest live object */
	__u64 young_objects; /* if memory is sampled by bytes, as struct seep_weighed has them */
	__u64 young_bytes;
	__u64 ages[SEEP_LIFETIME_BUCKETS];	/* of the live objects */
	__u64 lifetimes[SEEP_LIFETIME_BUCKETS]; /* of the released ones */
	/* If memory is sampled by bytes; else 0. What lives is the difference. */
	struct seep_weighed made;
	struct seep_weighed released;
};

/* map "processes", by slot */
struct seep_process_value {
	__u32 id;     /* the present one, see SEEP_PROCESS_SLOT_BITS */
	__u32 active; /* 0: count nothing (a launched command before its exec, a free slot) */
	__u32 thread; /* tid that the probes are bound to: its end is told */
	__u32 library_changes; /* that its loader has announced */
	/*
	 * Its calls of allocators are not counted, between two windows (seep/sampling.h). Set by
	 * either side, cleared by user space.
	 */
	__u32 paused;
	__u32 pad[3];
};

/* map "probes", by index; the attach cookie is slot << 32 | index */
struct seep_probe {
	__u64 frame; /* the probed function */
	__u8 role;   /* enum seep_role */
	__u8 size_arg;
	__u8 count_arg;
	__u8 pointer_arg;
	__u8 out_arg;
	__u8 kind;
	__u8 heap;
	__u8 libc;     /* of the C family */
	__u32 pushed;  /* bytes on the stack above the return address, at the probe */
	__u32 bytes;   /* of each block, if no argument is the size */
	__u32 trap_ns; /* what a hit costs, but for the program: see seep/sampling.h */
	__u8 glibc;    /* of glibc's malloc: the word before a block tells its size */
	__u8 pad[3];
};

/*
 * map "unmatched": releases of blocks of a process that the trace did not know, most of them from
 * before it. By struct seep_process_key with 0 for the rest.
 */
struct seep_unmatched {
	__u64 frees; /* monotonic, atomic */
	__u64 sized; /* of these: their size could be read */
	__u64 bytes; /* of the sized */
};

/* The file id of the vDSO, which has no file. */
#define SEEP_FILE_VDSO 1

/*
 * The origin of objects that no visible code has created, or that belong to nobody's own code:
 * their stacks end with a frame of this file id, whose offset is the origin. CREATOR is no origin:
 * it stands between the stack of a goroutine and who created it. X(enum suffix, the name of the
 * frame)
 */
#define SEEP_FILE_ORIGIN 0x7fffff
#define SEEP_ORIGINS(X)                                                                            \
	X(BEFORE, "[before the trace]")                                                            \
	X(UNSEEN, "[not seen being made]")                                                         \
	X(KERNEL, "[made by the kernel]")                                                          \
	X(ALLOCATOR, "[arena of an allocator]")                                                    \
	X(THREAD, "[stack of a thread]")                                                           \
	X(CREATOR, "[created by]")

enum seep_origin {
#define SEEP_ORIGIN_ENUM(name, text) SEEP_ORIGIN_##name,
	SEEP_ORIGINS(SEEP_ORIGIN_ENUM)
#undef SEEP_ORIGIN_ENUM
	SEEP_ORIGIN_COUNT
};

#define SEEP_ORIGIN_FRAME(origin) SEEP_FRAME(SEEP_FILE_ORIGIN, origin)

/* File ids below this are given by BPF, as it meets files; those from it on by user space. */
#define SEEP_FILE_USER_BASE 0x400000

/*
 * The slot in the cookie of a probe that is in all processes of the machine: the process is looked
 * up by its PID.
 */
#define SEEP_SLOT_ANY 0xffffffff

#define SEEP_COOKIE(slot, probe) ((__u64)(slot) << 32 | (probe))

/* Which processes are traced besides those that user space names. */
enum seep_scope_type {
	SEEP_SCOPE_NAMED, /* none */
	SEEP_SCOPE_ALL,
	SEEP_SCOPE_COMM,
	SEEP_SCOPE_CGROUP,
};

/* map "files": a mapped file as the kernel names it; opaque, compared only in BPF */
struct seep_file_key {
	__u64 inode;
	__u32 device;
	__u32 generation;
};

/* map "mappings": what BPF saw last of a process's mapping, by page of 64 KiB */
#define SEEP_MAPPING_PAGE_SHIFT 16

struct seep_mapping_key {
	__u32 process; /* changes with exec, so that the old image's mappings are forgotten */
	__u32 page_low;
	__u32 page_high;
};

struct seep_mapping_value {
	__u64 start;
	__u64 end;
	__u64 delta;	  /* address - delta = offset in the file */
	__u64 seen_ns;	  /* when the kernel's VMA was read */
	__u64 generation; /* of the process's mappings then: mapping_generation in vmas.bpf.h */
	__u64 vma;	  /* the kernel's address of that VMA, only to be compared */
	__u32 file;	  /* 0: no file */
	__u32 executable;
	__u64 sum; /* over all but seen_ns, to notice a half-written entry */
};

/* Events of the ring buffer; each begins with its type. */
enum seep_event_type {
	SEEP_EVENT_STACK,
	SEEP_EVENT_FILE,
	SEEP_EVENT_EXEC,
	SEEP_EVENT_TABLE,
	SEEP_EVENT_COPY,
	SEEP_EVENT_PROCESS,
	SEEP_EVENT_CGROUP,
	SEEP_EVENT_LIBRARY,
	SEEP_EVENT_HAZARD,
	SEEP_EVENT_UNBOUND,
	SEEP_EVENT_BUDGET,
};

struct seep_stack_event {
	__u32 type;
	__u32 end; /* enum seep_end */
	__u64 stack;
	__u32 check;
	__u32 num_frames;
	__u64 frames[SEEP_MAX_FRAMES];
};

struct seep_file_event {
	__u32 type;
	__u32 file;
	__u32 process;
	__u32 device; /* kernel encoding: major << 20 | minor */
	__u64 inode;
	__u64 start; /* the mapping in which the file was seen */
	__u64 end;
	__u64 offset; /* of start in the file, bytes */
	/*
	 * The path in the mount namespace of the process, because the mapping may be gone when user
	 * space looks: its components from the last one to the first, each with a NUL. 0 bytes: it
	 * was too long.
	 */
	__u32 path_bytes;
	__u32 pad;
	char path[SEEP_PATH_BYTES + SEEP_NAME_BYTES];
};

/* The unwind table of a known file is not there (any more) and was needed. */
struct seep_table_event {
	__u32 type;
	__u32 file;
};

/* The loader is about to change, or has changed, the list of loaded libraries. */
struct seep_library_event {
	__u32 type;
	__u32 process;
};

/*
 * A thread has begun to use what return probes fail with. Nothing of its process is counted any
 * more.
 */
struct seep_hazard_event {
	__u32 type;
	__u32 process;
	__u32 hazards; /* SEEP_REFUSAL_BIT of each */
	__u32 pad;
};

/* The thread that the probes of a process are bound to ends before the others. */
struct seep_unbound_event {
	__u32 type;
	__u32 process;
	__u32 thread;
	__u32 pad;
};

/* The hits of a process have cost what user space allowed: see seep/sampling.h. */
struct seep_budget_event {
	__u32 type;
	__u32 process;
};

struct seep_exec_event {
	__u32 type;
	__u32 old_process;
	__u32 new_process;
	__u32 by_other; /* not by the leader: the probes that were bound to it are gone */
	__u64 time_ns;
	char comm[SEEP_COMM_BYTES];
};

/* A process came into the scope, by fork or exec, and has a slot. */
struct seep_process_event {
	__u32 type;
	__u32 process;
	__u32 pid;
	__u32 parent; /* PID; 0: not by fork */
	__u64 time_ns;
	char comm[SEEP_COMM_BYTES];
};

/* A process was moved to another cgroup, which may be in the scope or not. */
struct seep_cgroup_event {
	__u32 type;
	__u32 pid;
};

/* The registers that a call preserves, its stack pointer and return address. */
struct seep_registers {
	__u64 ip;
	__u64 sp;
	__u64 bp;
	__u64 bx;
	__u64 r12;
	__u64 r13;
	__u64 r14;
	__u64 r15;
};

/* Why a stack was copied. */
#define SEEP_COPY_VERIFY 1 /* to be walked once more by somebody else's code */
#define SEEP_COPY_WALK	 2 /* to be walked when what it lacks is there: a table, a mapping */

/*
 * A stack as BPF walked it, with what it takes to walk it again. A stack that is to be walked later
 * has a hash that no other event has.
 */
struct seep_copy_event {
	__u32 type;
	__u32 process;
	__u32 end; /* enum seep_end */
	__u32 num_frames;
	__u32 purpose;
	__u32 stack_bytes; /* copied, from registers.sp on */
	__u32 num_given;   /* of the frames: the function that was called, which no walk finds */
	__u32 library_changes;		 /* of seep_process_value, when it was walked */
	__u64 time_ns;			 /* CLOCK_MONOTONIC */
	__u64 hash;			 /* of the site, see seep_site_key */
	__u64 start;			 /* NO_TABLE: the mapping in which the walk ended ... */
	__u64 limit;			 /* ... the first address behind it ... */
	__u64 delta;			 /* ... and what to take from an address for the offset */
	struct seep_registers registers; /* as the function's caller finds them */
	__u64 frames[SEEP_MAX_FRAMES];
	/* Return addresses that return probes had replaced are put back. */
	__u8 stack[SEEP_COPY_BYTES];
};

_Static_assert(sizeof(struct seep_site_key) == 16, "no padding in keys");
_Static_assert(SEEP_PROCESS_AT(seep_site_key) == SEEP_PROCESS_AT(seep_process_key), "alike");
_Static_assert(sizeof(struct seep_site_value) == 136 + 16 * SEEP_LIFETIME_BUCKETS, "no padding");
_Static_assert(sizeof(struct seep_process_value) == 32, "no padding in values");
_Static_assert(sizeof(struct seep_probe) == 32, "no padding in values");
_Static_assert(sizeof(struct seep_unmatched) == 24, "no padding in values");
_Static_assert(sizeof(struct seep_file_key) == 16, "no padding in keys");
_Static_assert(sizeof(struct seep_mapping_key) == 12, "no padding in keys");
_Static_assert(sizeof(struct seep_mapping_value) == 64, "no padding in values");
_Static_assert(sizeof(struct seep_stack_event) == 24 + 8 * SEEP_MAX_FRAMES, "no padding");
_Static_assert(sizeof(struct seep_file_event) == 56 + SEEP_PATH_BYTES + SEEP_NAME_BYTES,
	       "no padding");
_Static_assert(sizeof(struct seep_table_event) == 8, "no padding");
_Static_assert(sizeof(struct seep_library_event) == 8, "no padding");
_Static_assert(sizeof(struct seep_hazard_event) == 16, "no padding");
_Static_assert(sizeof(struct seep_unbound_event) == 16, "no padding");
_Static_assert(sizeof(struct seep_budget_event) == 8, "no padding");
_Static_assert(sizeof(struct seep_exec_event) == 40, "no padding");
_Static_assert(sizeof(struct seep_process_event) == 40, "no padding");
_Static_assert(sizeof(struct seep_cgroup_event) == 8, "no padding");
_Static_assert(sizeof(struct seep_copy_event) == 136 + 8 * SEEP_MAX_FRAMES + SEEP_COPY_BYTES,
	       "no padding");
_Static_assert(SEEP_MAX_PROCESSES == 1 << SEEP_PROCESS_SLOT_BITS, "a slot fits its bits");

#endif
