/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The processes that are being traced: a slot in the kernel's table, the probes in their files, and
 * a pidfd that tells when they are gone. One thread.
 */
#ifndef SEEP_TARGET_TARGETS_H
#define SEEP_TARGET_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "inventory/inventory.h"
#include "kernel/features.h"
#include "kernel/kernel.h"
#include "probe/files.h"
#include "probe/probes.h"
#include "seep/refusals.h"
#include "stack/tables.h"
#include "target/processes.h"
#include "target/translators.h"

struct seep_target {
	pid_t pid;
	uint32_t slot;
	uint32_t process; /* id of its present program image */
	int pidfd;	  /* readable when the process has ended */
	char *root;	  /* see seep_proc_info */
	struct seep_record *record;
	bool by_scope;		   /* nobody named it: it came by fork, exec or its cgroup */
	bool stale;		   /* its loader has told of a change */
	bool late;		   /* it became another program while probes were placed */
	bool moved;		   /* it has functions where no probe reaches, which was said */
	enum seep_refusal refusal; /* why its present program is not probed */
	size_t num_files;	   /* that it maps executable and that could be opened */
	const struct seep_file **files;
	size_t num_functions;	   /* traced ones in them */
	struct seep_probes probes; /* none if all processes share theirs */
};

struct seep_targets;

struct seep_targets_config {
	struct seep_kernel *kernel;
	struct seep_inventory *inventory;
	struct seep_files *files;
	const struct seep_allocators *allocators;
	struct seep_tables *tables;
	struct seep_processes *processes;
	enum seep_attach_variant variant;
	uint32_t hazards;   /* see struct seep_features */
	bool shared_probes; /* in all processes of the machine at once, whatever becomes of them */
	uint64_t *missed_attach; /* files that could not be probed when their process was added */
	uint64_t *lost_probes;	 /* see probe/breakpoints.h */
};

/* 0 or -ENOMEM. What @config points to must outlive the table. */
int seep_targets_new(const struct seep_targets_config *config, struct seep_targets **ret_targets);
/* Removes every probe. */
void seep_targets_free(struct seep_targets *targets);

/*
 * Attaches to the running process @pid. 0, or -errno after saying what is wrong: -ESRCH (gone or
 * never there), -EINVAL (a kernel thread, ourselves), -ENOENT (no known allocator in it), -EALREADY
 * (traced already), -ENOSPC (too many), -EPERM, -EOPNOTSUPP (probes would harm it, and nothing is traced
 * without any). With @by_scope nothing is said, and a process without an allocator is traced all the
 * same: it may load one.
 */
int seep_targets_add(struct seep_targets *targets, pid_t pid, bool by_scope,
		     struct seep_target **ret_target);

/*
 * Prepares @pid, a child of ours that is about to exec, so that the program finds the probes in
 * place: @files are the @num_files files that it will map. Counting begins at the exec. 0 or -errno as above.
 */
int seep_targets_add_launched(struct seep_targets *targets, pid_t pid,
			      const struct seep_file *const *files, size_t num_files,
			      struct seep_target **ret_target);

/*
 * Takes over a process that BPF took into the scope. 0; -ESRCH: it has ended already, *ret_record is
 * its record all the same; -ENOMEM.
 */
int seep_targets_adopt(struct seep_targets *targets, const struct seep_process_event *event,
		       struct seep_target **ret_target, struct seep_record **ret_record);

/* Has BPF look at all that the target maps: files become known, tables are made. */
void seep_targets_preload(struct seep_targets *targets, const struct seep_target *target);

/* The live target whose process id is @process now, or NULL: it has ended, or runs another program. */
struct seep_target *seep_targets_of(const struct seep_targets *targets, uint32_t process);

/* The live target in @slot, or NULL. */
struct seep_target *seep_targets_at(const struct seep_targets *targets, uint32_t slot);

/* The thread @ended, which the probes were bound to, ends before the others. 0 or -errno. */
int seep_targets_rebind(struct seep_targets *targets, struct seep_target *target, pid_t ended);

/*
 * Looks for files mapped since the last time and attaches to those with traced functions. Number of
 * functions that were added, or -errno (-ESRCH). Files that could not be probed are counted in *missed.
 */
int seep_targets_rescan(struct seep_targets *targets, struct seep_target *target, uint64_t *missed);

/*
 * The target became another program image, with the process id @id, by an exec under the name @comm
 * (NULL if that is not known). Its record is a new one, unless it was a launched command on its way
 * to its exec. @unbound: the thread that its probes were bound to may be gone. 0 or -ENOMEM.
 */
int seep_targets_replace(struct seep_targets *targets, struct seep_target *target, uint32_t id,
			 const char *comm, bool unbound);

/*
 * Lets go of a target that ended, or is not to be traced any more: probes and descriptor. Its slot can
 * be used again when the maps hold nothing of it any more: seep_targets_release.
 */
void seep_targets_remove(struct seep_targets *targets, struct seep_target *target);
/* The processes of all removed targets have been reaped. */
void seep_targets_release(struct seep_targets *targets);

/* Has the process ended? Until then nobody else can have its PID. */
bool seep_target_has_ended(const struct seep_target *target);

/* The traced process with this PID, or NULL. */
struct seep_target *seep_targets_by_pid(const struct seep_targets *targets, pid_t pid);

/*
 * Takes the probes of the target away for good, until it becomes another program: they would harm it.
 * Says so, and counts it.
 */
void seep_targets_refuse(struct seep_targets *targets, struct seep_target *target,
			 enum seep_refusal refusal);
/* Takes the probes away if its program, of which nothing else is known yet, is a translator. */
void seep_targets_recheck(struct seep_targets *targets, struct seep_target *target);
/* A process may not be probed: the sentence about it. */
const char *seep_refusal_text(enum seep_refusal refusal);
/* Its name in doctor. */
const char *seep_refusal_key(enum seep_refusal refusal);
/* Is the program at @path one that translates code? Then its first probes could end it. */
bool seep_targets_translates(struct seep_targets *targets, const char *path);
/* Is there nothing to be traced of a process that has no traced function? */
bool seep_targets_want_functions_only(const struct seep_targets *targets);
/* How many were refused so far. */
uint64_t seep_targets_num_refused(const struct seep_targets *targets);

struct seep_targets_sum {
	size_t num_targets;
	size_t num_functions; /* probed */
	size_t num_files;     /* with probes */
	size_t num_without;   /* targets that have no traced function */
	size_t num_refused;   /* targets that may not be probed */
};
void seep_targets_sum(const struct seep_targets *targets, struct seep_targets_sum *ret_sum);

/* Stops counting everywhere at once, then removes the probes; the targets stay known. */
void seep_targets_detach(struct seep_targets *targets);

#endif
