/* SPDX-License-Identifier: GPL-2.0-only */
/* Which processes are traced: those in the scope, besides those that user space names. */
#ifndef SEEP_BPF_SCOPE_H
#define SEEP_BPF_SCOPE_H

#include "config.bpf.h"
#include "maps.bpf.h"

/* The cgroup of the scope; empty for other scopes. */
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} scope_cgroup SEC(".maps") __weak;

/* Slots of the table of processes that are free; user space fills it. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, SEEP_MAX_PROCESSES);
	__type(value, __u32);
} free_slots SEC(".maps") __weak;

/* The whole name must be the same, as the kernel cuts it (TASK_COMM_LEN). */
static __always_inline bool current_has_comm(void)
{
	char comm[SEEP_COMM_BYTES] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < SEEP_COMM_BYTES; i++) {
		if (comm[i] != cfg_comm[i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

/* Is the running process itself in the scope? */
static __always_inline bool current_in_scope(void)
{
	switch (cfg_scope) {
	case SEEP_SCOPE_ALL:
		return true;
	case SEEP_SCOPE_COMM:
		return current_has_comm();
	case SEEP_SCOPE_CGROUP:
		return bpf_current_task_under_cgroup(&scope_cgroup, 0) == 1;
	default:
		return false;
	}
}

static __always_inline bool is_target(__u32 tgid)
{
	return bpf_map_lookup_elem(&targets, &tgid) != NULL;
}

/* Tells user space of a process that got a slot. 0, or -1 if the ring buffer is full. */
static __always_inline int process_announce(__u32 process, __u32 tgid, __u32 parent)
{
	struct seep_process_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return -1;
	event->type = SEEP_EVENT_PROCESS;
	event->process = process;
	event->pid = tgid;
	event->parent = parent;
	event->time_ns = bpf_ktime_get_ns();
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/*
 * Takes a process into the scope: gives it a slot with a new id, and tells user space, which
 * attaches to it. Counted if that is not possible. 0, or -EEXIST if user space has just given it a
 * slot.
 */
static __always_inline long process_adopt(__u32 tgid, __u32 parent)
{
	struct seep_process_value *process;
	__u32 slot;
	long error;

	if (tgid == cfg_self)
		return 0;
	if (bpf_map_pop_elem(&free_slots, &slot)) {
		count_loss(SEEP_LOSS_UNTRACED_PROCESSES, 1);
		return 0;
	}
	process = bpf_map_lookup_elem(&processes, &slot);
	if (!process)
		return 0;
	process->id = SEEP_PROCESS_NEXT(process->id);
	process->active = 1;
	error = bpf_map_update_elem(&targets, &tgid, &slot, BPF_NOEXIST);
	if (!error) {
		error = process_announce(process->id, tgid, parent);
		if (!error)
			return 0;
		bpf_map_delete_elem(&targets, &tgid);
	}
	process->active = 0;
	bpf_map_push_elem(&free_slots, &slot, BPF_ANY);
	if (error != -EEXIST_ERRNO)
		count_loss(SEEP_LOSS_UNTRACED_PROCESSES, 1);
	return error;
}

#endif
