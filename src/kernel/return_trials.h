/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the return of a probed function fails with on this kernel, tried by child processes. The
 * return trampoline of x86-64 is a system call since 6.11; that seccomp lets it pass came later,
 * and into some kernels by their stable branches, so no version tells.
 */
#ifndef SEEP_KERNEL_RETURN_TRIALS_H
#define SEEP_KERNEL_RETURN_TRIALS_H

#include <stdint.h>

#include "kernel/attach.h"

/*
 * Each child takes one hazard upon itself and calls @function, whose return is probed by @request
 * (its pid is set here; no entry is needed). Stores SEEP_REFUSAL_BIT of each hazard that killed a
 * child. 0 or -errno. Takes some milliseconds.
 */
int seep_return_trials_run(const struct seep_attach_request *request, void (*function)(void),
			   uint32_t *ret_hazards);

#endif
