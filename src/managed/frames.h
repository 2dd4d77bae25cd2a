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

/* With room for the mark and the creator. */
#define SEEP_FRAMES_MAX (SEEP_MAX_FRAMES + 2)

/* A stack as BPF would send it. */
struct seep_frames {
	uint64_t hash; /* by which seep_stacks_get finds it, once it is kept */
	size_t count;
	enum seep_end end;
	uint64_t frames[SEEP_FRAMES_MAX];
};

/*
 * Makes frames of the stack of a goroutine: then the mark SEEP_ORIGIN_CREATOR and who created it. 0
 * or -ENOMEM.
 */
int seep_frames_make(const struct seep_frames_of *of, const struct seep_go_stack *stack,
		     struct seep_frames *ret_frames);

#endif
