/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happened in a trace since one of its snapshots, in the form of a snapshot, so that all
 * reports can show it.
 *
 * - Counters (objects and bytes made and released, lifetimes, losses, ends of stacks, events) count
 *   from that moment on.
 * - Live is by how much more is alive than then. Of a site of which less is alive it is 0; the
 *   change of each site has the exact number with its sign. Sums are sums of these.
 * - The oldest object is only known if it was made since.
 * - Details are not known: they are of all that is alive.
 * - Sites at which nothing happened are left out.
 * - All else is of the later moment, judgements too: they take the whole series into account.
 */
#ifndef SEEP_MODEL_SINCE_H
#define SEEP_MODEL_SINCE_H

#include "model/snapshot.h"

struct seep_since;

/*
 * @then and @now are of one trace, @then is earlier. What @now points to must outlive *ret_since. 0
 * or -ENOMEM.
 */
int seep_since_new(const struct seep_snapshot *now, const struct seep_snapshot *then,
		   struct seep_since **ret_since);
void seep_since_free(struct seep_since *since);
const struct seep_snapshot *seep_since_snapshot(const struct seep_since *since);

#endif
