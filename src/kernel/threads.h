/* SPDX-License-Identifier: GPL-2.0-only */
/* The threads that a process has, by the kernel's own list. */
#ifndef SEEP_KERNEL_THREADS_H
#define SEEP_KERNEL_THREADS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"

/*
 * Makes known what was not, see seep_threads_pass. @first: what is unknown is from before the
 * trace. @ret_added: how many became known. -EAGAIN: the list changed so fast that some may be
 * missing.
 */
int seep_kernel_count_threads(struct seep_kernel *kernel, pid_t pid, uint32_t process, bool first,
			      uint32_t *ret_added);

/* The thread does not exist any more: it is released now if its end was not seen. 0 or -errno. */
int seep_kernel_drop_thread(struct seep_kernel *kernel, const struct seep_object_key *key);

#endif
