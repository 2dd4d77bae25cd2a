/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One program or library: its functions and source lines, whatever number of paths and processes it
 * has. Opening reads the headers only; the tables are loaded when the first address is looked up.
 */
#ifndef SEEP_SYMBOL_MODULE_H
#define SEEP_SYMBOL_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proc/trust.h"
#include "symbol/lines.h"

/* What the frame of a signal trampoline is called: the code that it is has no caller. */
#define SEEP_SIGNAL_HANDLER_NAME "<signal handler>"

struct seep_module;

/* Opens the file behind @fd, which is duplicated. 0 or -errno as seep_image_open. */
int seep_module_open(int fd, struct seep_module **ret_module);
void seep_module_close(struct seep_module *module);

/* The build ID in hex, NULL if there is none. */
const char *seep_module_build_id(const struct seep_module *module);

/*
 * Loads the tables, once; what cannot be had is missing afterwards. Separate debug files are looked
 * for as for a file called @path below @root.
 */
void seep_module_load(struct seep_module *module, const char *path, const struct seep_root *root);

/*
 * The functions at @offset of the file, as seep_lines_find; the name of the last one is that of the
 * symbol table, if it has one. At least one scope, without a name if nothing is known.
 */
size_t seep_module_find(struct seep_module *module, uint64_t offset,
			struct seep_source_scope scopes[SEEP_SOURCE_SCOPES_MAX]);

/* Has it a function with this name? False as long as the tables are not loaded. */
bool seep_module_has(const struct seep_module *module, const char *name);

#endif
