/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What names a stack: two multiplicative hashes over its frames, computed as they come. BPF finds
 * sites by the first and notices collisions by the second; user space computes them for stacks that
 * it walked itself, so that they are the same site.
 */
#ifndef SEEP_HASH_H
#define SEEP_HASH_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

struct seep_hash {
	__u64 hash;
	__u64 check;
};

#define SEEP_HASH_INIT ((struct seep_hash){.hash = 0x9e3779b97f4a7c15ULL})

/* Spreads a frame over all bits; loses nothing (odd factor, xor of higher bits into lower ones). */
static inline __attribute__((always_inline)) __u64 seep_frame_mix(__u64 frame)
{
	__u64 mixed = frame * 0xff51afd7ed558ccdULL;

	return mixed ^ mixed >> 33;
}

/* Adds a frame that was mixed. */
static inline __attribute__((always_inline)) void seep_hash_add(struct seep_hash *hash, __u64 mixed)
{
	hash->hash = (hash->hash ^ mixed) * 0xc4ceb9fe1a85ec53ULL;
	hash->check = (hash->check + mixed) * 0x9e3779b97f4a7c15ULL;
}

/* The key of the site (see seep_site_key). */
static inline __attribute__((always_inline)) __u64 seep_hash_key(const struct seep_hash *hash)
{
	return hash->hash ^ hash->hash >> 29;
}

/* See seep_site_value. */
static inline __attribute__((always_inline)) __u32 seep_hash_check(const struct seep_hash *hash)
{
	return hash->check >> 32;
}

#endif
