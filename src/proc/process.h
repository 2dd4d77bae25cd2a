/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells of one process: identity, names, memory. */
#ifndef SEEP_PROC_PROCESS_H
#define SEEP_PROC_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/container.h"

struct seep_proc_info {
	pid_t pid;
	pid_t inner_pid; /* as the process itself knows it, in its PID namespace; 0: not known */
	char comm[64];
	/* as in /proc/PID/stat: R, S, D, Z, X, ...; not Z if only its leader has ended */
	char state;
	/* that can be asked for the rest: the leader, or another one if it has ended */
	pid_t thread;
	bool kernel_thread;
	pid_t parent;
	uint32_t num_threads;
	uint64_t page_faults;  /* so far, of its threads that have ended too */
	uint64_t start_ticks;  /* since boot; with the PID the identity of a process */
	uint64_t start_utc_ns; /* the same as a time of day */
	char *exe;	       /* link target, " (deleted)" cut off; NULL if not readable */
	char *cgroup;	       /* cgroup v2 path, NULL if there is none */
	struct seep_container container; /* "" if it is in none */
	/*
	 * "/proc/PID/root", of that thread, if its root or mount namespace is not ours, else NULL
	 */
	char *root;
};

/*
 * Reads /proc/@pid/{stat,status,exe,cgroup,root,ns/mnt}, all of the same process even if @pid is
 * reused meanwhile. 0; -ESRCH; -EINVAL for text that is not understood; -ENOMEM or another -errno.
 * On success the caller frees the strings with seep_proc_info_done.
 */
int seep_proc_info_read(pid_t pid, struct seep_proc_info *ret_info);
void seep_proc_info_done(struct seep_proc_info *info);

struct seep_proc_memory {
	uint64_t rss_bytes;
	uint64_t anon_bytes;   /* RssAnon */
	uint64_t file_bytes;   /* RssFile */
	uint64_t shared_bytes; /* RssShmem: shared memory and tmpfs */
	uint64_t address_space_bytes;
};

/*
 * From /proc/@pid/status. 0; -ESRCH, also for a zombie or kernel thread, which has no memory;
 * -EINVAL for text that is not understood; -ENOMEM or another -errno.
 */
int seep_proc_memory_read(pid_t pid, struct seep_proc_memory *ret_memory);

struct seep_proc_ids {
	pid_t inner_pid; /* see seep_proc_info */
	uid_t real_uid;	 /* as we know them */
	uid_t effective_uid;
};

/* Cuts off the " (deleted)" that the kernel appends to the name of what is gone. Was it there? */
bool seep_proc_cut_deleted(char *text);

/*
 * Opens /proc/@pid. What is read below the descriptor is of this process: a reused PID does not
 * come back into it. A descriptor; -ESRCH; another -errno.
 */
int seep_proc_open(pid_t pid);

/*
 * From @dir, a descriptor of /proc/PID. 0; -ESRCH; -EINVAL for text that is not understood; -errno.
 */
int seep_proc_ids_read_at(int dir, struct seep_proc_ids *ret_ids);
/* From the text of /proc/PID/status (proc(5)): lines NSpid and Uid. 0 or -EINVAL. */
int seep_proc_parse_ids(const char *text, struct seep_proc_ids *ret_ids);

/* CPU time of a process so far, user and system, all of its threads. 0 or -ESRCH. */
int seep_proc_cpu_read(pid_t pid, uint64_t *ret_ns);

/*
 * A thread of the process @pid that has not ended: the leader, unless it has ended before the
 * others (which leaves it a zombie without memory and files). -ESRCH.
 */
pid_t seep_proc_living_thread(pid_t pid);
/* The same without the thread @except, which is about to end. */
pid_t seep_proc_other_thread(pid_t pid, pid_t except);

/* The parent of a process, or -ESRCH. */
pid_t seep_proc_parent(pid_t pid);
/* True if @pid leads the threads of an existing process; any other thread's id is none. */
bool seep_proc_is_process(pid_t pid);
/* The process to which thread @tid belongs, or -ESRCH. */
pid_t seep_proc_leader(pid_t tid);

#endif
