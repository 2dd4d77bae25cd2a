/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What processes really have of the objects that the kernel keeps for them: threads, descriptors
 * and mappings. They are counted when a process is first met, because they were there before, and
 * at every report, so that creations and releases that were not seen are found: the numbers of a
 * report are those of /proc. What the objects of a site are is noted on the way, for the report.
 *
 * The counting runs in the kernel, over its own tables (BPF iterators); no process is stopped. One
 * thread.
 */
#ifndef SEEP_INVENTORY_INVENTORY_H
#define SEEP_INVENTORY_INVENTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/kernel.h"
#include "model/snapshot.h"
#include "symbol/symbolizer.h"

struct seep_inventory;

/*
 * For @kinds, SEEP_KIND_BIT of each; those that the kernel does not keep are passed over.
 * @symbolizer names functions in the notes. 0 or -ENOMEM.
 */
int seep_inventory_new(struct seep_kernel *kernel, struct seep_symbolizer *symbolizer,
		       uint32_t kinds, struct seep_inventory **ret_inventory);
void seep_inventory_free(struct seep_inventory *inventory);

/* Forgets what was noted for the last report. */
void seep_inventory_begin(struct seep_inventory *inventory);

/*
 * Counts what @pid, with the process id @process, has. @first: what is not known yet is from before
 * the trace, and nothing is noted. What cannot be counted is said with -v, unless the process has
 * ended.
 */
void seep_inventory_take(struct seep_inventory *inventory, pid_t pid, uint32_t process, bool first);

/*
 * What was noted of the site since seep_inventory_begin; valid until the next one. NULL: nothing.
 */
const struct seep_details *seep_inventory_details(const struct seep_inventory *inventory,
						  const struct seep_site_key *site);

#endif
