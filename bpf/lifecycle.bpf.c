// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens to the traced processes themselves: fork, exec, exit, and moves between cgroups.
 * These programs keep the table of processes (which PID has which slot and id) true at the very
 * moment, and tell user space by events. Processes that come into the scope are adopted here
 * (scope.bpf.h).
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "scope.bpf.h"

#define PF_KTHREAD 0x200000 /* include/linux/sched.h */

/*
 * fork: the child of a process in the scope. Not one that shares the memory of its parent (vfork):
 * what it allocates before its exec belongs to its parent.
 */
SEC("raw_tp/sched_process_fork")
int process_fork(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *child = (void *)ctx->args[1];
	__u32 parent = bpf_get_current_pid_tgid() >> 32;
	pid_t tgid = BPF_CORE_READ(child, tgid);

	if (BPF_CORE_READ(child, pid) != tgid || BPF_CORE_READ(child, flags) & PF_KTHREAD ||
	    BPF_CORE_READ(child, mm) == bpf_get_current_task_btf()->mm)
		return 0;
	if (current_in_scope() || (cfg_children && is_target(parent)))
		process_adopt(tgid, parent);
	return 0;
}

/* exec of a process that is not traced yet. -EEXIST if it is by now. */
static __always_inline long exec_of_other(__u32 tgid)
{
	struct task_struct *parent = bpf_get_current_task_btf()->real_parent;

	if (current_in_scope() || (cfg_children && is_target(parent->tgid)))
		return process_adopt(tgid, 0);
	return 0;
}

/*
 * exec: from here on everything belongs to another program image. The slot gets its next id, which
 * separates old objects from new ones at once. If the ring buffer has no room for the event, user
 * space reads the id from the map.
 */
SEC("raw_tp/sched_process_exec")
int process_exec(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u32 *slot = bpf_map_lookup_elem(&targets, &tgid);
	struct seep_process_value *process;
	struct seep_exec_event *event;

	if (!slot) {
		if (exec_of_other(tgid) != -EEXIST_ERRNO)
			return 0;
		slot = bpf_map_lookup_elem(&targets, &tgid);
		if (!slot)
			return 0;
	}
	process = bpf_map_lookup_elem(&processes, slot);
	if (!process)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event) {
		event->type = SEEP_EVENT_EXEC;
		event->old_process = process->id;
		event->new_process = SEEP_PROCESS_NEXT(process->id);
		event->by_other = (__u32)ctx->args[1] != tgid; /* its thread id before */
		event->time_ns = bpf_ktime_get_ns();
		bpf_get_current_comm(event->comm, sizeof(event->comm));
	}
	process->id = SEEP_PROCESS_NEXT(process->id);
	process->active = 1;
	if (event)
		bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * The kernel binds the probes of a process to one of its threads, the leader as long as it lives.
 * When that thread ends before the others, user space binds them to another one.
 */
static __always_inline void tell_if_unbound(__u32 tgid, __u32 tid)
{
	__u32 *slot = bpf_map_lookup_elem(&targets, &tgid);
	struct seep_unbound_event event = {.type = SEEP_EVENT_UNBOUND, .thread = tid};
	struct seep_process_value *process;

	process = slot ? bpf_map_lookup_elem(&processes, slot) : NULL;
	if (!process || process->thread != tid)
		return;
	event.process = process->id;
	if (bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		count_loss(SEEP_LOSS_RING_FULL, 1);
}

/* exit of the last thread: the next process with this PID is another one. */
SEC("raw_tp/sched_process_exit")
int process_exit(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tgid = id >> 32;
	struct task_struct *task = bpf_get_current_task_btf();

	/*
	 * do_exit counts down before it calls the tracepoint. No thread stays when the whole
	 * process ends.
	 */
	if (task->signal->live.counter == 0)
		bpf_map_delete_elem(&targets, &tgid);
	else if (!process_ends(task))
		tell_if_unbound(tgid, (__u32)id);
	return 0;
}

/* A process was moved to another cgroup. Rare; user space finds out whether it is in the scope. */
SEC("raw_tp/cgroup_attach_task")
int process_cgroup(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[2];
	struct seep_cgroup_event event = {
		.type = SEEP_EVENT_CGROUP,
		.pid = BPF_CORE_READ(task, tgid),
	};

	if (bpf_ringbuf_output(&events, &event, sizeof(event), 0))
		count_loss(SEEP_LOSS_RING_FULL, 1);
	return 0;
}
