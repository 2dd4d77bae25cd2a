/* SPDX-License-Identifier: GPL-2.0-only */
/* Uprobes, by each of the ways that kernels have to attach one. */
#ifndef SEEP_KERNEL_ATTACH_H
#define SEEP_KERNEL_ATTACH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/features.h"

/*
 * The expected_attach_type that a program must be loaded with to be attached this way: an enum
 * bpf_attach_type, some of which the headers of Debian 12 do not know yet.
 */
int seep_attach_type(enum seep_attach_variant variant);

/*
 * The variant for probes that need no return: where allocations have a session, these are plain
 * multi probes.
 */
enum seep_attach_variant seep_attach_entry_variant(enum seep_attach_variant variant);

/* Probes of one program in one file. */
struct seep_attach_request {
	int program_fd;
	enum seep_attach_variant variant; /* SESSION: one program for entry and return */
	bool at_return;			  /* MULTI, PERF */
	pid_t pid;    /* the process, by its leader: others pay nothing; 0: all processes */
	pid_t thread; /* a thread that lives, if the leader has ended; else 0 */
	int file_fd;  /* open descriptor of the file, any mode */
	size_t count;
	const uint64_t *offsets; /* in the file, bytes */
	const uint64_t *cookies;
};

/*
 * Attaches, and stores the descriptors that keep the probes alive: one for SESSION and MULTI, and
 * @count anchors if the leader has ended; @count twos (link and event) for PERF. @ret_fds has room
 * for SEEP_ATTACH_FDS(count). Closing them removes the probes. The number of descriptors, or
 * -errno: -ESRCH the process is gone, -EPERM, -EINVAL an offset is no instruction, -EOPNOTSUPP the
 * file system takes no uprobes.
 */
/* Room for the descriptors of @count probes. */
#define SEEP_ATTACH_FDS(count) (2 * (count))
int seep_attach(const struct seep_attach_request *request, int *ret_fds);

/*
 * A link is for the memory of the leader, and once the leader has ended, for none: probes that are
 * there stay, new ones are not placed. An event that is bound to @request->thread places them, and
 * keeps them; it runs nothing. The number of descriptors, at most request->count, or -errno.
 */
int seep_attach_anchors(const struct seep_attach_request *request, int *ret_fds);

#endif
