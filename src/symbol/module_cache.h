/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modules that are open, each once however many paths and processes map it: by build ID and who
 * may write the file, or without a build ID by device and inode. A build ID is what a file says of
 * itself: it must not name the functions of other people's files.
 */
#ifndef SEEP_SYMBOL_MODULE_CACHE_H
#define SEEP_SYMBOL_MODULE_CACHE_H

#include <stdint.h>

#include "symbol/arena.h"
#include "symbol/module.h"

struct seep_module_entry;

/* Starts zeroed. */
struct seep_module_cache {
	struct seep_module_entry *entries;
};

/* Stays where it is until the cache is done. */
struct seep_cached_module {
	struct seep_module *module;
	uint32_t first_file; /* the first file id of a mapping with this module, 0: none yet */
};

/* Closes all modules. */
void seep_module_cache_done(struct seep_module_cache *cache);

/*
 * Finds @module, of the file behind @fd, in the cache, or puts it there; closes it if it is there
 * already. Entries are in @arena. NULL, and the module closed, when memory is out.
 */
struct seep_cached_module *seep_module_cache_add(struct seep_module_cache *cache,
						 struct seep_arena *arena,
						 struct seep_module *module, int fd);

#endif
