// SPDX-License-Identifier: GPL-2.0-only
/* What the threads of a process use that return probes fail with, before it is probed. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include "dispatch.bpf.h"

/* The result, for all threads of the process; user space clears it before. */
__u32 hazards_found = 0;

SEC("iter/task")
int hazards_find(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		hazards_found |= hazards_of_returns(task);
	return 0;
}
