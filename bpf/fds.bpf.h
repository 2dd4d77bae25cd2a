/* SPDX-License-Identifier: GPL-2.0-only */
/* A descriptor is an object from the system call that creates it to the one that closes it. */
#ifndef SEEP_BPF_FDS_H
#define SEEP_BPF_FDS_H

#include "syscalls.bpf.h"

/*
 * An open file that passes of the inventory have found and no system call has reported. It may be
 * reported yet: the system call has not returned. After SEEP_FD_LOOKS passes in a row, without a
 * report in between, it counts as unseen.
 */
struct fd_candidate {
	__u64 file;
	__u64 number; /* of the last pass that found it ... */
	__u64 times;  /* ... after so many in a row */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct seep_object_key);
	__type(value, struct fd_candidate);
} fd_candidates SEC(".maps") __weak;

/*
 * A system call has reported the descriptor: an earlier pass of the inventory has met it halfway.
 */
static __always_inline void fd_was_seen(const struct seep_object_key *key)
{
	if (bpf_map_lookup_elem(&fd_candidates, key))
		bpf_map_delete_elem(&fd_candidates, key);
}

static __always_inline struct seep_object_key fd_key(__u32 process, __u32 fd)
{
	return (struct seep_object_key){.id = fd, .process = process, .kind = SEEP_KIND_FD};
}

static __always_inline void fd_released(const struct seep_object_key *key)
{
	struct seep_object object;

	if (object_take(&live_fds, key, &object) == 0)
		site_released(key->process, SEEP_KIND_FD, &object, bpf_ktime_get_ns());
}

/*
 * Releases the descriptor that had the number before. Its close was not seen, unless it is the same
 * file, which the inventory has met before its system call returned.
 */
static __always_inline void clear_number(const struct seep_object_key *key, __u64 file)
{
	struct seep_fd_object *old = bpf_map_lookup_elem(&live_fds, key);

	if (!old)
		return;
	if (old->file != file)
		count_loss(SEEP_LOSS_UNSEEN_CLOSES, 1);
	fd_released(key);
}

#endif
