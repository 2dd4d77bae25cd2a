/* SPDX-License-Identifier: GPL-2.0-only */
/* Stacks of a runtime, as addresses, become stacks of frames like those that BPF sends. */
#ifndef SEEP_MANAGED_FRAMES_H
#define SEEP_MANAGED_FRAMES_H

#include <stdint.h>
#include <sys/types.h>

#include "golang/goroutines.h"
#include "probe/files.h"
#include "proc/maps.h"
#include "stack/stacks.h"

/* Whose addresses they are. */
struct seep_frames_of {
	struct seep_files *files;
	struct seep_stacks *stacks;
	pid_t pid;
	const char *root; /* see struct seep_target */
	const struct seep_maps *maps;
};

/*
 * Keeps the stack of a goroutine: its frames, then the mark SEEP_ORIGIN_CREATOR and who created it.
 * Stores the hash by which seep_stacks_get finds it. 0 or -ENOMEM.
 */
int seep_frames_keep(const struct seep_frames_of *of, const struct seep_go_stack *stack,
		     uint64_t *ret_hash);

#endif
