/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The roles of the sites of a trace (role.h), each found once. Names are only asked for where they
 * can matter: of mappings, and of memory whose stack passes through a file of a runtime.
 */
#ifndef SEEP_RUNTIME_ROLES_H
#define SEEP_RUNTIME_ROLES_H

#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_runtime_roles;

/* @symbolizer must outlive it. 0 or -ENOMEM. */
int seep_runtime_roles_new(struct seep_symbolizer *symbolizer,
			   struct seep_runtime_roles **ret_roles);
void seep_runtime_roles_free(struct seep_runtime_roles *roles);

/*
 * Fills in role and runtime of a site; one that is small so far gets none yet. 0 or -ENOMEM.
 */
int seep_runtime_roles_fill(struct seep_runtime_roles *roles, struct seep_site *site);

#endif
