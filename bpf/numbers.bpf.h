/* SPDX-License-Identifier: GPL-2.0-only */
/* Logarithms, and the buckets of the histograms of times. */
#ifndef SEEP_BPF_NUMBERS_H
#define SEEP_BPF_NUMBERS_H

#ifdef __bpf__
#include "vmlinux.h"
#define UNROLLED _Pragma("unroll")
#else
#define UNROLLED
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#include "seep/abi.h"

#define NS_PER_US 1000

/*
 * Without branches (a borrow out of bit 63 stands for the comparison), because the verifier would
 * follow each of 64 paths. For values below 2^63.
 */
static __always_inline __u32 log2_floor(__u64 value)
{
	__u32 result = 0;

	UNROLLED
	for (__u32 shift = 32; shift > 0; shift >>= 1) {
		__u64 larger = ((1ULL << shift) - 1 - value) >> 63;

		value >>= larger * shift;
		result += larger * shift;
	}
	return result;
}

/* See SEEP_LIFETIME_BUCKETS. */
static __always_inline __u32 lifetime_bucket(__u64 ns)
{
	__u64 us = ns / NS_PER_US;
	__u32 bucket = us ? log2_floor(us) + 1 : 0;

	return bucket < SEEP_LIFETIME_BUCKETS ? bucket : SEEP_LIFETIME_BUCKETS - 1;
}

#endif
