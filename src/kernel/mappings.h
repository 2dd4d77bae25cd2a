/* SPDX-License-Identifier: GPL-2.0-only */
/* The mappings that a process has, by the kernel's own list. */
#ifndef SEEP_KERNEL_MAPPINGS_H
#define SEEP_KERNEL_MAPPINGS_H

#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "seep/passes.h"

/*
 * Makes known what was not and releases what is gone, see seep_mappings_pass. 0; -ESRCH: the
 * process has ended, or became another one by an exec; -EAGAIN: it changes its address space all
 * the time, so that some of it is left for the next pass; another -errno.
 */
int seep_kernel_count_mappings(struct seep_kernel *kernel, pid_t pid, uint32_t process);

#endif
