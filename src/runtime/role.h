/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a site is to a runtime, by the names in its stack: a part of a heap that the runtime manages
 * by itself, memory that its collector will release, or nothing. A pure table.
 */
#ifndef SEEP_RUNTIME_ROLE_H
#define SEEP_RUNTIME_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/runtimes.h"
#include "seep/abi.h"

/*
 * So many of the innermost frames are looked at: a runtime grows its heap a few calls below the
 * allocation that needs more.
 */
#define SEEP_ROLE_FRAMES 16

struct seep_runtime_role {
	enum seep_site_role role;
	enum seep_runtime runtime;
};

/* One function of a stack. */
struct seep_runtime_name {
	const char *module;   /* path of its file; NULL: code of no file */
	const char *function; /* demangled; NULL: unknown */
};

/* Might a function in this file decide the role of a site of this kind? Else nobody needs names. */
bool seep_runtime_role_may_depend_on(enum seep_kind kind, const char *module);

/*
 * The role of a site whose innermost functions are @names, inlined ones too, innermost first, and
 * whose objects have @bytes_each; 0: not all the same size.
 */
struct seep_runtime_role seep_runtime_role_find(enum seep_kind kind, uint64_t bytes_each,
						const struct seep_runtime_name *names,
						size_t count);

/* That of a site whose code of no file calls @function: a function that Java calls natively? */
struct seep_runtime_role seep_runtime_role_of_native(const char *function);

#endif
