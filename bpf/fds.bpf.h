/* SPDX-License-Identifier: GPL-2.0-only */
/* A descriptor is an object from the system call that makes it to the one that closes it. */
#ifndef SEEP_BPF_FDS_H
#define SEEP_BPF_FDS_H

#include "syscalls.bpf.h"

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
 * What had the number before is gone: closed without our seeing it, unless it is the same file, which
 * the census has met before its system call returned.
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
