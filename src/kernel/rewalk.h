/* SPDX-License-Identifier: GPL-2.0-only */
/* Walks over a copy of a stack with the unwinder of the BPF programs, see seep_rewalk_pass. */
#ifndef SEEP_KERNEL_REWALK_H
#define SEEP_KERNEL_REWALK_H

#include <stddef.h>

#include "kernel/kernel.h"
#include "seep/passes.h"

/* Begins with a copy of at most SEEP_COPY_BYTES. One walk at a time. */
void seep_kernel_rewalk_begin(struct seep_kernel *kernel, const void *stack, size_t size);
/* Goes from one frame to its caller. 0 or -errno. */
int seep_kernel_rewalk_step(struct seep_kernel *kernel, struct seep_rewalk_pass *pass);

#endif
