/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Releases of blocks that the trace does not know: of those from before it, of those that a child
 * has from its parent, of those that found no room in the live map. They are counted as a loss, and
 * for each process with their bytes, where glibc tells the size of a block.
 *
 * The map has room for every slot twice, because a process that has ended stays until it is reaped.
 * One that finds no room is in the loss only.
 */
#ifndef SEEP_BPF_UNMATCHED_H
#define SEEP_BPF_UNMATCHED_H

#include "maps.bpf.h"
#include "sampling.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct seep_process_key);
	__type(value, struct seep_unmatched);
} unmatched SEC(".maps") __weak;

/*
 * A chunk of glibc begins with two words; the second, before the block, is the size of the chunk
 * with three flags in its low bits (malloc/malloc.c, since 2.0). The chunk reaches into the first
 * word of the next one, but not if it is a mapping of its own.
 */
#define CHUNK_FLAGS	7
#define CHUNK_IS_MAPPED 2
#define CHUNK_ALIGNMENT 16
#define CHUNK_MIN_BYTES 32
#define CHUNK_MAX_BYTES (1ULL << 47)

/* What the block at @address has room for; 0 if that cannot be known. To be asked at the entry. */
static __always_inline __u64 block_room(const struct seep_probe *probe, __u64 address)
{
	__u64 word, bytes;

	if (!probe->glibc || address % CHUNK_ALIGNMENT ||
	    bpf_probe_read_user(&word, sizeof(word), (void *)(address - sizeof(word))))
		return 0;
	bytes = word & ~(__u64)CHUNK_FLAGS;
	if (bytes < CHUNK_MIN_BYTES || bytes > CHUNK_MAX_BYTES || bytes & 8)
		return 0;
	return bytes - (word & CHUNK_IS_MAPPED ? 2 : 1) * sizeof(word);
}

/* The counters of a process; NULL if there is no room. */
static __always_inline struct seep_unmatched *unmatched_of(__u32 process)
{
	struct seep_process_key key = {.process = process};
	struct seep_unmatched *value = bpf_map_lookup_elem(&unmatched, &key), none = {};

	if (value)
		return value;
	bpf_map_update_elem(&unmatched, &key, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&unmatched, &key);
}

static __always_inline void unmatched_add_size(struct seep_unmatched *value, __u64 bytes)
{
	__sync_fetch_and_add(&value->sized, 1);
	__sync_fetch_and_add(&value->bytes, bytes);
}

/*
 * Counts a release. @bytes: of the block, 0 if not known. Of a process that is traced in windows it
 * tells nothing: most of its blocks are made between them.
 */
static __always_inline void count_unmatched(__u32 process, __u64 bytes)
{
	struct seep_unmatched *value;

	if (windows_of(process))
		return;
	value = unmatched_of(process);
	count_loss(SEEP_LOSS_UNMATCHED_FREES, 1);
	if (!value)
		return;
	__sync_fetch_and_add(&value->frees, 1);
	if (bytes)
		unmatched_add_size(value, bytes);
}

/* The size of a block whose release was counted without it: an inner function knows. */
static __always_inline void size_unmatched(__u32 process, __u64 bytes)
{
	struct seep_unmatched *value = windows_of(process) ? NULL : unmatched_of(process);

	if (value)
		unmatched_add_size(value, bytes);
}

#endif
