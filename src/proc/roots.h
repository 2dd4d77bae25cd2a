/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The root directories of processes in containers, each held open once: the process may be gone
 * when its files are looked into.
 */
#ifndef SEEP_PROC_ROOTS_H
#define SEEP_PROC_ROOTS_H

#include <sys/types.h>

#include "proc/trust.h"

#define SEEP_ROOTS_MAX 1024 /* containers; files of further ones are looked for in our own root */

#define SEEP_ROOTS_OURS (-1)

struct seep_roots_entry {
	dev_t device;
	ino_t inode;
	struct seep_root directory;
};

/* Starts zeroed. */
struct seep_roots {
	size_t count;
	struct seep_roots_entry list[SEEP_ROOTS_MAX];
};

/* The number of the root directory at @path; SEEP_ROOTS_OURS for NULL, or if it cannot be had. */
int seep_roots_add(struct seep_roots *roots, const char *path);

/* The directory with that number. */
const struct seep_root *seep_roots_at(const struct seep_roots *roots, int number);

void seep_roots_done(struct seep_roots *roots);

#endif
