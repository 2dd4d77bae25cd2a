/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of a JVM, which it keeps in the file /tmp/hsperfdata_USER/PID (unless it runs with
 * -XX:-UsePerfData) for jstat. Format: PerfDataPrologue and PerfDataEntry in perfMemory.hpp of
 * OpenJDK, version 2.0 of the buffer, unchanged since JDK 1.5.
 */
#ifndef SEEP_PROC_HSPERF_H
#define SEEP_PROC_HSPERF_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of -XX:PerfDataMemorySize, by default 32 or 64 KiB; files that are larger are not read. */
#define SEEP_HSPERF_BYTES_MAX (1U << 20)

/*
 * How many times the whole heap, or all of its old part, was collected so far: full collections,
 * and cycles of collectors that work beside the program. Collections of the young part do not
 * count. 0; -EINVAL for what is no such file or has no such counters.
 */
int seep_hsperf_parse(const void *bytes, size_t size, uint64_t *ret_collections);

/*
 * Reads the file of process @pid, below its own root directory and if it is its own (own_file.h).
 * 0; -ENOENT if there is none; -EINVAL; -EFBIG; -ESRCH; another -errno.
 */
int seep_hsperf_read(pid_t pid, uint64_t *ret_collections);

#endif
