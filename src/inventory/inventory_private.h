/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the inventory: inventory.c has the table of notes, the file of each kind fills it.
 */
#ifndef SEEP_INVENTORY_INVENTORY_PRIVATE_H
#define SEEP_INVENTORY_INVENTORY_PRIVATE_H

#include "inventory/inventory.h"
#include "inventory/objects.h"

struct seep_inventory {
	struct seep_kernel *kernel;
	struct seep_symbolizer *symbolizer;
	uint32_t kinds;
	struct notes *notes;				   /* by site */
	struct seep_object_list *objects[SEEP_KIND_COUNT]; /* NULL: not read for this report */
};

/*
 * Notes an object of a site: the @group that it belongs to, a short name of static storage
 * ("socket"), and an example, what it is in words ("descriptor 7: TCP 10.0.0.1:80 to
 * 10.0.0.2:5012"); NULL if nothing is known. Only some examples of a site are kept: see
 * seep_inventory_wants_example. Raw text of the target.
 */
void seep_inventory_note(struct seep_inventory *inventory, const struct seep_site_key *site,
			 const char *group, uint64_t bytes, const char *example);
/* Is one more example of this site kept? Else there is no need to make one. */
bool seep_inventory_wants_example(const struct seep_inventory *inventory,
				  const struct seep_site_key *site);

/*
 * The live objects of @kind, read in @order if that was not done for this report. Owned by the
 * inventory, valid until the next seep_inventory_begin or seep_inventory_forget. 0 or -errno.
 */
int seep_inventory_objects(struct seep_inventory *inventory, enum seep_kind kind,
			   int (*order)(const void *left, const void *right),
			   const struct seep_object_list **ret_list);
void seep_inventory_forget(struct seep_inventory *inventory, enum seep_kind kind);

/*
 * Counts what a process has, for each kind that the kernel keeps: seep_inventory_take_PLURAL, in
 * the kind's own file. See seep_inventory_take. 0 or -errno.
 */
typedef int seep_inventory_take_fn(struct seep_inventory *inventory, pid_t pid, uint32_t process,
				   bool first);
#define SEEP_INVENTORY_PROCESS(plural)
#define SEEP_INVENTORY_RUNTIME(plural)
#define SEEP_INVENTORY_KERNEL(plural) seep_inventory_take_fn seep_inventory_take_##plural;
#define SEEP_INVENTORY_TAKE(name, key, plural, noun, measure, source, keeper)                      \
	SEEP_INVENTORY_##keeper(plural)
SEEP_KINDS(SEEP_INVENTORY_TAKE)
#undef SEEP_INVENTORY_PROCESS
#undef SEEP_INVENTORY_RUNTIME
#undef SEEP_INVENTORY_KERNEL
#undef SEEP_INVENTORY_TAKE

#endif
