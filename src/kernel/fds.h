/* SPDX-License-Identifier: GPL-2.0-only */
/* The descriptors that a process has, by the kernel's own table. */
#ifndef SEEP_KERNEL_FDS_H
#define SEEP_KERNEL_FDS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "seep/passes.h"

/*
 * Makes known what was not and releases what is gone, see seep_fds_pass. @first: what is unknown is
 * from before the trace. @fn, unless it is NULL, is called with a record of each descriptor that is
 * known afterwards; what it returns other than 0 ends the pass and is returned. 0 or -errno.
 */
typedef int (*seep_fd_fn)(void *context, const struct seep_fd_record *record);
int seep_kernel_count_fds(struct seep_kernel *kernel, pid_t pid, uint32_t process, bool first,
			  seep_fd_fn fn, void *context);

#endif
