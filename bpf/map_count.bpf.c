// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many mappings a process has. The kernel keeps their number for vm.max_map_count, so nothing
 * is walked but the threads of the process; /proc/PID/maps would have a line for each mapping.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/* The result; user space clears it before. */
__u32 mappings_counted = 0;

SEC("iter/task")
int map_count_read(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	/* A thread that ends has no address space any more; the others have the same one. */
	if (task && task->mm)
		mappings_counted = task->mm->map_count;
	return 0;
}
