/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of what is there is used up: by a control group, by the machine. */
#ifndef SEEP_PROC_USAGE_H
#define SEEP_PROC_USAGE_H

#include <stdint.h>
#include <sys/types.h>

/* Of a resource, in bytes or numbers. UINT64_MAX: not known, or no limit. */
struct seep_proc_usage {
	uint64_t used;
	uint64_t max;
};

/*
 * The control group with the least room for more among @directory, one of cgroup v2, and those
 * above it up to and without @root: from the files @controller.max and @controller.current
 * ("memory", in bytes; "pids", tasks). 0, without any limit both are UINT64_MAX; -ENOMEM.
 */
int seep_cgroup_usage_read(const char *directory, const char *root, const char *controller,
			   struct seep_proc_usage *ret_usage);

/* Memory of the machine, bytes: what is not available without swapping is used. 0 or -errno. */
int seep_machine_memory_read(struct seep_proc_usage *ret_usage);

/* The pure part: the text of /proc/meminfo (proc(5)). 0 or -EINVAL. */
int seep_machine_memory_parse(const char *text, struct seep_proc_usage *ret_usage);

/* Shared memory and tmpfs, bytes: of a control group of cgroup v2, or of the machine. 0 or -errno.
 */
int seep_cgroup_shared_read(const char *directory, uint64_t *ret_bytes);
int seep_machine_shared_read(uint64_t *ret_bytes);
/* The pure parts: the texts of memory.stat (cgroups(7)) and of /proc/meminfo. 0 or -EINVAL. */
int seep_cgroup_shared_parse(const char *text, uint64_t *ret_bytes);
int seep_machine_shared_parse(const char *text, uint64_t *ret_bytes);

/* How many mappings a process may have (vm.max_map_count). 0 or -errno. */
int seep_max_map_count_read(uint64_t *ret_mappings);

/*
 * Proportional set size: resident pages, those that are shared by their part. The kernel goes over
 * all pages of the process for it (/proc/PID/smaps_rollup, 4.14), so not to be asked often. 0;
 * -ESRCH; -EINVAL; another -errno.
 */
int seep_proc_pss_read(pid_t pid, uint64_t *ret_bytes);

#endif
