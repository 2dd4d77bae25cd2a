/* SPDX-License-Identifier: GPL-2.0-only */
/* Kills for want of memory (OOM), as the kernel announces them just before they happen. */
#ifndef SEEP_KERNEL_OOM_H
#define SEEP_KERNEL_OOM_H

#include <sys/types.h>

struct seep_oom;

/* 0; -errno without a word: without rights, or where the kernel does not announce them. */
int seep_oom_open(struct seep_oom **ret_oom);
void seep_oom_close(struct seep_oom *oom);

/* Readable when there is something to drain. */
int seep_oom_fd(const struct seep_oom *oom);
/* Calls @fn for each victim since the last time, with the PID of one of its threads. */
void seep_oom_drain(struct seep_oom *oom, void (*fn)(void *context, pid_t tid), void *context);

#endif
