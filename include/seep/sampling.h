/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sampling, of which there are two ways (docs/developers/sampling.md). By bytes: of the blocks of a
 * process those are tracked in which a point falls, of which there is one in a mean number of
 * bytes. And windows: a process whose probes would cost more than they may is traced for a part of
 * the time only. What BPF and user space share for that. Within a window all calls are seen;
 * between two there is no probe in the process. What was made in one window and is met in a later
 * one, its address released or given out again, must have been released meanwhile.
 */
#ifndef SEEP_SAMPLING_H
#define SEEP_SAMPLING_H

#include "seep/abi.h"

/* The mean number of bytes between two samples is at most this: the sums have room for it. */
#define SEEP_MAX_SAMPLE_BYTES (64 << 20)

/*
 * Units of struct seep_weighed. The squares of 64 bits overflow when one site has made 2^56 * size
 * / mean blocks: with a mean of 512 KiB, nine million million blocks of 64 bytes.
 */
#define SEEP_SAMPLE_SHIFT  16
#define SEEP_SQUARES_SHIFT 8

/*
 * What hits cost is added up for each CPU, and told to map "budgets" in portions of 2^16 ns, so
 * that CPUs do not share a cache line at each hit.
 */
#define SEEP_SPENT_SHIFT 16

/*
 * map "budgets", by slot; mapped by user space. Of the cost of traps only: user space knows what
 * the programs take besides.
 */
struct seep_budget_value {
	__u64 spent_ns;	 /* so far; BPF adds */
	__u64 notice_ns; /* once it is reached user space is told ... */
	__u64 limit_ns;	 /* ... and here the process is paused, whatever user space does */
	/*
	 * When the window that is open, or was the last one, was opened, CLOCK_MONOTONIC; 0: the
	 * process has never been traced in windows.
	 */
	__u64 window_ns;
	__u64 paused_ns; /* when BPF has paused it, 0: it has not; CLOCK_MONOTONIC */
	__u64 addresses; /* to be remembered in this window yet: map "addresses" */
	__u32 told;	 /* that notice_ns is reached */
	__u32 weight;	 /* of the cohort of this window, see below */
	__u64 cohort_ns; /* what is made before this time is of the cohort of the window */
	/*
	 * From here on releases are counted: what was made just before the window, and ends soon,
	 * is gone by then. And from the other time on their addresses are remembered: one that is
	 * given out again and again may at last go to a block that stays.
	 */
	__u64 releases_ns;
	__u64 addresses_ns;
	__u64 pad[6];
};

/*
 * Cohorts: blocks that are followed beyond their window. They are made in its first part, so that
 * what lives for a moment only is released within it, and hardly anything that outlives it is about
 * to be released just then. Each block of a cohort stands for as many as its part of the window
 * does of time. Both are in the lowest bits of created_ns, which is so exact to a microsecond:
 * whether it is of a cohort, and its weight, 2^(code / 32).
 */
#define SEEP_COHORT_BIT	     (1ULL << 9)
#define SEEP_CREATED_BITS    10
#define SEEP_WEIGHT_CODE(ns) ((__u32)((ns) & (SEEP_COHORT_BIT - 1)))
#define SEEP_WEIGHT_STEPS    32 /* codes for each doubling */
#define SEEP_WEIGHT_SHIFT    8	/* sums of weights are in 2^-8 */
/* The code of a block that was not made in a window: its weight is that of its size, if any. */
#define SEEP_WEIGHT_BY_SIZE 511

/*
 * map "addresses": the address of a block whose release was seen in a window, until it is met
 * again. By struct seep_object_key with kind MEMORY.
 */
struct seep_address {
	__u64 released_ns; /* CLOCK_MONOTONIC */
	__u64 stack;	   /* of the site of the block, 0 if that is not known */
	__u16 size_class;
	__u16 age;   /* enum seep_released_age */
	__u32 count; /* of releases in that window */
};

/*
 * Addresses of blocks that live for a moment come back in another way than those of blocks that
 * live on, and cohorts are asked for what lives on. Blocks that are not known are older than the
 * window.
 */
enum seep_released_age {
	SEEP_RELEASED_YOUNG, /* in the window in which it was made */
	SEEP_RELEASED_OLD,
	SEEP_RELEASED_AGES,
};

/* At most so many, in all processes together. */
#define SEEP_MAX_ADDRESSES 131072

/* Addresses that were not met again, and blocks that were not found released. Histograms by age. */
struct seep_forgotten {
	__u64 addresses[SEEP_RELEASED_AGES][SEEP_LIFETIME_BUCKETS];
	__u64 blocks[SEEP_LIFETIME_BUCKETS];
	__u64 weights[SEEP_LIFETIME_BUCKETS]; /* that the blocks stand for; SEEP_WEIGHT_SHIFT */
	__u64 weighted_bytes[SEEP_LIFETIME_BUCKETS];
};

/*
 * map "samples": what later windows have told of the blocks of a site, or of a size class of a
 * process. By struct seep_site_key; of a size class the kind is SEEP_KIND_COUNT, and the stack its
 * number. Histograms as those of struct seep_site_value.
 */
struct seep_sample_value {
	__u64 releases; /* of a class: that windows have seen, of blocks that were older than they
			 */
	/* Of the cohorts of the site: those that a later window has found released, by their age.
	 */
	__u64 late[SEEP_LIFETIME_BUCKETS];
	/* Released addresses that a later window has met again, by the time since. */
	__u64 returned[SEEP_RELEASED_AGES][SEEP_LIFETIME_BUCKETS];
	/* Of these and those that are gone, the squares of the numbers of releases, added up. */
	__u64 squares[SEEP_RELEASED_AGES];
	/* Results of the last ages_scan: those that are not met again so far ... */
	__u64 scan;
	__u64 waiting[SEEP_RELEASED_AGES][SEEP_LIFETIME_BUCKETS];
	__u64 waiting_squares[SEEP_RELEASED_AGES];
	/* ... and what the blocks that are not found released stand for, by age; SEEP_WEIGHT_SHIFT.
	 */
	__u64 weights[SEEP_LIFETIME_BUCKETS];
	__u64 weighted_bytes[SEEP_LIFETIME_BUCKETS];
	/* What became too old to be followed further, as it was then. */
	struct seep_forgotten forgotten;
};

/* Sites and size classes of which something is known: no more than there may be blocks. */
#define SEEP_MAX_SAMPLES     131072
#define SEEP_SAMPLES(blocks) ((blocks) < SEEP_MAX_SAMPLES ? (blocks) : SEEP_MAX_SAMPLES)

/*
 * Blocks whose addresses are exchanged with each other, as far as that can be known of any
 * allocator: those of the same 16 bytes up to 64, above that of the same quarter of an octave.
 * @chunk: bytes with a header of 8 bytes, rounded up to 16, as glibc has them; @log2: its
 * logarithm, rounded down.
 */
#define SEEP_CHUNK_BYTES(bytes) (((bytes) + 8 + 15) & ~15ULL)
#define SEEP_SIZE_CLASS_UNKNOWN 1023 /* only glibc tells the size of any block */
#define SEEP_SIZE_CLASS(chunk, log2)                                                               \
	((chunk) < 64 ? (chunk) / 16 : 4 * (__u64)(log2) + (((chunk) >> ((log2) - 2)) & 3))

_Static_assert(sizeof(struct seep_budget_value) == 128, "two cache lines");
_Static_assert(sizeof(struct seep_address) == 24, "no padding in values");

#endif
