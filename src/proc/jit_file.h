/* SPDX-License-Identifier: GPL-2.0-only */
/* The file in which a process names the code that it makes at run time. */
#ifndef SEEP_PROC_JIT_FILE_H
#define SEEP_PROC_JIT_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct seep_jit_file {
	int fd;
	bool is_dump; /* a jitdump, else a perf map */
};

/*
 * Opens what process @pid has of these, the first of: /tmp/perf-N.map; a file jit-N.dump that it
 * maps executable, which is how perf is told of a jitdump; /tmp/jit-N.dump. N is the process's own
 * idea of its PID, and /tmp that of its root directory and mount namespace.
 *
 * Anyone may put a file into /tmp: whose it has to be is told in own_file.h. 0; -ENOENT if there is
 * none; -ESRCH; another -errno. That @pid was the same process all the time is for the caller to
 * make sure (by its pidfd).
 */
int seep_jit_file_open(pid_t pid, struct seep_jit_file *ret_file);

#endif
