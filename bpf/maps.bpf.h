/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps that several programs share, and the counters of losses. Each object file that includes
 * this header defines them weakly; the static linker keeps one of each. Sizes that depend on the
 * machine or on options are set by the loader (src/kernel/kernel.c).
 */
#ifndef SEEP_BPF_MAPS_H
#define SEEP_BPF_MAPS_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "seep/abi.h"
#include "seep/unwind.h"

#define EEXIST_ERRNO	       17
#define SIGNAL_GROUP_EXIT_FLAG 0x4 /* include/linux/sched/signal.h */

/*
 * Every object that exists, in a map per kind: live_memory, live_mappings, live_threads, live_fds.
 * The loader gives room to those of the traced kinds. Not preallocated: most traces hold far fewer
 * objects than the cap. Blocks are in a table of their own (block_table.bpf.h), and only those that
 * it has no room for in live_memory. Safe in uprobe programs since the BPF memory allocator of 6.1
 * (commit fba1a1c6c912), the oldest kernel that seep supports.
 */
#define LIVE_MAP(name, one, plural, ...)                                                           \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                              \
		__uint(max_entries, 1);                                                            \
		__type(key, struct seep_object_key);                                               \
		__type(value, struct seep_##one##_object);                                         \
	} live_##plural SEC(".maps") __weak;
SEEP_LIVE_KINDS(LIVE_MAP)
#undef LIVE_MAP

/* See seep/kinds.h. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct seep_object_key);
	__type(value, __u64);
} pthreads SEC(".maps") __weak;

/* The index over live_mappings, see range_index.bpf.h: words by level and place. */
struct range_word_key {
	__u64 block;
	__u32 process;
	__u32 level;
};

_Static_assert(SEEP_PROCESS_AT(range_word_key) == SEEP_PROCESS_AT(seep_process_key), "alike");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct range_word_key);
	__type(value, __u64);
} range_words SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SEEP_MAX_SITES);
	__type(key, struct seep_site_key);
	__type(value, struct seep_site_value);
} sites SEC(".maps") __weak;

/* Mapped by user space, which writes single words of it while programs write others. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SEEP_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct seep_process_value);
} processes SEC(".maps") __weak;

/* By slot: what is known of the JIT code of the process. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEP_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct seep_jit_value);
} jits SEC(".maps") __weak;

/* tgid -> slot of processes, for programs that have no attach cookie */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SEEP_MAX_PROCESSES);
	__type(key, __u32);
	__type(value, __u32);
} targets SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEP_MAX_PROBES);
	__type(key, __u32);
	__type(value, struct seep_probe);
} probes SEC(".maps") __weak;

/* Unwind tables, by file id */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEP_MAX_FILES);
	__type(key, __u32);
	__type(value, struct seep_unwind_file);
} tables SEC(".maps") __weak;

/* How often each probe was hit, by index of probes, for the overhead report. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SEEP_MAX_PROBES);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps") __weak;

/* First-seen stacks and files, exec and the like: all that user space does not ask for. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} events SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SEEP_LOSS_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SEEP_END_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} ends SEC(".maps") __weak;

/*
 * Adds to a counter of a per-CPU array. Atomically: since 6.0 another thread may run a uprobe
 * program on this CPU while this one is preempted (commit 8c7dcb84e3b7).
 */
static __always_inline void counter_add(void *map, __u32 index, __u64 amount)
{
	__u64 *counter = bpf_map_lookup_elem(map, &index);

	if (counter)
		__sync_fetch_and_add(counter, amount);
}

/*
 * What a mapped file is known by; on overlayfs the file in its layer. Reads by probe: the file may
 * be gone.
 */
static __always_inline struct seep_file_key file_key(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);

	return (struct seep_file_key){
		.inode = BPF_CORE_READ(inode, i_ino),
		.device = BPF_CORE_READ(inode, i_sb, s_dev),
		.generation = BPF_CORE_READ(inode, i_generation),
	};
}

/*
 * The slot that the probe belongs to; SEEP_SLOT_ANY, which is none, if the running process is not
 * traced.
 */
static __always_inline __u32 slot_of_cookie(__u64 cookie)
{
	__u32 tgid, *found, slot = cookie >> 32;

	if (slot != SEEP_SLOT_ANY)
		return slot;
	tgid = bpf_get_current_pid_tgid() >> 32;
	found = bpf_map_lookup_elem(&targets, &tgid);
	return found ? *found : SEEP_SLOT_ANY;
}

/* enum seep_jit_kind */
static __always_inline __u32 jit_of(__u32 process)
{
	__u32 slot = SEEP_PROCESS_SLOT(process);
	struct seep_jit_value *jit = bpf_map_lookup_elem(&jits, &slot);

	return jit && jit->process == process ? jit->jit : SEEP_JIT_UNKNOWN;
}

/* Does the whole process end with the task, by its end or an exec? */
static __always_inline bool process_ends(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	return signal->live.counter == 0 || signal->flags & SIGNAL_GROUP_EXIT_FLAG ||
	       signal->group_exec_task;
}

static __always_inline void count_loss(enum seep_loss loss, __u64 amount)
{
	counter_add(&losses, loss, amount);
}

#endif
