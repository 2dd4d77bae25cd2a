/* SPDX-License-Identifier: GPL-2.0-only */
/* How often the threads of a process have been given a CPU. */
#ifndef SEEP_PROC_SWITCHES_H
#define SEEP_PROC_SWITCHES_H

#include <stdint.h>
#include <sys/types.h>

/* Of further threads it is assumed that they are like these. */
#define SEEP_PROC_SWITCHES_THREADS 64

/*
 * From /proc/@pid/task/TID/schedstat, of the threads that there are now: an estimate if they are
 * more than SEEP_PROC_SWITCHES_THREADS. 0; -ESRCH; -ENOENT where the kernel does not count it
 * (CONFIG_SCHED_INFO); another -errno.
 */
int seep_proc_switches_read(pid_t pid, uint64_t *ret_switches);

#endif
