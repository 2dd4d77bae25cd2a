/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of all processes that a trace has seen: one per program image, so an exec makes a second
 * one. A record outlives its process: when it ends, the counters of its sites are frozen here and
 * the kernel's memory of it is given back.
 */
#ifndef SEEP_TARGET_PROCESSES_H
#define SEEP_TARGET_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "model/snapshot.h"
#include "proc/process.h"
#include "target/fd_limit.h"

struct seep_frozen_site {
	struct seep_site_key key;
	struct seep_site_value value;
};

struct seep_record {
	struct seep_process process; /* as the snapshot shows it; strings are ours */
	bool before_exec;	     /* a launched command that is not itself yet */
	bool by_scope; /* nobody asked for it by name: not reported if it leaves nothing behind */
	bool dying;    /* it has ended, and its sites are still in the kernel */
	uint64_t ended_ns;    /* CLOCK_MONOTONIC, once process.exited */
	uint64_t scan_number; /* pass that the frozen sites' ages are of */
	size_t num_frozen;
	size_t capacity; /* of frozen */
	struct seep_frozen_site *frozen;
	struct seep_fd_growth fd_growth;
	uint64_t pss_due_ns; /* when it may be read again; only with verdicts */
	size_t index;	     /* scratch of the snapshot that is being built */
};

struct seep_processes;

/* 0 or -ENOMEM. */
int seep_processes_new(struct seep_processes **ret_processes);
void seep_processes_free(struct seep_processes *processes);

/* Makes the record of process id @id from what /proc says now. 0 or -ENOMEM. */
int seep_processes_add(struct seep_processes *processes, uint32_t id,
		       const struct seep_proc_info *info, struct seep_record **ret_record);
/* Gives the record another id, and the names of @info. 0 or -ENOMEM. */
int seep_processes_rename(struct seep_processes *processes, struct seep_record *record, uint32_t id,
			  const struct seep_proc_info *info);
/* NULL if there is none with this id. */
struct seep_record *seep_processes_find(const struct seep_processes *processes, uint32_t id);

size_t seep_processes_count(const struct seep_processes *processes);
/* In the order in which they were added; @index below the count. */
struct seep_record *seep_processes_at(const struct seep_processes *processes, size_t index);

/* The process is gone, since @now_ns. Its sites stay in the kernel until seep_processes_freeze. */
void seep_processes_end(struct seep_processes *processes, struct seep_record *record,
			uint64_t now_ns);
/* How many have ended and are not frozen yet. */
size_t seep_processes_dying(const struct seep_processes *processes);

/* Asks the kernel for the unmatched releases of a process that has not been frozen. */
void seep_processes_read_unmatched(const struct seep_kernel *kernel, struct seep_process *process);

/*
 * Copies the sites of all that have ended out of the kernel, ages included, and drops them there;
 * in one pass, however many they are. @fn is called for each of them before they are dropped. 0 or
 * -errno; what could be
 * copied is kept.
 */
int seep_processes_freeze(struct seep_processes *processes, struct seep_kernel *kernel,
			  uint64_t min_age_ns,
			  void (*fn)(void *context, struct seep_record *record), void *context);

/*
 * Forgets ended processes of the scope that have left nothing behind; and the oldest of the others
 * beyond some thousand. How many of these.
 */
size_t seep_processes_forget(struct seep_processes *processes);

#endif
