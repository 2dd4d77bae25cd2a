/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The traced functions of a file: where they are, where their probes go, and how their returns are
 * seen. Each file is searched once, when it is met first.
 */
#ifndef SEEP_PROBE_FILE_FUNCTIONS_H
#define SEEP_PROBE_FILE_FUNCTIONS_H

#include <stdbool.h>

#include "model/allocators.h"
#include "probe/files.h"
#include "probe/registry.h"
#include "symbol/symbolizer.h"

struct seep_file_search {
	struct seep_registry *registry;
	struct seep_symbolizer *symbolizer;
	const struct seep_allocators *allocators;
	bool unplaced; /* see struct seep_files_config */
};

/*
 * Fills functions, exits and rendezvous of @file, which is open, and registers their probes. What
 * cannot be traced is said. 0, also for a file that is no ELF file; -ENOMEM, -ENOSPC (too many
 * probes) or another -errno.
 */
int seep_file_find_functions(const struct seep_file_search *how, struct seep_file *file);

#endif
