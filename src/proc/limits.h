/* SPDX-License-Identifier: GPL-2.0-only */
/* The resource limits of a process, from /proc/PID/limits. */
#ifndef SEEP_PROC_LIMITS_H
#define SEEP_PROC_LIMITS_H

#include <stdint.h>
#include <sys/types.h>

/* Soft limits; UINT64_MAX: none. */
struct seep_proc_limits {
	uint64_t open_files;	      /* RLIMIT_NOFILE: one more than the largest descriptor */
	uint64_t processes;	      /* RLIMIT_NPROC: threads too, of all processes of the user */
	uint64_t address_space_bytes; /* RLIMIT_AS */
};

/* 0; -ESRCH; -EINVAL for text that is not understood; another -errno. */
int seep_proc_limits_read(pid_t pid, struct seep_proc_limits *ret_limits);

/* The pure part: the text of /proc/PID/limits (proc(5)). 0 or -EINVAL. */
int seep_proc_parse_limits(const char *text, struct seep_proc_limits *ret_limits);

#endif
