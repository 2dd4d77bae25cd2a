/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who comes into the table of targets: running processes, a launched command, processes that BPF
 * took into the scope, and a target that became another program.
 */
#ifndef SEEP_TARGET_ATTACH_H
#define SEEP_TARGET_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "seep/abi.h"
#include "target/targets.h"

/*
 * Attaches to the running process @pid. 0, or -errno after saying what is wrong: -ESRCH (gone or
 * never there), -EINVAL (a kernel thread, ourselves), -ENOENT (no known allocator in it), -EALREADY
 * (traced already), -ENOSPC (too many), -EPERM, -EOPNOTSUPP (probes would harm it, and nothing is
 * traced without any). With @by_scope nothing is said, and a process without an allocator is traced
 * all the same: it may load one.
 */
int seep_targets_add(struct seep_targets *targets, pid_t pid, bool by_scope,
		     struct seep_target **ret_target);

/*
 * Prepares @pid, a child of ours that is about to exec, so that the program finds the probes in
 * place: @files are the @num_files files that it will map. Counting begins at the exec. 0 or -errno
 * as above.
 */
int seep_targets_add_launched(struct seep_targets *targets, pid_t pid,
			      const struct seep_file *const *files, size_t num_files,
			      struct seep_target **ret_target);

/*
 * Takes over a process that BPF took into the scope. 0; -ESRCH: it has ended already, *ret_record
 * is its record all the same; -ENOMEM.
 */
int seep_targets_adopt(struct seep_targets *targets, const struct seep_process_event *event,
		       struct seep_target **ret_target, struct seep_record **ret_record);

/*
 * The target became another program image, with the process id @id, by an exec under the name @comm
 * (NULL if that is not known). Its record is a new one, unless it was a launched command on its way
 * to its exec. @unbound: the thread that its probes were bound to may be gone. 0 or -ENOMEM.
 */
int seep_targets_replace(struct seep_targets *targets, struct seep_target *target, uint32_t id,
			 const char *comm, bool unbound);

/* Has BPF look at all that the target maps: files become known, tables are made. */
void seep_targets_preload(struct seep_targets *targets, const struct seep_target *target);

/* Is there nothing to be traced of a process that has no traced function? */
bool seep_targets_want_functions_only(const struct seep_targets *targets);

#endif
