/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of processes that BPF and user space share: which process has a slot, which PID leads
 * to it, and whether its calls count. A slot is taken, set, watched and activated, in this order;
 * BPF does the same for processes that come into the scope by themselves (bpf/scope.bpf.h).
 * SEEP_MAX_PROCESSES slots.
 */
#ifndef SEEP_KERNEL_PROCESSES_H
#define SEEP_KERNEL_PROCESSES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "seep/unwind.h"

/* The id of the process that has the slot now. */
uint32_t seep_kernel_process_id(const struct seep_kernel *kernel, uint32_t slot);
/* How many changes the loader of the process in @slot has announced. */
uint32_t seep_kernel_library_changes(const struct seep_kernel *kernel, uint32_t slot);

/* Takes a free slot. 0, or -ENOSPC if there is none. */
int seep_kernel_take_slot(struct seep_kernel *kernel, uint32_t *ret_slot);
/* Gives a slot back, also one that BPF took. Call seep_kernel_reap for its last process before. */
void seep_kernel_give_slot(struct seep_kernel *kernel, uint32_t slot);

/* Gives a slot that no PID leads to a process id. Its calls do not count yet. */
void seep_kernel_set_process(struct seep_kernel *kernel, uint32_t slot, uint32_t process);
void seep_kernel_set_active(struct seep_kernel *kernel, uint32_t slot, bool active);
/* The probes of the process in @slot are bound to this thread: its end becomes an event. */
void seep_kernel_set_thread(struct seep_kernel *kernel, uint32_t slot, pid_t thread);
/* Sets what kind of code the process @process in @slot compiles at run time. 0 or -errno. */
int seep_kernel_set_jit(struct seep_kernel *kernel, uint32_t slot, uint32_t process,
			enum seep_jit_kind jit);

/*
 * Attributes what @pid does (its exec, for one) to @slot, or no longer. 0; -EEXIST if BPF did so
 * already and an event is on its way; another -errno.
 */
int seep_kernel_watch(struct seep_kernel *kernel, pid_t pid, uint32_t slot);
int seep_kernel_unwatch(struct seep_kernel *kernel, pid_t pid);
bool seep_kernel_is_watched(const struct seep_kernel *kernel, pid_t pid, uint32_t slot);

/*
 * How many blocks the process has released that the trace did not know: 0; -ENODATA if that cannot
 * be known, because memory is not traced or only that of some sizes; another -errno.
 */
int seep_kernel_read_unmatched(const struct seep_kernel *kernel, uint32_t process,
			       struct seep_unmatched *ret_unmatched);

/*
 * Finds what the threads of @pid use that return probes fail with on this kernel: SEEP_REFUSAL_BIT
 * of each. 0 or -errno.
 */
int seep_kernel_find_hazards(struct seep_kernel *kernel, pid_t pid, uint32_t *ret_hazards);

/*
 * How many mappings @pid has, as the kernel counts them for vm.max_map_count. 0; -ESRCH if it has
 * no address space (any more); another -errno.
 */
int seep_kernel_map_count(struct seep_kernel *kernel, pid_t pid, uint64_t *ret_mappings);

/*
 * CPU time that the process has spent in its own code, threads that have ended included; ns,
 * counted in ticks. 0 or -errno.
 */
int seep_kernel_user_time(struct seep_kernel *kernel, pid_t pid, uint64_t *ret_ns);

#endif
