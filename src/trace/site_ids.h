/* SPDX-License-Identifier: GPL-2.0-only */
/* Ids of sites: the same path through the same builds has the same id in another run. */
#ifndef SEEP_TRACE_SITE_IDS_H
#define SEEP_TRACE_SITE_IDS_H

#include <stddef.h>

#include "model/snapshot.h"
#include "stack/stacks.h"

/* Gives each of @count sites its id; their stacks have arrived, as far as they do. */
void seep_site_ids_set(struct seep_site *sites, size_t count, struct seep_stacks *stacks);

/*
 * Code made at run time has no address that means anything in another run, so stacks that differ in
 * such addresses only have the same id. The first of a process keeps it, the others are told apart
 * by them. 0 or -ENOMEM.
 */
int seep_site_ids_separate(struct seep_site *sites, size_t count);

#endif
