// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk is a loop in stack/rewalk.c; each step is one BPF_PROG_RUN of the same code that walks
 * in probes. The copy of the stack is in .bss, and there is one of it.
 */
#include "kernel/rewalk.h"

#include <string.h>

#include "kernel/kernel_private.h"

void seep_kernel_rewalk_begin(struct seep_kernel *kernel, const void *stack, size_t size)
{
	/* .bss is mapped memory: the programs see the copy without a system call. */
	memcpy(kernel->skeleton->bss->rewalk_stack, stack,
	       size < SEEP_COPY_BYTES ? size : SEEP_COPY_BYTES);
}

int seep_kernel_rewalk_step(struct seep_kernel *kernel, struct seep_rewalk_pass *pass)
{
	return seep_kernel_run_pass(kernel->skeleton->progs.rewalk_step, pass, sizeof(*pass));
}
