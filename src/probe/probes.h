/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The probes in the files of one process, or of all processes of the machine: which files were
 * looked at, and the descriptors that keep the probes alive. One thread.
 */
#ifndef SEEP_PROBE_PROBES_H
#define SEEP_PROBE_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/features.h"
#include "kernel/kernel.h"
#include "probe/files.h"

/* Descriptors that keep probes alive. */
struct seep_links {
	size_t count;
	int *fds;
};

struct seep_probes {
	pid_t pid;			/* 0: all processes */
	pid_t thread;			/* a living one if the leader of pid has ended; else 0 */
	uint32_t slot;			/* of the process; SEEP_SLOT_ANY for all */
	size_t num_functions;		/* probed */
	size_t num_files;		/* with probes */
	struct seep_links links;	/* of all but those of memory */
	struct seep_links memory_links; /* of the functions of allocators */
	bool memory_closed;		/* between two windows: these have no probes */
	size_t states_size;
	unsigned char *states; /* of files, by index: see probes.c */
};

/*
 * Puts probes on the traced functions of @file, once. Number of functions that were added; -ESRCH;
 * -ENOMEM; another -errno: these functions stay without probes.
 */
int seep_probes_add(struct seep_probes *probes, struct seep_kernel *kernel,
		    enum seep_attach_variant variant, const struct seep_file *file);

/* Are all probes of @file placed? */
bool seep_probes_has(const struct seep_probes *probes, const struct seep_file *file);

/*
 * Where probes of @file are at present: offsets in it, at most as many as seep_probes_places_max.
 * How many.
 */
size_t seep_probes_places(const struct seep_probes *probes, const struct seep_file *file,
			  uint64_t *ret_offsets);
size_t seep_probes_places_max(const struct seep_file *file);

/*
 * Takes the probes of allocators away, for the caller to close and to free as below, and leaves
 * them out from here on: of files that are added, too. How many descriptors.
 */
size_t seep_probes_close_memory(struct seep_probes *probes, int **ret_links);
/*
 * Places them again in those of @files that have probes. 0; -ESRCH; -ENOMEM; another -errno: some
 * are missing.
 */
int seep_probes_open_memory(struct seep_probes *probes, struct seep_kernel *kernel,
			    enum seep_attach_variant variant, const struct seep_file *const *files,
			    size_t num_files);

/* How many descriptors there are. */
size_t seep_probes_num_links(const struct seep_probes *probes);

/*
 * The thread that the probes are bound to has ended; from here on it is @thread. @files are those
 * with probes. 0 or -errno: some functions have no probes any more.
 */
int seep_probes_rebind(struct seep_probes *probes, struct seep_kernel *kernel,
		       enum seep_attach_variant variant, const struct seep_file *const *files,
		       size_t num_files, pid_t thread);

/*
 * Takes the descriptors out, for the caller to close (base/close.h), which removes the probes, and
 * to free. How many. The other numbers stay.
 */
size_t seep_probes_take_links(struct seep_probes *probes, int **ret_links);
/* Lets go of everything; the probes are removed in the background. */
void seep_probes_done(struct seep_probes *probes);

#endif
