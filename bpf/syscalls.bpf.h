/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * System calls, for the kinds of objects that the kernel creates: which process calls, and the
 * stack from there.
 *
 * The tracepoints are at entry and return of every system call, so they also see programs without a
 * C library (Go, static ones). They slow down every system call of the machine a little, and are
 * only there while such a kind is traced; so a program first looks at the number.
 */
#ifndef SEEP_BPF_SYSCALLS_H
#define SEEP_BPF_SYSCALLS_H

#include "copies.bpf.h"
#include "objects.bpf.h"

#define TS_COMPAT_FLAG                                                                             \
	0x2 /* arch/x86/include/asm/thread_info.h: a 32-bit call, with other numbers */

/* The id of the running process. -1: it is not traced. */
static __always_inline int current_process(__u32 *ret_process)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct seep_process_value *process;
	__u32 *slot;

	slot = bpf_map_lookup_elem(&targets, &tgid);
	if (!slot)
		return -1;
	process = bpf_map_lookup_elem(&processes, slot);
	if (!process || !process->active)
		return -1;
	*ret_process = process->id;
	return 0;
}

/* Is it a 32-bit system call, with other numbers and registers? */
static __always_inline bool syscall_is_compat(void)
{
	return bpf_get_current_task_btf()->thread_info.status & TS_COMPAT_FLAG;
}

/* The id of the traced process that makes the system call. -1: it is not traced. */
static __always_inline int syscall_process(__u32 *ret_process)
{
	return current_process(ret_process) || syscall_is_compat() ? -1 : 0;
}

/*
 * The system call in @regs has created @object, the beginning of a value of @map; its time is set
 * here. 0, or -1: counted as a loss.
 */
static __always_inline int syscall_created(void *map, struct pt_regs *regs,
					   const struct seep_object_key *key,
					   struct seep_object *object)
{
	__u64 now_ns = bpf_ktime_get_ns();
	__u32 index;
	struct slot *slot = object_slot(object->bytes, &index);
	int error;

	if (!slot)
		return -1;
	object->created_ns = now_ns;
	registers_save(&slot->start, regs);
	unwind_from_return(slot, index, key->process, 0, now_ns);
	copy_if_wanted(slot);
	error = object_created(map, slot, key, object, false);
	slot_release(slot);
	return error;
}

/*
 * Counts @object, the beginning of a value of @map, whose creation was not seen or belongs to
 * nobody's own code. @function: frame of the function that it was created for, or 0. 0 or -1 as
 * above.
 */
static __always_inline int origin_created(void *map, const struct seep_object_key *key,
					  struct seep_object *object, __u64 function,
					  enum seep_origin origin)
{
	__u64 now_ns = bpf_ktime_get_ns();
	__u32 index;
	struct slot *slot = object_slot(object->bytes, &index);
	int error;

	if (!slot)
		return -1;
	object->created_ns = now_ns;
	stack_of_origin(slot, key->process, function, origin, now_ns);
	error = object_created(map, slot, key, object, false);
	slot_release(slot);
	return error;
}

#endif
