/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How mapped files are told from each other: by device and inode. On overlayfs, as containers have
 * it, there are two of them: those of the overlay, which /proc/PID/maps shows (since 6.7) and which
 * are others in each container; and those of the file in its layer, which is what is really mapped,
 * what uprobes are in, and what BPF sees. So a file is known by the latter, once, and by the former
 * as long as a process with such a mapping keeps the overlay from going away: after that its device
 * number may be another's.
 *
 * One thread.
 */
#ifndef SEEP_PROBE_INODES_H
#define SEEP_PROBE_INODES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "seep/abi.h"

struct seep_file;

struct seep_inode {
	uint32_t dev_major;
	uint32_t dev_minor;
	uint64_t number;
};

bool seep_inode_equal(const struct seep_inode *a, const struct seep_inode *b);
/* That of a file event. */
struct seep_inode seep_inode_of_event(const struct seep_file_event *event);
/* What is mapped when the file @fd is; for what cannot be mapped what fstat says. 0 or -errno. */
int seep_inode_of_fd(struct seep_kernel *kernel, int fd, struct seep_inode *ret_inode);

/* From inodes to files, which belong to somebody else. */
struct seep_inodes;

/* 0 or -ENOMEM. */
int seep_inodes_new(struct seep_inodes **ret_inodes);
void seep_inodes_free(struct seep_inodes *inodes);

/* NULL if it is not known. */
struct seep_file *seep_inodes_find(const struct seep_inodes *inodes,
				   const struct seep_inode *inode);
/* Makes @inode lead to @file: for good if @pid is 0, else until @pid is forgotten. 0 or -ENOMEM. */
int seep_inodes_set(struct seep_inodes *inodes, const struct seep_inode *inode, pid_t pid,
		    struct seep_file *file);
/* The process has ended, or runs another program. */
void seep_inodes_forget(struct seep_inodes *inodes, pid_t pid);

#endif
