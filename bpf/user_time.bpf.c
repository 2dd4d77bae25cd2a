// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the threads of a process have run of their own code, without the kernel: in this time no
 * probe is, because a trap and its program are the kernel's. As exact as the kernel accounts it: by
 * ticks, in most configurations.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/* Of include/linux/sched.h and sched/signal.h: what the trimmed vmlinux.h leaves out. */
struct signal_struct___time {
	__u64 utime; /* of the threads that have ended */
} __attribute__((preserve_access_index));

struct task_struct___time {
	__u64 utime;
	struct signal_struct___time *signal;
} __attribute__((preserve_access_index));

/* The result, in ns; user space clears it before. */
__u64 user_time_read = 0;

SEC("iter/task")
int user_time_sum(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_struct___time *times = (void *)task;

	if (!task)
		return 0;
	user_time_read += times->utime;
	if (task->pid == task->tgid)
		user_time_read += times->signal->utime;
	return 0;
}
