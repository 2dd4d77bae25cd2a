// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which processes the kernel kills because memory is short. A skeleton of its own: it belongs to
 * watching, not to a trace.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

/* PIDs, one behind the other. A page: who empties it is woken for each. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} oom_kills SEC(".maps");

/*
 * A raw tracepoint, because tracefs need not be mounted. Its argument is a PID up to Linux 6.7, of
 * a thread of the victim in the initial PID namespace; later it is the task.
 */
SEC("raw_tp/mark_victim")
int oom_mark_victim(struct bpf_raw_tracepoint_args *arguments)
{
	__u64 pid = arguments->args[0];

	if (pid >> 32)
		pid = (__u64)BPF_CORE_READ((struct task_struct *)pid, pid);
	bpf_ringbuf_output(&oom_kills, &pid, sizeof(pid), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
